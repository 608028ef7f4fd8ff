import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  log,
  patched,
  setDefaultSignalHandler,
  setHandler,
  sleep,
  Trigger,
  uuid4,
} from '@temporalio/workflow';
import { msToNumber, type Duration } from '@temporalio/common/lib/time.js';
import type { ProcessItemSignal, ProcessItemType, UserActionSignal, Uuid, WorkflowRequest } from '../model.ts';
import { runForItem } from './item-context.ts';
import { briefActivities, kuflowActivities, workerActivities, localWorkerActivities } from './kuflow-activities.ts';
import type { HumanTask, Message, SignalAction, SystemTask, Thread } from './task.ts';

const processItemSignal = defineSignal<[Partial<ProcessItemSignal>?]>('KuFlow_Engine_Signal_Process_Item');
const ITEM_TYPES: readonly unknown[] = ['TASK', 'MESSAGE', 'THREAD'] satisfies ProcessItemType[];

/** Marks histories in which a task is canceled whose scope was canceled in the workflow task that received its creation. */
const CANCELED_AT_CREATION = 'kuflow-canceled-at-creation';

/** Marks histories in which `onDeadline` was canceled because its task was completed. */
const DEADLINE_ENDED = 'kuflow-deadline-ended';

const HOUR = 60 * 60 * 1000;
const MAX_REREAD_INTERVAL = 12 * HOUR;

/** Thrown when a task is canceled in KuFlow. If you do not catch it, the workflow fails. */
export class TaskCancelled extends ApplicationFailure {
  readonly code: string;
  readonly processItemId: Uuid;

  constructor(code: string, processItemId: Uuid) {
    super(`The task ${code} was canceled`, 'TaskCancelled', true, [{ code, processItemId }]);
    this.code = code;
    this.processItemId = processItemId;
  }
}

/** Options for `openProcess`. */
export interface ProcessOptions {
  /**
   * How long, in milliseconds, the workflow waits for a human task's completion signal (`KuFlow_Engine_Signal_Process_Item`) before it
   * reads the task's state from KuFlow. The wait doubles after each read, up to 12 hours. Default: one hour.
   */
  readonly rereadAfter?: number;
}

/** The owner (a user or an application), by ID or email address. */
export type Owner = { readonly ownerId: Uuid } | { readonly ownerEmail: string };
/** The user or application to which an item is assigned when it is created. */
type OptionalOwner = Partial<Record<'ownerId' | 'ownerEmail', string>>;

/** Options for a human task. */
interface TaskOptions<Data, Context> extends OptionalOwner {
  /** The data that the task form shows initially. */
  readonly data?: Partial<Data>;
  /** Data that the task form can show. */
  readonly contextData?: Context;
}

/** A task that has been created and might still be open. */
export interface TaskHandle<Data> {
  readonly id: Uuid;
  /** Resolves with the task's data once a person has completed the task. Rejects with `TaskCancelled` if the task is canceled. */
  readonly done: Promise<Data>;
  /** Cancels the task, unless it is completed first. */
  cancel(): Promise<void>;
  /** Assigns the task, unless it is completed or canceled first. */
  assign(owner: Owner): Promise<void>;
  /** Adds a line to the task log in KuFlow. */
  log(text: string, level?: 'INFO' | 'WARN' | 'ERROR'): Promise<void>;
}

/** A system task that has been created and that the worker completes itself. */
export interface SystemTaskHandle<Data> extends Omit<TaskHandle<Data>, 'done' | 'assign'> {
  /**
   * Runs `work`, saves the data that it returns, and completes the task. `work` can call several activities. If the data does not match the
   * schema, the workflow fails, because the activities have already completed and Temporal does not retry them.
   */
  complete(work: () => Promise<Data>): Promise<Data>;
}

/**
 * `onDeadline` is called once, at the deadline, if the task is still open. The task stays open, unless `onDeadline` cancels it. If the task
 * is completed while `onDeadline` is running, `onDeadline` is canceled.
 */
export type Deadline<Data> =
  | { readonly deadline?: undefined; readonly onDeadline?: undefined }
  | {
      /** A time, or a duration such as `3 days` that starts when the task is created. */
      readonly deadline: Date | Duration;
      readonly onDeadline: (task: TaskHandle<Data>) => Promise<void>;
    };

/** Gives a workflow access to its process. */
export interface KuFlowProcess<Metadata> {
  /**
   * Creates the task, waits until a person completes it, and returns its data. Throws `TaskCancelled` if the task is canceled. If the
   * whole process is canceled, throws an error that Temporal's `isCancellation` recognizes.
   */
  humanTask<Data, Context>(
    task: HumanTask<Data, Context>,
    options?: TaskOptions<Data, Context> & Deadline<Data>,
  ): Promise<Data>;
  /** Creates the task without waiting for its completion. */
  openTask<Data, Context>(task: HumanTask<Data, Context>, options?: TaskOptions<Data, Context>): Promise<TaskHandle<Data>>;
  openTask<Data, Context>(
    task: SystemTask<Data, Context>,
    options?: { readonly contextData?: Context },
  ): Promise<SystemTaskHandle<Data>>;
  /**
   * Creates the task with the application as its owner, runs the activity, saves the data that it returns, and completes the
   * task. If the data does not match the schema, the activity fails and is retried until you fix its code.
   */
  systemTask<Data, Context, Input>(
    task: SystemTask<Data, Context>,
    activity: (input: Input) => Promise<Data>,
    input: Input,
    options?: { readonly contextData?: Context },
  ): Promise<Data>;
  /** Posts a message without waiting for anyone to read it. If you pass `data`, `dataStructureCode` defaults to the message's code. */
  message<Data>(
    message: Message<Data>,
    content: OptionalOwner & { readonly text?: string; readonly data?: Data; readonly dataStructureCode?: string },
  ): Promise<Uuid>;
  /** Opens a thread without waiting for anyone to post in it. */
  thread(thread: Thread, owner?: OptionalOwner): Promise<Uuid>;
  /**
   * Registers a handler for a user action. Call this method before the workflow's first `await`, because signals that arrive before the
   * handler is registered are ignored. For an action without input, `input` is `undefined`.
   */
  onAction<Input>(
    action: SignalAction<Input>,
    handler: (input: Input, signal: UserActionSignal) => void | Promise<void>,
  ): void;
  /**
   * Registers a handler for a signal that does not come from a user action. As with `onAction`, call this method before the workflow's
   * first `await`.
   */
  onSignal<Payload>(name: string, handler: (payload: Payload) => void | Promise<void>): void;
  /** Reads the process metadata. */
  readMetadata(): Promise<Metadata>;
  /** Sets the given fields of the process metadata and leaves the others unchanged. */
  writeMetadata(fields: Partial<Metadata>): Promise<void>;
}

/**
 * Gives a workflow access to its process. Call this function before the first `await` so that the workflow receives every signal, even for
 * a task that is completed before the workflow waits for it.
 */
export function openProcess<Metadata = Record<string, unknown>>(
  { processId }: WorkflowRequest,
  { rereadAfter = HOUR }: ProcessOptions = {},
): KuFlowProcess<Metadata> {
  const processScope = CancellationScope.current();
  /** Items whose state in KuFlow has changed, or will soon. */
  const changed = new Set<Uuid>();
  const ignored = new Set<string>();
  const ignoreSignal = (signal: string, type = ''): void => {
    const isNew = !ignored.has(`${signal} ${type}`);
    ignored.add(`${signal} ${type}`);
    if (isNew) log.warn('Ignored a signal that this workflow does not handle', { signal, type });
  };
  setHandler(processItemSignal, (signal = {}) => {
    if (signal.id !== undefined) changed.add(signal.id);
    if (!ITEM_TYPES.includes(signal.type)) ignoreSignal(processItemSignal.name, String(signal.type));
  });
  // After the workflow code up to its first `await`: signals that have already arrived must find the handlers that it sets.
  void Promise.resolve().then(() => setDefaultSignalHandler((name) => ignoreSignal(name)));
  /** By the name of the signal and the code of the action: actions may share a signal. */
  const actionHandlers = new Map<string, Map<string, (input: never, signal: UserActionSignal) => void | Promise<void>>>();
  let application: Promise<{ applicationId: Uuid }> | undefined;

  const createItem = async (
    type: ProcessItemType,
    { code }: { readonly code: string },
    fields: Omit<Parameters<typeof kuflowActivities.KuFlow_Engine_createProcessItem>[0], 'id' | 'type' | 'processId'>,
  ): Promise<Uuid> => {
    const id = uuid7();
    const item = { id, type, processId, processItemDefinitionCode: code, ...fields };
    await cancelingWithScope(id, () => kuflowActivities.KuFlow_Engine_createProcessItem(item));
    return id;
  };

  const waitUntilCompleted = async (code: string, processItemId: Uuid): Promise<unknown> => {
    let wait = rereadAfter;
    for (;;) {
      const isChanged = await condition(() => changed.has(processItemId), Math.round(wait * spreadOf(processItemId)));
      changed.delete(processItemId);
      const { processItem } = await kuflowActivities.KuFlow_Engine_retrieveProcessItem({ processItemId });
      const { state, data } = processItem.task ?? {};
      if (state === 'CANCELLED') throw new TaskCancelled(code, processItemId);
      if (state === 'COMPLETED') return data?.value ?? {};
      // A signal may arrive before KuFlow shows the new state: read again soon. Without a signal, read again later.
      wait = isChanged ? Math.min(wait, 5_000) : Math.min(wait * 2, Math.max(MAX_REREAD_INTERVAL, rereadAfter));
    }
  };

  /** Cancels the item in KuFlow if the scope of the work is canceled. When the whole process is canceled, KuFlow does that. */
  const cancelingWithScope = async <Result>(
    processItemId: Uuid,
    work: () => Promise<Result>,
    isCreated = false,
  ): Promise<Result> => {
    const { consideredCancelled: wasCanceled } = CancellationScope.current();
    try {
      return await work();
    } catch (error) {
      // In a scope that was canceled before, nothing is created.
      const hasItem = (): boolean => !wasCanceled || (isCreated && patched(CANCELED_AT_CREATION));
      if (isCancellation(error) && !processScope.consideredCancelled && hasItem())
        await CancellationScope.nonCancellable(() =>
          briefActivities.KuFlow_Engine_cancelProcessItems({ processId, processItemIds: [processItemId] }),
        ).catch((failure: unknown) => log.warn('Could not cancel the item', { processItemId, error: failure }));
      throw error;
    }
  };

  const handleOf = (id: Uuid): Omit<TaskHandle<never>, 'done'> => ({
    id,
    cancel: async () => {
      await kuflowActivities.KuFlow_Engine_cancelProcessItems({ processId, processItemIds: [id] });
      changed.add(id);
    },
    assign: async (owner) => {
      await kuflowActivities.KuFlow_Engine_assignProcessItemTask({ processItemId: id, ...owner });
    },
    log: async (message, level = 'INFO') => {
      await kuflowActivities.KuFlow_Engine_appendProcessItemTaskLog({ processItemId: id, message, level });
    },
  });

  const openHumanTask = async <Data>(
    task: HumanTask<Data>,
    { data, contextData, ...owner }: TaskOptions<Data, unknown>,
  ): Promise<TaskHandle<Data>> => {
    const id = await createItem('TASK', task, { ...owner, ...taskPayload(data, contextData) });
    return runForItem({ processItemId: id, code: task.code }, () => {
      log.info('Waiting for a person', { code: task.code });
      const done = cancelingWithScope(id, () => waitUntilCompleted(task.code, id), true);
      // Also handles a rejection that comes before the workflow code awaits `done`.
      const ended = done.then(
        () => undefined,
        () => undefined,
      );
      // KuFlow refuses to change a completed task, and Temporal would repeat that forever.
      const whileOpen = async (change: () => Promise<void>): Promise<void> => {
        const scope = new CancellationScope();
        await Promise.race([scope.run(change), ended]).finally(() => scope.cancel());
      };
      const { cancel, assign, ...handle } = handleOf(id);
      return {
        ...handle,
        done: done as Promise<Data>,
        cancel: () => whileOpen(cancel),
        assign: (owner) => whileOpen(() => assign(owner)),
      };
    });
  };

  /** An activity that `onDeadline` calls may be retried for long, and must not hide that the task is completed. */
  const callWhileOpen = async <Data>(
    handle: TaskHandle<Data>,
    call: (task: TaskHandle<Data>) => Promise<void> = async () => undefined,
  ): Promise<void> => {
    const scope = new CancellationScope();
    const called = scope.run(() => call(handle));
    // If `onDeadline` itself cancels the task, it may do more afterwards.
    const isCompleted = new Promise<boolean>((resolve) => void handle.done.then(() => resolve(true), () => undefined));
    if (await Promise.race([called.then(() => false), isCompleted])) {
      if (!patched(DEADLINE_ENDED)) return called;
      scope.cancel();
      await called.catch((error: unknown) => {
        if (!isCancellation(error)) throw error;
      });
    }
  };

  const openSystemTask = async <Data>(task: SystemTask<Data>, contextData: unknown) => {
    // All system tasks share the result, so a canceled scope of one of them must not affect it.
    application ??= CancellationScope.nonCancellable(() => localWorkerActivities.KuFlow_Worker_retrieveApplication());
    const { applicationId } = await application;
    const id = await createItem('TASK', task, { ownerId: applicationId, ...taskPayload(undefined, contextData) });
    const isCompleting = new Trigger<void>();
    const { cancelRequested } = CancellationScope.current();
    cancelingWithScope(id, () => Promise.race([isCompleting, cancelRequested]), true).catch(() => undefined);
    return {
      ...handleOf(id),
      complete: (work: () => Promise<Data>, validates = false): Promise<Data> => {
        isCompleting.resolve();
        return completeTask(task, id, work, validates);
      },
    };
  };

  const completeTask = <Data>(
    { code }: SystemTask<Data>,
    processItemId: Uuid,
    work: () => Promise<Data>,
    validates: boolean,
  ): Promise<Data> =>
    cancelingWithScope(processItemId, async () => {
      const data = await runForItem({ processItemId, code, validates }, work);
      await runForItem({ processItemId, code, validates: false }, () =>
        workerActivities.KuFlow_Worker_completeTask({ processItemId, code, data: (data ?? {}) as object }),
      );
      return data;
    });

  return {
    humanTask: async (task, { deadline, onDeadline, ...options } = {}) => {
      const wait = deadline === undefined ? undefined : timeUntil(deadline, task.code);
      const handle = await openHumanTask(task, options);
      if (wait === undefined) return handle.done;
      const timer = new CancellationScope();
      // The creation may have taken hours. That does not move a date.
      const left = deadline instanceof Date ? deadline.getTime() - Date.now() : wait;
      const isDue = timer.run(() => sleep(left)).then(
        () => true,
        // Canceled below, or with the scope of the task: then `done` rejects after the task has been canceled in KuFlow.
        () => false,
      );
      try {
        if (await Promise.race([handle.done.then(() => false), isDue])) await callWhileOpen(handle, onDeadline);
      } finally {
        timer.cancel();
      }
      return handle.done;
    },

    openTask: (async (task: HumanTask | SystemTask, options: TaskOptions<unknown, unknown> = {}) =>
      task.kind === 'system'
        ? openSystemTask(task, options.contextData)
        : openHumanTask(task, options)) as KuFlowProcess<Metadata>['openTask'],

    systemTask: async (task, activity, input, { contextData } = {}) => {
      const { complete } = await openSystemTask(task, contextData);
      return complete(() => activity(input), true);
    },

    message: async (task, { text, data, dataStructureCode = task.code, ...owner }) =>
      createItem('MESSAGE', task, {
        ...owner,
        message: {
          ...(text !== undefined && { text }),
          ...(data !== undefined && {
            data: { value: data as object },
            dataStructureDataDefinitionCode: dataStructureCode,
          }),
        },
      }),

    thread: (task, owner) => createItem('THREAD', task, { ...owner }),

    onAction: ({ code, signal: name }, handler) => {
      const handlers = actionHandlers.get(name) ?? new Map<string, typeof handler>();
      actionHandlers.set(name, handlers.set(code, handler));
      setHandler(defineSignal<[UserActionSignal?]>(name), async (signal) => {
        // A signal that has already arrived comes before the handler of another action with the same signal is set.
        await Promise.resolve();
        const handle = handlers.get(signal?.userActionDefinitionCode ?? '');
        if (signal === undefined || handle === undefined) ignoreSignal(name, signal?.userActionDefinitionCode);
        else await handle(signal.input as never, signal);
      });
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

/** Milliseconds until a deadline. A plain error keeps the process waiting until its code is right; nothing has been created yet. */
function timeUntil(deadline: Date | Duration, code: string): number {
  const milliseconds = deadline instanceof Date ? deadline.getTime() - Date.now() : msToNumber(deadline);
  if (milliseconds > 0) return milliseconds;
  const time = deadline instanceof Date && milliseconds <= 0 ? deadline.toISOString() : String(deadline);
  throw new Error(`The deadline of ${code} is not in the future: ${time}`);
}

function taskPayload(data: unknown, contextData: unknown) {
  if (data === undefined && contextData === undefined) return {};
  return {
    task: {
      ...(data !== undefined && { data: { value: data as object } }),
      ...(contextData !== undefined && { contextData: { value: contextData as object } }),
    },
  };
}

/**
 * A time-ordered id (UUIDv7) from the workflow's time and randomness. It is the same in every replay, so that creating an
 * item is idempotent.
 */
function uuid7(): Uuid {
  // Temporal makes Date.now and uuid4 deterministic in workflow code.
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${uuid4().slice(15)}`;
}

/** A factor of 1 to 1.05: tasks that were created together are not read at the same moment. */
function spreadOf(itemId: Uuid): number {
  return 1 + Number.parseInt(itemId.slice(-4), 16) / 0xffff / 20;
}
