import {
  ActivityFailure,
  ApplicationFailure,
  AsyncLocalStorage,
  defaultPayloadConverter,
  type Headers,
} from '@temporalio/workflow';
import type { DefaultError } from '../rest-client.ts';

/** The header of an activity whose call is not repeated after a rejection. */
const REJECTION_HEADER = 'kuflow-fail-on-rejection';
const REJECTED = 'KuFlow_Worker.CallRejected';

/** Missing permissions, timeouts and limits do not depend on the data. */
const REPEATED: readonly number[] = [401, 403, 408, 429];

interface Rejection {
  readonly operation: string;
  readonly status: number;
  readonly response?: DefaultError | undefined;
}

/** Thrown inside `failOnRejection` when KuFlow rejects a call. If you do not catch it, the workflow fails. */
export class CallRejected extends ApplicationFailure {
  readonly operation: string;
  readonly status: number;
  /** The body of KuFlow's response. */
  readonly response: DefaultError | undefined;

  constructor(rejection: Rejection, cause?: Error) {
    const { operation, status, response } = rejection;
    super(`KuFlow rejected ${operation}: ${status}`, REJECTED, true, [rejection], cause);
    this.operation = operation;
    this.status = status;
    this.response = response;
  }
}

const fails = new AsyncLocalStorage<true>();

/**
 * If KuFlow rejects a call within `work` with a 4xx status other than 401, 403, 408 or 429, the call throws `CallRejected` instead of being
 * retried. This includes calls to KuFlow from your own activities.
 */
export function failOnRejection<Result>(work: () => Promise<Result>): Promise<Result> {
  return fails.run(true, work);
}

/** Schedules an activity. Inside `failOnRejection`, its call is not repeated after a rejection. */
export function withRejections<Result>(
  headers: Headers,
  schedule: (headers: Headers) => Promise<Result>,
): Promise<Result> {
  // Without a promise in between, which could change the order of commands in the replay of a history.
  if (fails.getStore() === undefined) return schedule(headers);
  return schedule({ ...headers, [REJECTION_HEADER]: defaultPayloadConverter.toPayload(true) }).catch(
    (error: unknown) => {
      throw rejectionOf(error) ?? error;
    },
  );
}

/** Whether a response with this status ends an activity for good. */
export function failsOnRejection(headers: Headers, status: number): boolean {
  return REJECTION_HEADER in headers && status >= 400 && status < 500 && !REPEATED.includes(status);
}

/** The rejection that an activity has failed with. */
function rejectionOf(error: unknown): CallRejected | undefined {
  const cause = error instanceof ActivityFailure ? error.cause : undefined;
  if (!(cause instanceof ApplicationFailure) || cause.type !== REJECTED) return undefined;
  return new CallRejected(cause.details?.[0] as Rejection);
}
