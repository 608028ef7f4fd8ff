import type { Clock } from '../../base/clock.ts';
import type { EndedRequest } from '../console/request-recorder.ts';
import type { PlatformEvent } from '../shared/types.ts';
import type { PrincipalRow } from '../store/people.ts';

type FinishedRequest = Pick<
  EndedRequest,
  'method' | 'path' | 'operationId' | 'status' | 'ms' | 'problem' | 'console'
> & {
  readonly principal?: PrincipalRow | undefined;
};

const WARN_EVERY_MS = 60_000;

/**
 * Reports each request, with a warning when a worker gets a 4xx: KuFlow's activities retry it forever, and the workflow
 * silently hangs. The same warning is repeated once a minute at most.
 */
export function createRequestLog(
  clock: Clock,
  report: (event: PlatformEvent) => void,
): (request: FinishedRequest) => void {
  const warnedAt = new Map<string, number>();
  return (request) => {
    const { method, path, operationId, principal, status, ms, problem } = request;
    report({
      ...{ kind: 'request', method, path, status, ms, operationId, problem },
      ...(request.console ? { console: true } : {}),
    });
    if (principal?.type !== 'APPLICATION' || status < 400 || status >= 500 || operationId === undefined) return;
    const key = `${operationId} ${path} ${status}`;
    const now = clock.now();
    if (now - (warnedAt.get(key) ?? -Infinity) < WARN_EVERY_MS) return;
    if (warnedAt.size > 1000) warnedAt.clear();
    warnedAt.set(key, now);
    report({
      kind: 'warning',
      message: `${operationId} by ${principal.name} failed with ${status}: ${problem ?? 'no reason given'}. KuFlow's activities retry this forever, so the workflow waits until it is fixed.`,
    });
  };
}
