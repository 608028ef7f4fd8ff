import {
  proxyActivities,
  proxyLocalActivities,
  type ActivityInterfaceFor,
  type ActivityOptions,
  type LocalActivityInterfaceFor,
} from '@temporalio/workflow';
import type { KuFlowActivities, WorkerActivities } from '../model.ts';

/** Retries until the activity succeeds or the process is ended, so that a process survives any outage. */
const OPTIONS: ActivityOptions = {
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '365 days',
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '5 minutes' },
};

/** Options for activities that transfer documents. Each attempt can take up to ten minutes, and fails after one minute without a heartbeat. */
export const TRANSFER: ActivityOptions = { startToCloseTimeout: '10 minutes', heartbeatTimeout: '1 minute' };

/** KuFlow's activities, for calls that `KuFlowProcess` does not provide. They use the default timeouts and retries of `ownActivities`. */
export const kuflowActivities: ActivityInterfaceFor<KuFlowActivities> = proxyActivities<KuFlowActivities>(OPTIONS);

/** For calls that are not essential and must not hold up the workflow. */
export const briefActivities: ActivityInterfaceFor<KuFlowActivities> = proxyActivities<KuFlowActivities>({
  startToCloseTimeout: '20 seconds',
  scheduleToCloseTimeout: '1 minute',
  retry: { maximumAttempts: 3 },
});

/** Activities of the worker itself. */
export const workerActivities: ActivityInterfaceFor<WorkerActivities> = proxyActivities<WorkerActivities>(OPTIONS);
export const localWorkerActivities: LocalActivityInterfaceFor<WorkerActivities> = proxyLocalActivities<WorkerActivities>({ startToCloseTimeout: '10 seconds' });

/**
 * Your own activities. By default, each attempt times out after one minute. A failed attempt is retried after one second. The delay doubles
 * after each further failure, up to five minutes. Retries continue until an attempt succeeds or 365 days have passed. To override these
 * defaults, pass `options`. For activities that transfer documents, pass `TRANSFER`.
 */
export function ownActivities<Activities extends object>(
  options: ActivityOptions = {},
): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>({ ...OPTIONS, ...options });
}
