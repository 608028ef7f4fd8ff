import { noopMetricMeter, type MetricMeter } from '@temporalio/common';

/** What this worker measures, beside the metrics of Temporal's SDK and on the same Prometheus port. */
export interface Metrics {
  /** `status` is an HTTP status, or `error` for a call without an answer. */
  restCall(operation: string, status: number | 'error'): void;
  tokenAge(seconds: number): void;
  /** Seconds until the engine certificate expires, 0 when it has. */
  certificateExpiry(seconds: number): void;
  certificateRenewalOverdue(overdue: boolean): void;
  registrationFailed(): void;
  tokenRenewalFailed(): void;
}

export function createMetrics(meter: MetricMeter): Metrics {
  const restCalls = meter.createCounter('kuflow_rest_calls', undefined, "Calls of KuFlow's REST API by status");
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
    '1 when two thirds of the life of the engine certificate have passed without a new one',
  );
  const registrations = meter.createCounter(
    'kuflow_worker_registration_failures',
    undefined,
    'Failed registrations of this worker at KuFlow',
  );
  const tokens = meter.createCounter('kuflow_engine_token_failures', undefined, 'Failed requests of an engine token');
  // A counter that was never touched is not shown, and nobody can be alerted by it.
  registrations.add(0);
  tokens.add(0);
  overdue.set(0);
  return {
    restCall: (operation, status) => restCalls.add(1, { operation, status: String(status) }),
    tokenAge: (seconds) => tokenAge.set(Math.max(0, seconds)),
    // A gauge of the SDK takes no negative number: 0 is expired.
    certificateExpiry: (seconds) => certificate.set(Math.max(0, seconds)),
    certificateRenewalOverdue: (value) => overdue.set(value ? 1 : 0),
    registrationFailed: () => registrations.add(1),
    tokenRenewalFailed: () => tokens.add(1),
  };
}

export const noMetrics: Metrics = createMetrics(noopMetricMeter);
