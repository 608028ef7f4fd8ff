import type { FailingWork } from '../../../platform/temporal/failing-work.ts';
import { didYouMean } from '../../../base/near-match.ts';

/** After this many failures in a row, more attempts do not help. */
const PERMANENT_AFTER = 3;

/**
 * The first failure that no retry will fix while this worker runs: workflow code that keeps failing, and an activity that is not registered.
 * If other workers poll the queue too, one of them may know the activity.
 */
export function findPermanentFailure(
  failing: readonly FailingWork[],
  hasOtherWorkers: boolean,
): FailingWork | undefined {
  return failing.find(
    ({ kind, failures, registered }) =>
      (kind === 'workflow-task' || registered !== undefined) &&
      (failures >= PERMANENT_AFTER || (registered !== undefined && !hasOtherWorkers)),
  );
}

/** What failed, why and where, as one sentence without a period. */
export function formatFailingWork({ kind, name, failures, message, location, registered }: FailingWork): string {
  if (registered !== undefined)
    return `Activity ${name} is not registered with the worker${didYouMean(name, registered)}`;
  const often = failures === 1 ? 'failed once' : `failed ${failures} times`;
  const where = location === undefined || message.includes(location) ? '' : ` (${location})`;
  return `${kind === 'activity' ? 'Activity' : 'Workflow'} ${name} ${often}: ${message}${where}`;
}

/** What to do about it. */
export function adviseOnFailingWork({ location, registered }: FailingWork, workerLog: string): readonly string[] {
  if (registered !== undefined) {
    // Every worker also has KuFlow's activities, which are not called by hand.
    const own = registered.filter((name) => !name.startsWith('KuFlow_')).sort();
    return own.length === 0
      ? ['Register the activity with the worker']
      : [`Register the activity, or use a registered one: ${own.join(', ')}`];
  }
  return location === undefined ? [`See ${workerLog}`] : [`Fix ${location}, or see ${workerLog}`];
}
