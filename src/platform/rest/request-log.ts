import type { Clock } from '../../base/clock.ts';
import type { PlatformEvent } from '../types.ts';
import type { PrincipalRow } from '../store/people.ts';

export interface FinishedRequest {
  readonly method: string;
  /** Without the query, which may hold addresses and names. */
  readonly path: string;
  readonly operationId?: string;
  readonly principal?: PrincipalRow;
  readonly status: number;
  readonly ms: number;
  readonly problem?: string;
}

const QUIET_MS = 60_000;

/**
 * Reports each request, and loudly what a worker is refused: KuFlow's activities retry a 4xx for ever, so that its workflow hangs
 * without a word. The same refusal is said once a minute.
 */
export function createRequestLog(
  clock: Clock,
  report: (event: PlatformEvent) => void,
): (request: FinishedRequest) => void {
  const said = new Map<string, number>();
  return ({ method, path, operationId, principal, status, ms, problem }) => {
    const more = {
      ...(operationId === undefined ? {} : { operationId }),
      ...(problem === undefined ? {} : { problem }),
    };
    report({ kind: 'request', method, path, status, ms: Math.round(ms * 10) / 10, ...more });
    if (principal?.type !== 'APPLICATION' || status < 400 || status >= 500 || operationId === undefined) return;
    const key = `${operationId} ${path} ${status}`;
    const now = clock.now();
    if (now - (said.get(key) ?? -Infinity) < QUIET_MS) return;
    if (said.size > 1000) said.clear();
    said.set(key, now);
    report({
      kind: 'warning',
      message: `${operationId} of ${principal.name} was refused with ${status}: ${problem ?? 'no reason given'}. KuFlow's activities retry this for ever: the workflow waits until it is put right.`,
    });
  };
}
