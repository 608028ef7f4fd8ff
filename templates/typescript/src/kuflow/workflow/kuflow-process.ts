import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  log,
  setDefaultSignalHandler,
  setHandler,
} from '@temporalio/workflow';
import type { ProcessItemSignal, ProcessItemTaskState, ProcessItemType, Uuid, WorkflowRequest } from '../model.ts';
import { briefActivities, kuflowActivities, workerActivities } from './kuflow-activities.ts';
import type { HumanTask, Message, SystemTask, Thread } from './task.ts';
import { uuid7 } from './uuid.ts';

const processItemSignal = defineSignal<[Partial<ProcessItemSignal>?]>('KuFlow_Engine_Signal_Process_Item');
const ITEM_TYPES: readonly unknown[] = ['TASK', 'MESSAGE', 'THREAD'] satisfies ProcessItemType[];

const HOUR = 60 * 60 * 1000;
const MAX_REREAD_INTERVAL = 12 * HOUR;

/** Thrown when a task is canceled in the KuFlow app. Fails the workflow unless it is caught. */
export class TaskCancelled extends ApplicationFailure {
  readonly code: string;
  readonly processItemId: Uuid;

  constructor(code: string, processItemId: Uuid) {
    super(`The task ${code} was canceled`, 'TaskCancelled', true, [{ code, processItemId }]);
    this.code = code;
    this.processItemId = processItemId;
  }
}

export interface ProcessOptions {
  /**
   * How long a human task waits for its signal before its state is read from KuFlow, in milliseconds. Doubles each time,
   * up to 12 hours. Default: one hour.
   */
  readonly rereadAfter?: number;
}

interface Owner {
  readonly ownerId?: Uuid;
  readonly ownerEmail?: string;
}

export interface KuFlowProcess<Metadata> {
  /** Creates the task, waits until a person completes it, and returns its data. Throws `TaskCancelled` if it is canceled. */
  humanTask<Data, Context>(
    task: HumanTask<Data, Context>,
    options?: Owner & { readonly data?: Partial<Data>; readonly contextData?: Context },
  ): Promise<Data>;
  /** Creates the task with the application as its owner, runs `work`, saves the data it returns, and completes the task. */
  systemTask<Data, Context>(
    task: SystemTask<Data, Context>,
    work: (processItemId: Uuid) => Promise<Data>,
    options?: { readonly contextData?: Context },
  ): Promise<Data>;
  /** Posts a message and does not wait. `data` requires a data structure code, which defaults to the code of the message. */
  message<Data>(
    message: Message<Data>,
    content: Owner & { readonly text?: string; readonly data?: Data; readonly dataStructureCode?: string },
  ): Promise<Uuid>;
  /** Opens a thread and does not wait. */
  thread(thread: Thread, options?: Owner): Promise<Uuid>;
  /**
   * Handles a signal, such as that of a user action (`UserActionSignal`). Call it before the first `await`: signals that
   * arrive earlier are ignored.
   */
  onSignal<Payload>(name: string, handler: (payload: Payload) => void | Promise<void>): void;
  /** Reads the metadata of the process. */
  readMetadata(): Promise<Metadata>;
  /** Sets fields of the metadata of the process and keeps the others. */
  writeMetadata(fields: Partial<Metadata>): Promise<void>;
}

/**
 * Gives a workflow access to its process. Call it before the first `await`, so that the workflow receives every signal,
 * including those of tasks that complete early.
 */
export function openProcess<Metadata = Record<string, unknown>>(
  { processId }: WorkflowRequest,
  options: ProcessOptions = {},
): KuFlowProcess<Metadata> {
  const completed = new Set<Uuid>();
  const ignored = new Set<string>();
  const ignoreSignal = (signal: string, type = ''): void => {
    const isNew = !ignored.has(`${signal} ${type}`);
    ignored.add(`${signal} ${type}`);
    if (isNew) log.warn('Ignored a signal that this workflow does not handle', { signal, type });
  };
  setHandler(processItemSignal, (signal = {}) => {
    if (signal.id !== undefined) completed.add(signal.id);
    if (!ITEM_TYPES.includes(signal.type)) ignoreSignal(processItemSignal.name, String(signal.type));
  });
  setDefaultSignalHandler((name) => ignoreSignal(name));
  let application: Promise<{ applicationId: Uuid }> | undefined;

  const readTask = async (processItemId: Uuid) => {
    const { processItem } = await kuflowActivities.KuFlow_Engine_retrieveProcessItem({ processItemId });
    return { state: processItem.task?.state, value: processItem.task?.data?.value };
  };

  const waitForCompletion = async (code: string, processItemId: Uuid): Promise<unknown> => {
    let wait = options.rereadAfter ?? HOUR;
    for (;;) {
      const signaled = await condition(() => completed.has(processItemId), wait);
      const { state, value } = await readTask(processItemId);
      if (isCompleted(state, code, processItemId)) return value ?? {};
      // A signal may arrive before KuFlow shows the new state: read again soon. Without a signal, read again later.
      if (signaled) {
        completed.delete(processItemId);
        wait = Math.min(wait, 5_000);
      } else {
        wait = Math.min(wait * 2, Math.max(MAX_REREAD_INTERVAL, options.rereadAfter ?? 0));
      }
    }
  };

  return {
    humanTask: async (task, { data, contextData, ...owner } = {}) => {
      const id = uuid7();
      await kuflowActivities.KuFlow_Engine_createProcessItem({
        id,
        type: 'TASK',
        processId,
        processItemDefinitionCode: task.code,
        ...owner,
        ...taskPayload(data, contextData),
      });
      log.info('Waiting for a person', { code: task.code, processItemId: id });
      return (await waitForCompletion(task.code, id)) as never;
    },

    systemTask: async (task, work, { contextData } = {}) => {
      const id = uuid7();
      application ??= workerActivities.KuFlow_Worker_retrieveApplication();
      const { applicationId } = await application;
      await kuflowActivities.KuFlow_Engine_createProcessItem({
        id,
        type: 'TASK',
        processId,
        ownerId: applicationId,
        processItemDefinitionCode: task.code,
        ...taskPayload(undefined, contextData),
      });
      try {
        const data = await work(id);
        await kuflowActivities.KuFlow_Engine_updateProcessItemTaskData({
          processItemId: id,
          data: { value: (data ?? {}) as object },
        });
        await kuflowActivities.KuFlow_Engine_completeProcessItemTask({ processItemId: id });
        return data;
      } catch (error) {
        await CancellationScope.nonCancellable(() => logFailureToTask(id, error));
        throw error;
      }
    },

    message: async (task, { text, data, dataStructureCode, ...owner }) => {
      const id = uuid7();
      await kuflowActivities.KuFlow_Engine_createProcessItem({
        id,
        type: 'MESSAGE',
        processId,
        processItemDefinitionCode: task.code,
        ...owner,
        message: {
          ...(text === undefined ? {} : { text }),
          ...(data === undefined
            ? {}
            : { data: { value: data as object }, dataStructureDataDefinitionCode: dataStructureCode ?? task.code }),
        },
      });
      return id;
    },

    thread: async (task, owner = {}) => {
      const id = uuid7();
      await kuflowActivities.KuFlow_Engine_createProcessItem({
        id,
        type: 'THREAD',
        processId,
        processItemDefinitionCode: task.code,
        ...owner,
      });
      return id;
    },

    onSignal: (name, handler) => setHandler(defineSignal<[never]>(name), handler),

    readMetadata: async () => {
      const { process } = await kuflowActivities.KuFlow_Engine_retrieveProcess({ processId });
      return (process.metadata?.value ?? {}) as Metadata;
    },

    writeMetadata: async (fields) => {
      const jsonPatch = Object.entries(fields as object).map(([field, value]) => ({
        op: 'add' as const,
        path: `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`,
        value,
      }));
      if (jsonPatch.length > 0) await kuflowActivities.KuFlow_Engine_patchProcessMetadata({ processId, jsonPatch });
    },
  };
}

function isCompleted(state: ProcessItemTaskState | undefined, code: string, processItemId: Uuid): boolean {
  if (state === 'CANCELLED') throw new TaskCancelled(code, processItemId);
  return state === 'COMPLETED';
}

function taskPayload(data: unknown, contextData: unknown) {
  if (data === undefined && contextData === undefined) return {};
  return {
    task: {
      ...(data === undefined ? {} : { data: { value: data as object } }),
      ...(contextData === undefined ? {} : { contextData: { value: contextData as object } }),
    },
  };
}

/** Adds the reason to the task's log in the KuFlow app. Best effort: the failure of the task matters more. */
async function logFailureToTask(processItemId: Uuid, error: unknown): Promise<void> {
  try {
    await briefActivities.KuFlow_Engine_appendProcessItemTaskLog({
      processItemId,
      level: isCancellation(error) ? 'WARN' : 'ERROR',
      message: isCancellation(error)
        ? 'The process was canceled'
        : 'The task failed in the worker. See the log of the worker.',
    });
  } catch (failure) {
    log.warn('Could not write to the log of the task', { processItemId, error: failure });
  }
}
