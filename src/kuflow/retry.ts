import type { KuFlowApiError } from './errors.ts';
import type { FailureKind } from './failure-kinds.ts';
import { hasBodyField, operations, type OperationId } from './contract/operations.ts';

export interface RetryPolicy {
  /** Total number of attempts, including the first. */
  readonly attempts: number;
  /** Milliseconds before the second attempt, doubled for each further one. */
  readonly base: number;
  /** Maximum milliseconds between two attempts. */
  readonly cap: number;
  /** Maximum milliseconds that a `Retry-After` header may request. */
  readonly retryAfterCap: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 4, base: 500, cap: 8000, retryAfterCap: 60_000 };

/**
 * Other POST operations that can be repeated when it is unknown whether the first request arrived: they have no effect the second time, do
 * not store anything, or leave at most an unlinked document, which KuFlow deletes. Claiming, assigning and completing a task are not
 * included, because the second answer is an error that only the caller can interpret; neither are JSON Patch and log entries, which would be
 * applied twice.
 */
const HARMLESS: ReadonlySet<OperationId> = new Set<OperationId>([
  'createAuthentication',
  'createWorker',
  'completeProcess',
  'cancelProcess',
  'cancelProcessProcessItems',
  'changeProcessInitiator',
  'cancelBusinessArtifactAction',
  'cancelProcessAction',
  'generateProcessItemAiAssistance',
  'prepareBusinessArtifactCreateArtifact',
  'prepareBusinessArtifactStartProcess',
  'uploadProcessDocument',
  'uploadProcessActionDocument',
  'uploadProcessUserActionDocument',
  'uploadBusinessArtifactDocument',
  'uploadDocument',
]);

/** After these, another attempt can succeed. A wrong certificate or credential stays wrong. */
const TRANSIENT: ReadonlySet<FailureKind> = new Set([
  'rate-limited',
  'server',
  'truncated',
  'timeout',
  'dns',
  'refused',
  'unreachable',
  'reset',
  'network',
]);

/**
 * Whether a failed call may be repeated: after 408, 429, 5xx except 501 and 505, and connection errors. If KuFlow may have received
 * the call, it is repeated only if the operation is idempotent. An operation that creates something is, if the client generates the ID: KuFlow then
 * returns the existing resource.
 */
export function mayRetry({ kind, httpStatus, sent, operationId }: KuFlowApiError): boolean {
  if (httpStatus === 501 || httpStatus === 505) return false;
  if (httpStatus !== 408 && !TRANSIENT.has(kind)) return false;
  // The request was not received, or it was rejected without being processed.
  if (!sent || httpStatus === 429 || httpStatus === 503) return true;
  const isIdempotent = ['get', 'put', 'delete'].includes(operations[operationId].method);
  return isIdempotent || hasBodyField(operationId, 'id') || HARMLESS.has(operationId);
}

/** Milliseconds to wait after `attempt` (1 = the first). Jitter reduces the back-off by up to half. */
export function backOff(
  policy: RetryPolicy,
  attempt: number,
  retryAfter: number | undefined,
  random: () => number,
): number {
  const own = Math.min(policy.cap, policy.base * 2 ** (attempt - 1)) * (1 - random() / 2);
  if (retryAfter === undefined) return own;
  return Math.max(own, Math.min(policy.retryAfterCap, retryAfter * 1000));
}

/** The seconds in a `Retry-After` header, given as seconds or as an HTTP date; undefined when it is neither. */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text);
  // Date.parse accepts texts that are not HTTP dates, such as -5 or 1.5. Require the letters of a month.
  const at = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1000);
}
