import { CompleteAsyncError, type Info } from '@temporalio/activity';
import {
  ApplicationFailure,
  CancelledFailure,
  defaultPayloadConverter,
  type Headers,
  type Logger,
  RawValue,
} from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { checkResultSize } from './payload-limit.ts';
import { RestError } from './rest-client.ts';
import { DEFAULT_MAX_PAYLOAD_BYTES } from './settings.ts';
import type { TaskFailures } from './task-failures.ts';
import { validateTaskData, type Validators } from './task-data.ts';
import { keyIdOf, markPayload } from './workflow/encryption.ts';
import { ITEM_HEADER, type ItemContext } from './workflow/item-context.ts';
import { CallRejected, failsOnRejection } from './workflow/rejections.ts';

const COMPLETES_LATER =
  'An activity of a confidential process cannot be completed later, because nothing would encrypt its result';
const MAX_TIMER = 2 ** 31 - 1;

export interface ActivityInterceptorOptions {
  readonly failures?: TaskFailures;
  readonly maxPayloadBytes?: number;
  readonly validators?: Validators;
}

/**
 * Validates, limits and encrypts the results of all activities, KuFlow's and those of the project, and reports failures with the item that they
 * belong to.
 */
export function createActivityInterceptor({
  failures,
  maxPayloadBytes = DEFAULT_MAX_PAYLOAD_BYTES,
  validators = {},
}: ActivityInterceptorOptions = {}): ActivityInterceptorsFactory {
  return ({ info, log, cancellationSignal }) => {
    let processItemId: string | undefined;
    return {
      inbound: {
        execute: async (input, next) => {
          const item = itemOf(input.headers);
          processItemId = item?.processItemId ?? requestedItem(input.args);
          const keyId = keyIdOf(input.headers);
          const isSystemTask = item?.validates !== undefined;
          let hasFailed = false;
          const failed = (error: unknown): void => {
            if (!isSystemTask || hasFailed || cancellationSignal.aborted) return;
            hasFailed = true;
            failures?.failed({ item, error, info, log });
          };
          // When its time is up, the engine counts the attempt as failed, even if it completes later.
          const seconds = info.startToCloseTimeoutMs / 1_000;
          const timer = setTimeout(
            () => failed(new Error(`no result within ${seconds} s`)),
            Math.min(info.startToCloseTimeoutMs || MAX_TIMER, MAX_TIMER),
          ).unref();
          try {
            const result = await next(input);
            if (item?.validates === true) validateTaskData(validators, { code: item.code, data: result ?? {} });
            const payload = defaultPayloadConverter.toPayload(result);
            const sent = keyId === undefined ? payload : markPayload(payload, keyId);
            checkResultSize(sent, info, maxPayloadBytes);
            if (isSystemTask && !hasFailed) failures?.succeeded(item);
            return keyId === undefined ? result : RawValue.fromPayload(sent);
          } catch (error) {
            if (cancellationSignal.aborted && cancellationSignal.reason instanceof CancelledFailure)
              throw cancellationSignal.reason;
            if (keyId !== undefined && error instanceof CompleteAsyncError) throw new Error(COMPLETES_LATER);
            const failure = toFailure(error, input.headers, info, log);
            failed(failure instanceof CallRejected ? failure : error);
            throw failure;
          } finally {
            clearTimeout(timer);
          }
        },
      },
      outbound: {
        getLogAttributes: (attributes, next) => next({ ...attributes, processItemId }),
      },
    };
  };
}

/**
 * What Temporal records for an error: the failures of KuFlow's own libraries for their activities, and for every call to KuFlow.
 * `Retry-After` sets the delay of the next attempt.
 */
function toFailure(error: unknown, headers: Headers, { activityType }: Info, log: Logger): unknown {
  if (!(error instanceof RestError)) {
    const isOther = error instanceof ApplicationFailure || !activityType.startsWith('KuFlow_Engine_');
    if (isOther) return error;
    const cause = error instanceof Error ? error : undefined;
    return ApplicationFailure.create({ message: 'Invocation error', type: 'KuFlowActivities.Failure', cause });
  }
  const { operation, status, details, retryAfter } = error;
  // Temporal repeats this until somebody removes the cause, so it must be visible in the log.
  if (status !== undefined && status >= 400 && status < 500)
    log.error('KuFlow rejected a call', { operation, status, error });
  if (status !== undefined && failsOnRejection(headers, status))
    return new CallRejected({ operation, status, response: details }, error);
  return ApplicationFailure.create({
    message: 'Rest Invocation error',
    type: 'KuFlowActivities.RestFailure',
    details: details === undefined ? [] : [details],
    nextRetryDelay: retryAfter,
    cause: error,
  });
}

/** The item that the workflow runs the activity for. */
function itemOf(headers: Headers): ItemContext | undefined {
  const payload = headers[ITEM_HEADER];
  return payload === undefined ? undefined : defaultPayloadConverter.fromPayload<ItemContext>(payload);
}

/** The item in the request of one of KuFlow's activities. */
function requestedItem([request]: readonly unknown[]): string | undefined {
  const id = (request as { processItemId?: unknown } | null | undefined)?.processItemId;
  return typeof id === 'string' ? id : undefined;
}
