import { randomUUID } from 'node:crypto';
import { isGrpcServiceError, type Connection, type WorkflowService } from '@temporalio/client';
import { msToTs, optionalTsToMs, type Timestamp } from '@temporalio/common/lib/time.js';
import { messageOf } from '../../base/errors.ts';
import { GRPC_STATUS } from '../../engine/rpc.ts';

// Temporal's time skipping is experimental: https://github.com/temporalio/api, message TimeSkippingConfig. Each workflow has its own time, and moves
// ("fast-forwards") by a duration while it is idle: from timer to timer until the end of the duration. Activities keep real time.

/** Why a workflow does not move through skipped time. */
export interface BusyWork {
  /** `no-worker`: nobody polls its task queue. */
  readonly kind: 'no-worker' | 'not-taken' | 'code-fails' | 'workflow-task' | 'activity' | 'timer';
  /** For people: completes "process X is behind: …". */
  readonly reason: string;
}

/** What a workflow does, at its own time. */
export interface WorkflowMoment {
  readonly workflowId: string;
  /** Milliseconds that it is ahead of real time. */
  readonly ahead: number;
  /** Whether it moves, or will move as soon as it is idle. */
  readonly isMoving: boolean;
  /** What has to end before the workflow can move; undefined if it only waits. */
  readonly busy: BusyWork | undefined;
  /** Its children move, and it follows when they have ended. */
  readonly hasChildren: boolean;
  /** When its pending timers fire, all in the future of the workflow, in milliseconds since the epoch. */
  readonly timers: readonly number[];
}

const { DEADLINE_EXCEEDED, FAILED_PRECONDITION, INVALID_ARGUMENT, NOT_FOUND, UNIMPLEMENTED } = GRPC_STATUS;
const RUNNING = 1;
const COMPLETED = 2;
const FAILED = 3;
const FAST_FORWARD_ENDED = /\bended\b/;
/** Bounds activities that fail during one step, because their pauses are skipped too. */
const MAX_SKIPS = 1000;
/** Of the fast-forward with which a workflow starts. It must not be switched off: the workflow would start that much later. */
export const START_ID = 'start';

/** Milliseconds; 0 if it is not set. */
const toMs = (time: Timestamp | null | undefined): number => optionalTsToMs(time) ?? 0;

export const grpcStatusOf = (error: unknown): number | undefined =>
  isGrpcServiceError(error) ? error.code : undefined;
/** The workflow has ended or does not exist. */
const isGone = (error: unknown): boolean =>
  grpcStatusOf(error) === NOT_FOUND ||
  (grpcStatusOf(error) === FAILED_PRECONDITION && /completed|closed/i.test(messageOf(error)));

export function createWorkflowTime(
  connection: Pick<Connection, 'withAbortSignal' | 'withDeadline'>,
  service: WorkflowService,
  namespace: string,
  listPollers: (taskQueue: string) => Promise<readonly string[]>,
) {
  type History = Awaited<ReturnType<WorkflowService['getWorkflowExecutionHistory']>>;
  type Events = NonNullable<NonNullable<History['history']>['events']>;

  async function update(workflowId: string, timeSkippingConfig: object): Promise<void> {
    await service.updateWorkflowExecutionOptions({
      namespace,
      workflowExecution: { workflowId },
      identity: 'kuflow dev skip',
      updateMask: { paths: ['time_skipping_config'] },
      workflowExecutionOptions: { timeSkippingConfig },
    });
  }

  async function readTimers(workflowId: string): Promise<readonly number[]> {
    const timers = new Map<string, number>();
    let nextPageToken: Uint8Array | null = null;
    do {
      const page: History = await service.getWorkflowExecutionHistory({
        namespace,
        execution: { workflowId },
        nextPageToken,
      });
      trackTimers(timers, page.history?.events ?? []);
      nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : null;
    } while (nextPageToken !== null);
    return [...timers.values()];
  }

  function trackTimers(timers: Map<string, number>, events: Events): void {
    for (const event of events) {
      const at = toMs(event.eventTime);
      const timer = event.timerStartedEventAttributes;
      if (timer) timers.set(timer.timerId ?? '', at + toMs(timer.startToFireTimeout));
      const ended = event.timerFiredEventAttributes ?? event.timerCanceledEventAttributes;
      if (ended) timers.delete(ended.timerId ?? '');
      // A workflow that starts later begins with its first workflow task.
      const pause = toMs(event.workflowExecutionStartedEventAttributes?.firstWorkflowTaskBackoff);
      if (pause > 0) timers.set(START, at + pause);
      if (event.workflowTaskScheduledEventAttributes) timers.delete(START);
    }
  }

  async function forwardOnce(workflowId: string, ms: number, deadline: number, signal: AbortSignal) {
    const id = randomUUID();
    await update(workflowId, {
      enabled: true,
      // A child has its parent's time when it starts. Without this, it would then skip time without end.
      disablePropagation: true,
      maxSessionSkipCount: MAX_SKIPS,
      fastForwardConfig: { id, duration: msToTs(ms) },
    });
    while (Date.now() < deadline) {
      const { fastForwardPollingResult, failedReason } = await connection.withAbortSignal(signal, () =>
        connection.withDeadline(deadline, () =>
          service.pollWorkflowExecutionTimeSkipping({
            namespace,
            workflowExecution: { workflowId },
            fastForwardId: id,
          }),
        ),
      );
      const result = fastForwardPollingResult as number;
      if (result === COMPLETED) return undefined;
      if (result === FAILED) return FAST_FORWARD_ENDED.test(failedReason) ? undefined : failedReason;
    }
    return 'it is not idle';
  }

  async function nameMissingWorker(busy: BusyWork | undefined, { executionConfig }: DescribedWorkflow) {
    const taskQueue = executionConfig?.taskQueue?.name;
    if (busy?.kind !== 'not-taken' || !taskQueue || (await listPollers(taskQueue)).length > 0) return busy;
    return { kind: 'no-worker' as const, reason: `no worker is polling ${taskQueue}` };
  }

  /** Stops a workflow that has not arrived. */
  const switchOff = async (workflowId: string): Promise<void> => {
    try {
      await update(workflowId, { enabled: false });
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  };

  return {
    /** Whether the server supports skipping time. */
    canSkip: async (): Promise<boolean> => {
      try {
        await service.pollWorkflowExecutionTimeSkipping({
          namespace,
          workflowExecution: { workflowId: randomUUID() },
          fastForwardId: randomUUID(),
        });
        return true;
      } catch (error) {
        const status = grpcStatusOf(error);
        if (status === NOT_FOUND) return true;
        if (status === UNIMPLEMENTED || status === INVALID_ARGUMENT || status === FAILED_PRECONDITION) return false;
        throw error;
      }
    },

    /** All running workflows, including children. */
    listRunning: (): Promise<readonly string[]> => listWorkflowIds(service, namespace, "ExecutionStatus = 'Running'"),

    /** Undefined if the workflow is not running. */
    read: async (workflowId: string): Promise<WorkflowMoment | undefined> => {
      try {
        const described = await service.describeWorkflowExecution({ namespace, execution: { workflowId } });
        if ((described.workflowExecutionInfo?.status as number | undefined) !== RUNNING) return undefined;
        const { currentTime, effectiveConfig } = described.workflowExtendedInfo?.timeSkippingInfo ?? {};
        const realNow = Date.now();
        const now = optionalTsToMs(currentTime) ?? realNow;
        const busy = await nameMissingWorker(findBusyWork(described, now), described);
        // The timers of a workflow that is busy may change.
        const timers = busy === undefined ? await readTimers(workflowId) : [];
        return {
          workflowId,
          ahead: now - realNow,
          isMoving: effectiveConfig?.enabled === true && effectiveConfig.fastForwardConfig?.id !== START_ID,
          busy: busy ?? (timers.some((at) => at <= now) ? TIMER_IS_DUE : undefined),
          hasChildren: described.pendingChildren.length > 0,
          timers: timers.filter((at) => at > now),
        };
      } catch (error) {
        if (isGone(error)) return undefined;
        throw error;
      }
    },

    /**
     * Moves a workflow by a duration. Resolves when it is there, or with the reason why not, at `deadline` (milliseconds since the epoch, real time)
     * at the latest. It does not move afterward. A workflow that ends on the way is there. Rejects if the server does not answer, or if `signal`
     * aborts; then the workflow may still move.
     */
    forward: async (workflowId: string, ms: number, deadline: number, signal: AbortSignal) => {
      let reason: string | undefined;
      try {
        reason = await forwardOnce(workflowId, ms, deadline, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (isGone(error)) return undefined;
        if (grpcStatusOf(error) !== DEADLINE_EXCEEDED) throw error;
        reason = 'it is not idle';
      }
      // Otherwise, it would move as soon as it becomes idle.
      if (reason !== undefined) await switchOff(workflowId);
      return reason;
    },

    switchOff,
  };
}

export type WorkflowTime = ReturnType<typeof createWorkflowTime>;

/** The key of the time at which a workflow begins; those of timers are not empty. */
const START = '';

const PAGE = 1000;

/** The IDs of the workflows that match a query, according to the server's index. */
export async function listWorkflowIds(service: WorkflowService, namespace: string, query: string): Promise<string[]> {
  const ids: string[] = [];
  let nextPageToken: Uint8Array | null = null;
  do {
    const page: Awaited<ReturnType<WorkflowService['listWorkflowExecutions']>> = await service.listWorkflowExecutions({
      namespace,
      query,
      pageSize: PAGE,
      nextPageToken,
    });
    for (const { execution } of page.executions) if (execution?.workflowId) ids.push(execution.workflowId);
    nextPageToken = page.nextPageToken.length > 0 ? page.nextPageToken : null;
  } while (nextPageToken !== null);
  return ids;
}

type DescribedWorkflow = Awaited<ReturnType<WorkflowService['describeWorkflowExecution']>>;

/** In milliseconds. The skip waits for a retry that is due sooner. */
const SOON = 5_000;
const FIRST_FAILURES = 2;

const TIMER_IS_DUE: BusyWork = { kind: 'timer', reason: 'a timer is due' };

/** What has to end before a workflow can move. `now`: its time, in milliseconds since the epoch. */
function findBusyWork(
  { pendingWorkflowTask: task, pendingActivities }: DescribedWorkflow,
  now: number,
): BusyWork | undefined {
  if (task) {
    if ((task.attempt ?? 1) > FIRST_FAILURES) return { kind: 'code-fails', reason: 'its workflow code fails' };
    if (task.startedTime) return { kind: 'workflow-task', reason: 'its workflow code is still running' };
    return { kind: 'not-taken', reason: 'no worker has continued its workflow' };
  }
  for (const { activityType, attempt, nextAttemptScheduleTime } of pendingActivities) {
    const failures = (attempt ?? 1) - 1;
    // The pause before a retry is skipped like a timer.
    if (failures > 0 && (optionalTsToMs(nextAttemptScheduleTime) ?? 0) > now + SOON) continue;
    const failed = failures === 0 ? '' : `, which has failed ${failures === 1 ? 'once' : `${failures} times`}`;
    return { kind: 'activity', reason: `it waits for the activity ${activityType?.name ?? ''}${failed}` };
  }
  return undefined;
}
