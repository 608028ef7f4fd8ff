import { noopMetricMeter, type MetricMeter } from '@temporalio/common';

/** The worker's own metrics, on the same Prometheus port as those of Temporal's SDK. */
export interface Metrics {
  /** `status` is an HTTP status, or `error` for a call without a response. */
  restCall(operation: string, status: number | 'error'): void;
  tokenAge(seconds: number): void;
  /** Seconds until the engine certificate expires. 0 if it has expired. */
  certificateExpiry(seconds: number): void;
  certificateRenewalOverdue(value: boolean): void;
  registrationFailed(): void;
  tokenRenewalFailed(): void;
  /** Whether the engine answered the last call that checks it. */
  engineReachable(value: boolean): void;
  /** An attempt of a system task. */
  systemTaskFailed(code: string): void;
  /** How many system tasks wait for another attempt. */
  systemTasksFailing(count: number): void;
}

export function createMetrics(meter: MetricMeter): Metrics {
  const counter = (name: string, about: string) => meter.createCounter(`kuflow_${name}`, undefined, about);
  const gauge = (name: string, about: string) => meter.createGauge(`kuflow_${name}`, 'int', undefined, about);
  // The SDK's gauges reject negative numbers.
  const seconds = (name: string, about: string) => {
    const metric = meter.createGauge(`kuflow_${name}`, 'float', 's', about);
    return (value: number): void => metric.set(Math.max(0, value));
  };
  const restCalls = counter('rest_calls', 'Calls to the KuFlow REST API, by operation and status');
  const registrations = counter('worker_registration_failures', 'Failed registrations of this worker with KuFlow');
  const tokens = counter('engine_token_failures', 'Failed requests for an engine token');
  const taskFailures = counter('system_task_failures', 'Failed system task attempts, by task code');
  const failingTasks = gauge('system_tasks_failing', 'System tasks whose last attempt failed and will be retried');
  const engine = gauge('engine_reachable', '1 if the engine answers, otherwise 0');
  const overdue = gauge(
    'engine_certificate_renewal_overdue',
    '1 if the engine certificate is past two thirds of its lifetime and has not been replaced',
  );
  // A metric that was never set is not exported, so no alert could use it.
  registrations.add(0);
  tokens.add(0);
  overdue.set(0);
  failingTasks.set(0);
  return {
    restCall: (operation, status) => restCalls.add(1, { operation, status: String(status) }),
    tokenAge: seconds('engine_token_age_seconds', 'Age of the engine token'),
    certificateExpiry: seconds('engine_certificate_expiry_seconds', 'Time until the engine certificate expires'),
    certificateRenewalOverdue: (value) => overdue.set(value ? 1 : 0),
    registrationFailed: () => registrations.add(1),
    tokenRenewalFailed: () => tokens.add(1),
    engineReachable: (value) => engine.set(value ? 1 : 0),
    systemTaskFailed: (code) => taskFailures.add(1, { code }),
    systemTasksFailing: (count) => failingTasks.set(count),
  };
}

export const noMetrics: Metrics = createMetrics(noopMetricMeter);
