import { ApplicationFailure } from '@temporalio/common';
import { RestError } from './rest-client.ts';

/** Converts an error to a failure as KuFlow's own activity libraries report it. `Retry-After` sets the delay of the next attempt. */
export function toApplicationFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const cause = error instanceof Error ? error : undefined;
  if (!(error instanceof RestError))
    return ApplicationFailure.create({
      message: 'Invocation error',
      type: 'KuFlowActivities.Failure',
      ...(cause && { cause }),
    });
  return ApplicationFailure.create({
    message: 'Rest Invocation error',
    type: 'KuFlowActivities.RestFailure',
    details: error.details === undefined ? [] : [error.details],
    ...(error.retryAfter !== undefined && { nextRetryDelay: error.retryAfter }),
    cause: error,
  });
}
