import { ApplicationFailure } from '@temporalio/common';
import { RestError } from './rest-client.ts';

/** The failure types of KuFlow's own activity libraries. */
export const FAILURE = 'KuFlowActivities.Failure';
export const REST_FAILURE = 'KuFlowActivities.RestFailure';
export const VALIDATION_FAILURE = 'KuFlowActivities.ValidationFailure';

/** A request that can never succeed. This is the only failure that Temporal does not retry. */
export function validationFailure(message: string): ApplicationFailure {
  return ApplicationFailure.nonRetryable(message, VALIDATION_FAILURE);
}

/** Converts an error to the failure that Temporal records. `Retry-After` sets the delay of the next attempt. */
export function toApplicationFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const cause = error instanceof Error ? error : undefined;
  if (!(error instanceof RestError)) {
    return ApplicationFailure.create({ message: 'Invocation error', type: FAILURE, ...(cause && { cause }) });
  }
  return ApplicationFailure.create({
    message: 'Rest Invocation error',
    type: REST_FAILURE,
    details: error.details === undefined ? [] : [error.details],
    ...(error.retryAfter === undefined ? {} : { nextRetryDelay: error.retryAfter }),
    ...(cause && { cause }),
  });
}
