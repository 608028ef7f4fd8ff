import type { KuFlowApiError } from './errors.ts';
import { isTransient } from './failure.ts';
import { operations } from './contract/operations.ts';
import type { OperationId } from './contract/operations.ts';

export interface RetryPolicy {
  /** Tries in all, the first included. */
  readonly attempts: number;
  /** Milliseconds before the second try, doubled for each further one. */
  readonly base: number;
  /** Milliseconds at most between two tries, by our own back-off. */
  readonly cap: number;
  /** Milliseconds at most that a `Retry-After` may ask for. */
  readonly retryAfterCap: number;
}

export const DEFAULT_RETRY: RetryPolicy = { attempts: 4, base: 500, cap: 8000, retryAfterCap: 60_000 };

/** Creates that return the existing resource when the id that the client made is there already. */
const BY_CLIENT_ID: ReadonlySet<OperationId> = new Set<OperationId>([
  'createProcess',
  'createProcessItem',
  'createBusinessArtifact',
  'createBusinessArtifactAction',
  'createProcessAction',
]);

/**
 * Other POSTs that may be repeated when it is unknown whether the first one arrived: those that do nothing the second time, that save
 * nothing, or that leave at most an unlinked document behind, which KuFlow deletes. Not among them: claim, assign, complete of a task
 * (the second answer is an error, and only the caller can tell what it means), JSON Patch and log entries (applied twice).
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
  'uploadBusinessArtifactDocument',
  'uploadDocument',
]);

export function takesClientId(id: OperationId): boolean {
  return BY_CLIENT_ID.has(id);
}

/** Whether the operation may be repeated when it is unknown whether KuFlow received it. */
export function isRepeatable(id: OperationId): boolean {
  const { method } = operations[id];
  return method === 'get' || method === 'put' || method === 'delete' || BY_CLIENT_ID.has(id) || HARMLESS.has(id);
}

/** Whether a failed call may be tried again: 408, 429 and 5xx but 501 and 505, and connection errors; see `isRepeatable` for the rest. */
export function mayRetry(error: KuFlowApiError): boolean {
  const { httpStatus } = error;
  if (httpStatus === 501 || httpStatus === 505) return false;
  if (httpStatus !== 408 && !isTransient(error.kind)) return false;
  // Not received, or received and turned away unprocessed.
  if (!error.sent || httpStatus === 429 || httpStatus === 503) return true;
  return isRepeatable(error.operationId);
}

/** Milliseconds to wait before the try after `attempt` (1 = the first). Jitter takes up to half of our own back-off away. */
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

/** Seconds that a `Retry-After` header asks for, given as seconds or as an HTTP date; undefined when it says neither. */
export function readRetryAfter(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text);
  // Date.parse takes much that is no HTTP date, such as -5 or 1.5: ask for the letters of a month.
  const at = /[a-z]{3}/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1000);
}
