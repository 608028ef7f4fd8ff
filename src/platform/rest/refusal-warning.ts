import { atMostEvery } from '../../base/clock.ts';
import type { EndedRequest } from '../console/request-recorder.ts';
import type { Domain } from '../domain/context.ts';

const WARN_EVERY_MS = 60_000;

/** Warns when a worker gets a 4xx, at most once a minute for the same one: KuFlow's activities retry it forever. */
export function createRefusalWarning({ clock, report }: Pick<Domain, 'clock' | 'report'>) {
  const isDue = atMostEvery(WARN_EVERY_MS, clock);
  return (
    { path, operationId, status, problem }: Pick<EndedRequest, 'path' | 'operationId' | 'status' | 'problem'>,
    worker: string,
  ): void => {
    if (status < 400 || status >= 500 || operationId === undefined) return;
    if (!isDue(`${operationId} ${path} ${status}`)) return;
    report({
      kind: 'warning',
      message: `${operationId} by ${worker} failed with ${status}: ${problem ?? 'no reason given'}. KuFlow's activities retry this forever, so the workflow waits until it is fixed.`,
    });
  };
}
