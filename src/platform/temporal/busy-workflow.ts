import type { WorkflowService } from '@temporalio/client';
import { optionalTsToMs } from '@temporalio/common/lib/time.js';

/** Why a workflow does not move through skipped time. */
export interface BusyWork {
  /** `no-worker`: nobody polls its task queue. */
  readonly kind: 'no-worker' | 'not-taken' | 'code-fails' | 'workflow-task' | 'activity' | 'timer';
  /** For people: completes "process X is behind: …". */
  readonly reason: string;
}

type DescribedWorkflow = Awaited<ReturnType<WorkflowService['describeWorkflowExecution']>>;

/** In milliseconds. The skip waits for a retry that is due sooner. */
const SOON = 5_000;
const FIRST_FAILURES = 2;

export const TIMER_IS_DUE: BusyWork = { kind: 'timer', reason: 'a timer is due' };

/** What has to end before a workflow can move. `now`: its time, in milliseconds since the epoch. */
export function findBusyWork(
  {
    pendingWorkflowTask: task,
    pendingActivities,
  }: Pick<DescribedWorkflow, 'pendingWorkflowTask' | 'pendingActivities'>,
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

export async function nameMissingWorker(
  busy: BusyWork | undefined,
  { executionConfig }: DescribedWorkflow,
  listPollers: (taskQueue: string) => Promise<readonly string[]>,
): Promise<typeof busy> {
  const taskQueue = executionConfig?.taskQueue?.name;
  if (busy?.kind !== 'not-taken' || !taskQueue || (await listPollers(taskQueue)).length > 0) return busy;
  return { kind: 'no-worker', reason: `no worker is polling ${taskQueue}` };
}
