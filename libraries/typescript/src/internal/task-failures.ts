import type { Info } from '@temporalio/activity';
import { ApplicationFailure, type Logger } from '@temporalio/common';
import type { Metrics } from './metrics.ts';
import { redact, WITHOUT_VALUES } from './redaction.ts';
import { RestError, type RestClient } from './rest-client.ts';
import type { ItemContext } from './workflow/item-context.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** Longer than the wait between two attempts. Another worker may have completed a task, or its process was canceled. */
const FAILING_FOR = 10 * MINUTE;
const MAX_REASON = 300;

/** A failed attempt of an activity that works on a task. */
export interface FailedAttempt {
  readonly item: ItemContext;
  readonly error: unknown;
  readonly info: Pick<Info, 'attempt' | 'retryPolicy' | 'workflowExecution'>;
  readonly log: Logger;
}

export interface TaskFailures {
  failed(attempt: FailedAttempt): void;
  succeeded(item: ItemContext): void;
}

/**
 * Counts failing tasks, and appends the reason to the log of a task in KuFlow: after a number of failed attempts, or at once if
 * the attempt was the last one. At most once per hour for each task and reason.
 */
export function createTaskFailures(rest: Pick<RestClient, 'call'>, metrics: Metrics, attemptsBeforeLog: number): TaskFailures {
  const failing = new Map<string, NodeJS.Timeout>();
  // The oldest first.
  const logged = new Map<string, number>();

  const setFailing = (processItemId: string, isFailing: boolean): void => {
    clearTimeout(failing.get(processItemId));
    failing.delete(processItemId);
    if (isFailing) failing.set(processItemId, setTimeout(() => setFailing(processItemId, false), FAILING_FOR).unref());
    metrics.systemTasksFailing(failing.size);
  };

  const appendToLog = async (processItemId: string, reason: string, level: string, message: string): Promise<void> => {
    for (const [key, at] of logged) if (Date.now() - at >= HOUR) logged.delete(key);
    const key = `${processItemId} ${reason}`;
    if (logged.has(key)) return;
    logged.set(key, Date.now());
    try {
      await rest.call({
        operation: 'appendProcessItemTaskLog',
        method: 'POST',
        path: `/process-items/${processItemId}/task/~actions/append-log`,
        body: { level, message },
        once: true,
      });
    } catch (error) {
      logged.delete(key);
      throw error;
    }
  };

  return {
    failed: ({ item: { processItemId, code }, error, info, log }) => {
      const isLast = isLastAttempt(error, info);
      metrics.systemTaskFailed(code);
      setFailing(processItemId, !isLast);
      if (!isLast && info.attempt < attemptsBeforeLog) return;
      const reason = reasonOf(error);
      const outcome = isLast ? 'The task failed' : `Attempt ${info.attempt} failed; the worker will retry`;
      const message = `${outcome}: ${reason} (workflow ${info.workflowExecution?.workflowId})`;
      // The activity does not wait: it must end with its own failure, even if KuFlow does not respond.
      appendToLog(processItemId, reason, isLast ? 'ERROR' : 'WARN', message).catch((failure: unknown) =>
        log.warn('Could not write to the task log', { error: failure }),
      );
    },
    succeeded: ({ processItemId }) => setFailing(processItemId, false),
  };
}

function isLastAttempt(error: unknown, { attempt, retryPolicy }: FailedAttempt['info']): boolean {
  const { maximumAttempts, nonRetryableErrorTypes = [] } = retryPolicy ?? {};
  if (maximumAttempts && attempt >= maximumAttempts) return true;
  return (
    (error instanceof ApplicationFailure && error.nonRetryable === true) ||
    nonRetryableErrorTypes.includes(typeOf(error))
  );
}

function typeOf(error: unknown): string {
  return error instanceof ApplicationFailure
    ? (error.type ?? error.name)
    : error instanceof Error
      ? error.name
      : 'Error';
}

/** The reason of a failed attempt, redacted and capped at 300 characters. */
export function reasonOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof RestError)
      return `KuFlow ${at.status === undefined ? 'did not respond' : `responded with ${at.status}`} to ${at.operation}`;
  }
  const message = error instanceof Error ? error.message : String(error);
  const type = typeOf(error);
  const text = WITHOUT_VALUES.includes(type) ? message : redact(message.split('\n', 1)[0] ?? '');
  const reason = type === 'Error' ? text : `${type}: ${text}`;
  return reason.length > MAX_REASON ? `${reason.slice(0, MAX_REASON - 1)}…` : reason;
}
