import type { Payload, ProtoFailure } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import { messageOf } from '../../base/errors.ts';
import type { Json } from '../../base/json.ts';
import { decryptPayload, type KeyReader } from './encryption.ts';

type HistoryEvent = NonNullable<History['events']>[number];

export type WorkflowOutcome =
  /** `message`: why the result could not be read; it is null then. */
  | { readonly kind: 'completed'; readonly result: Json; readonly message?: string | undefined }
  | { readonly kind: 'failed' | 'timed-out' | 'canceled' | 'terminated'; readonly message: string }
  | { readonly kind: 'continued' };

/** How a run ended, according to the last event of its history; undefined if that event does not end it. */
export async function toWorkflowOutcome(
  event: HistoryEvent | undefined,
  readKey: KeyReader,
): Promise<WorkflowOutcome | undefined> {
  if (event === undefined) return undefined;
  const completed = event.workflowExecutionCompletedEventAttributes;
  const failed = event.workflowExecutionFailedEventAttributes;
  const timedOut = event.workflowExecutionTimedOutEventAttributes;
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  // The workflow continues in a new run: continued as new, retried, or on a cron schedule.
  const nextRun = (completed ?? failed ?? timedOut)?.newExecutionRunId;
  if (nextRun || event.workflowExecutionContinuedAsNewEventAttributes) return { kind: 'continued' };
  if (completed) return { kind: 'completed', ...(await readResult(completed.result?.payloads?.[0], readKey)) };
  if (failed) return { kind: 'failed', message: formatFailure(failed.failure) };
  if (timedOut) return { kind: 'timed-out', message: 'The workflow timed out' };
  if (event.workflowExecutionCanceledEventAttributes) return { kind: 'canceled', message: 'The workflow was canceled' };
  return terminated ? { kind: 'terminated', message: terminated.reason || 'The workflow was terminated' } : undefined;
}

/** A failure with its causes, outermost first: `Activity task failed: 403 Forbidden`. */
function formatFailure(failure: ProtoFailure | null | undefined): string {
  const messages: string[] = [];
  for (let at = failure; at && messages.length < 8; at = at.cause) if (at.message) messages.push(at.message);
  return messages.length === 0 ? 'The workflow failed without a message' : messages.join(': ');
}

/**
 * The value of a JSON payload; null if it is missing, in another encoding, or cannot be read. `message` says why: the workflow has ended, so
 * this must not prevent the process from ending.
 */
async function readResult(payload: Payload | null | undefined, readKey: KeyReader) {
  if (!payload) return { result: null };
  try {
    const { metadata, data } = await decryptPayload(payload, readKey);
    if (Buffer.from(metadata?.['encoding'] ?? []).toString('utf8') !== 'json/plain') return { result: null };
    return { result: JSON.parse(Buffer.from(data ?? []).toString('utf8')) as Json };
  } catch (error) {
    // The message of a SyntaxError quotes the result.
    const reason = error instanceof SyntaxError ? 'It is not valid JSON' : messageOf(error);
    return { result: null, message: `The result of the workflow could not be read. ${reason}` };
  }
}
