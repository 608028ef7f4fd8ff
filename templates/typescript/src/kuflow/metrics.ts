import { noopMetricMeter, type MetricMeter } from '@temporalio/common';

/** The worker's own metrics, on the same Prometheus port as those of Temporal's SDK. */
export interface Metrics {
  /** `status` is an HTTP status, or `error` for a call without a response. */
  restCall(operation: string, status: number | 'error'): void;
  tokenAge(seconds: number): void;
  /** Seconds until the engine certificate expires. 0 if it has expired. */
  certificateExpiry(seconds: number): void;
  certificateRenewalOverdue(overdue: boolean): void;
  registrationFailed(): void;
  tokenRenewalFailed(): void;
  /** Whether the engine answered the last call that checks it. */
  engineReachable(reachable: boolean): void;
  /** An attempt of a system task. */
  systemTaskFailed(code: string): void;
  /** How many system tasks wait for another attempt. */
  systemTasksFailing(count: number): void;
}

export function createMetrics(meter: MetricMeter): Metrics {
  const restCalls = meter.createCounter(
    'kuflow_rest_calls',
    undefined,
    'Calls to the KuFlow REST API, by operation and status',
  );
  const tokenAge = meter.createGauge('kuflow_engine_token_age_seconds', 'float', 's', 'Age of the engine token');
  const certificate = meter.createGauge(
    'kuflow_engine_certificate_expiry_seconds',
    'float',
    's',
    'Time until the engine certificate expires',
  );
  const overdue = meter.createGauge(
    'kuflow_engine_certificate_renewal_overdue',
    'int',
    undefined,
    '1 if the engine certificate is past two thirds of its lifetime and has not been replaced',
  );
  const registrations = meter.createCounter(
    'kuflow_worker_registration_failures',
    undefined,
    'Failed registrations of this worker with KuFlow',
  );
  const tokens = meter.createCounter('kuflow_engine_token_failures', undefined, 'Failed requests for an engine token');
  const engine = meter.createGauge('kuflow_engine_reachable', 'int', undefined, '1 if the engine answers, otherwise 0');
  const taskFailures = meter.createCounter(
    'kuflow_system_task_failures',
    undefined,
    'Failed attempts of system tasks, by code of the task',
  );
  const failingTasks = meter.createGauge(
    'kuflow_system_tasks_failing',
    'int',
    undefined,
    'System tasks whose last attempt failed and that this worker tries again',
  );
  // A metric that was never set is not exported, so no alert could use it.
  registrations.add(0);
  tokens.add(0);
  overdue.set(0);
  failingTasks.set(0);
  return {
    restCall: (operation, status) => restCalls.add(1, { operation, status: String(status) }),
    tokenAge: (seconds) => tokenAge.set(Math.max(0, seconds)),
    // The SDK's gauges reject negative numbers.
    certificateExpiry: (seconds) => certificate.set(Math.max(0, seconds)),
    certificateRenewalOverdue: (value) => overdue.set(value ? 1 : 0),
    registrationFailed: () => registrations.add(1),
    tokenRenewalFailed: () => tokens.add(1),
    engineReachable: (value) => engine.set(value ? 1 : 0),
    systemTaskFailed: (code) => taskFailures.add(1, { code }),
    systemTasksFailing: (count) => failingTasks.set(count),
  };
}

export const noMetrics: Metrics = createMetrics(noopMetricMeter);
