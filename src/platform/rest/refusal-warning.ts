import type { EndedRequest } from '../console/request-recorder.ts';
import type { Domain } from '../domain/context.ts';

const WARN_EVERY_MS = 60_000;

/** Warns when a worker gets a 4xx, and about the same one once a minute at most: its activities retry it forever. */
export function createRefusalWarning({ clock, report }: Pick<Domain, 'clock' | 'report'>) {
  const warnedAt = new Map<string, number>();
  return (
    { path, operationId, status, problem }: Pick<EndedRequest, 'path' | 'operationId' | 'status' | 'problem'>,
    worker: string,
  ): void => {
    if (status < 400 || status >= 500 || operationId === undefined) return;
    const key = `${operationId} ${path} ${status}`;
    const now = clock.now();
    if (now - (warnedAt.get(key) ?? -Infinity) < WARN_EVERY_MS) return;
    if (warnedAt.size > 1000) warnedAt.clear();
    warnedAt.set(key, now);
    report({
      kind: 'warning',
      message: `${operationId} by ${worker} failed with ${status}: ${problem ?? 'no reason given'}. KuFlow's activities retry this forever, so the workflow waits until it is fixed.`,
    });
  };
}
