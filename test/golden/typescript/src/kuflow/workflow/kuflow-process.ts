import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  log,
  setHandler,
} from '@temporalio/workflow';
import type { ProcessItemSignal, ProcessItemTaskState, Uuid, WorkflowRequest } from '../model.ts';
import { briefActivities, kuflowActivities, workerActivities } from './kuflow-activities.ts';
import type { HumanTask, Message, SystemTask, Thread } from './task.ts';
import { uuid7 } from './uuid.ts';

const processItemSignal = defineSignal<[ProcessItemSignal]>('KuFlow_Engine_Signal_Process_Item');

const HOUR = 60 * 60 * 1000;
const LONGEST_REREAD = 12 * HOUR;

/** A task that was cancelled in KuFlow's app. Uncaught, it fails the workflow. */
export class TaskCancelled extends ApplicationFailure {
  readonly code: string;
  readonly processItemId: Uuid;

  constructor(code: string, processItemId: Uuid) {
    super(`The task ${code} was cancelled`, 'TaskCancelled', true, [{ code, processItemId }]);
    this.code = code;
    this.processItemId = processItemId;
  }
}

export interface ProcessOptions {
  /**
   * How long a human task waits for its signal before KuFlow is asked for the task's state, in milliseconds. Doubled
   * each time, up to 12 hours. One hour by default; tests shorten it.
   */
  readonly rereadAfter?: number;
}

interface Owner {
  readonly ownerId?: Uuid;
  readonly ownerEmail?: string;
}

export interface KuFlowProcess<Metadata> {
  /** Creates the task, waits until a person has completed it, and returns its data. Throws `TaskCancelled`. */
  humanTask<Data, Context>(
    task: HumanTask<Data, Context>,
    options?: Owner & { readonly data?: Partial<Data>; readonly contextData?: Context },
  ): Promise<Data>;
  /** Creates the task as the application's own, runs `work`, writes the data that it returns, and completes the task. */
  systemTask<Data, Context>(
    task: SystemTask<Data, Context>,
    work: (processItemId: Uuid) => Promise<Data>,
    options?: { readonly contextData?: Context },
  ): Promise<Data>;
  /** Writes a message; waits for nobody. Data needs the code of its data structure, which is the task's code by default. */
  message<Data>(
    message: Message<Data>,
    content: Owner & { readonly text?: string; readonly data?: Data; readonly dataStructureCode?: string },
  ): Promise<Uuid>;
  /** Opens a thread; waits for nobody. */
  thread(thread: Thread, options?: Owner): Promise<Uuid>;
  /** Reads the metadata of the process. */
  readMetadata(): Promise<Metadata>;
  /** Sets single fields of the metadata of the process. */
  writeMetadata(fields: Partial<Metadata>): Promise<void>;
}

/**
 * What a workflow does with its process. Call it before the first `await`: from then on no signal is missed, and the
 * ids of tasks that complete early are kept.
 */
export function openProcess<Metadata = Record<string, unknown>>(
  { processId }: WorkflowRequest,
  options: ProcessOptions = {},
): KuFlowProcess<Metadata> {
  const completed = new Set<Uuid>();
  setHandler(processItemSignal, ({ id }) => {
    completed.add(id);
  });
  let application: Promise<{ applicationId: Uuid }> | undefined;

  const stateOf = async (processItemId: Uuid) => {
    const { processItem } = await kuflowActivities.KuFlow_Engine_retrieveProcessItem({ processItemId });
    return { state: processItem.task?.state, value: processItem.task?.data?.value };
  };

  const waitForPerson = async (code: string, processItemId: Uuid): Promise<unknown> => {
    let wait = options.rereadAfter ?? HOUR;
    for (;;) {
      const signalled = await condition(() => completed.has(processItemId), wait);
      const { state, value } = await stateOf(processItemId);
      if (isOver(state, code, processItemId)) return value ?? {};
      // A signal ahead of the state that KuFlow shows: ask again soon. No signal: ask again later.
      if (signalled) {
        completed.delete(processItemId);
        wait = Math.min(wait, 5_000);
      } else {
        wait = Math.min(wait * 2, Math.max(LONGEST_REREAD, options.rereadAfter ?? 0));
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
        ...taskParts(data, contextData),
      });
      log.info('Waiting for a person', { code: task.code, processItemId: id });
      return (await waitForPerson(task.code, id)) as never;
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
        ...taskParts(undefined, contextData),
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
        await CancellationScope.nonCancellable(() => tellWhy(id, error));
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

function isOver(state: ProcessItemTaskState | undefined, code: string, processItemId: Uuid): boolean {
  if (state === 'CANCELLED') throw new TaskCancelled(code, processItemId);
  return state === 'COMPLETED';
}

function taskParts(data: unknown, contextData: unknown) {
  if (data === undefined && contextData === undefined) return {};
  return {
    task: {
      ...(data === undefined ? {} : { data: { value: data as object } }),
      ...(contextData === undefined ? {} : { contextData: { value: contextData as object } }),
    },
  };
}

/** Clean-up of a system task that is given up: its log in KuFlow's app says why. Nothing depends on it. */
async function tellWhy(processItemId: Uuid, error: unknown): Promise<void> {
  try {
    await briefActivities.KuFlow_Engine_appendProcessItemTaskLog({
      processItemId,
      level: isCancellation(error) ? 'WARN' : 'ERROR',
      message: isCancellation(error) ? 'The process was cancelled' : 'The task failed in the worker; see its log',
    });
  } catch (failure) {
    log.warn('The log of the task could not be written', { processItemId, error: failure });
  }
}
