import type { Payload, ProtoFailure } from '@temporalio/common';
import type { History } from '@temporalio/common/lib/proto-utils.js';
import type { Json } from '../../base/json.ts';
import type { WorkflowOutcome } from '../process-engine.ts';

type HistoryEvent = NonNullable<History['events']>[number];

/** How a run ended, from the last event of its history; undefined when that is not the end of the workflow. */
export function toWorkflowOutcome(event: HistoryEvent | undefined): WorkflowOutcome | undefined {
  if (event === undefined) return undefined;
  const completed = event.workflowExecutionCompletedEventAttributes;
  // A new run goes on with the same workflow: continued as new, retried, or a cron schedule.
  if (completed)
    return isSet(completed.newExecutionRunId)
      ? { kind: 'continued' }
      : { kind: 'completed', result: decodeJsonPayload(completed.result?.payloads?.[0]) };
  const failed = event.workflowExecutionFailedEventAttributes;
  if (failed)
    return isSet(failed.newExecutionRunId)
      ? { kind: 'continued' }
      : { kind: 'failed', message: formatFailure(failed.failure) };
  const timedOut = event.workflowExecutionTimedOutEventAttributes;
  if (timedOut)
    return isSet(timedOut.newExecutionRunId)
      ? { kind: 'continued' }
      : { kind: 'timed-out', message: 'The workflow ran into its time-out' };
  if (event.workflowExecutionContinuedAsNewEventAttributes) return { kind: 'continued' };
  if (event.workflowExecutionCanceledEventAttributes)
    return { kind: 'canceled', message: 'The workflow was cancelled' };
  const terminated = event.workflowExecutionTerminatedEventAttributes;
  if (terminated)
    return {
      kind: 'terminated',
      message: terminated.reason || 'The workflow was terminated',
    };
  return undefined;
}

const isSet = (runId: string | null | undefined): boolean => runId !== '' && runId !== null && runId !== undefined;

/** A failure with its causes, outermost first: `Activity task failed: 403 Forbidden`. */
function formatFailure(failure: ProtoFailure | null | undefined): string {
  const messages: string[] = [];
  for (let at = failure; at && messages.length < 8; at = at.cause) if (at.message) messages.push(at.message);
  return messages.length === 0 ? 'The workflow failed without a message' : messages.join(': ');
}

/** The value of a JSON payload; null for none, for one that is encrypted or in another encoding, and for one that is no JSON. */
export function decodeJsonPayload(payload: Payload | null | undefined): Json {
  const encoding = payload?.metadata?.encoding;
  if (!encoding || !payload.data || Buffer.from(encoding).toString('utf8') !== 'json/plain') return null;
  try {
    return JSON.parse(Buffer.from(payload.data).toString('utf8')) as Json;
  } catch {
    return null;
  }
}
