import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { toApplicationFailure } from './activity-failure.ts';
import { RestError } from './rest-client.ts';
import type { TaskFailures } from './task-failures.ts';
import { ITEM_HEADER, type ItemContext } from './workflow/item-context.ts';

const MAX_TIMER = 2 ** 31 - 1;

/** What all activities of this worker have in common: KuFlow's and your own. */
export function createActivityInterceptor(failures: TaskFailures): ActivityInterceptorsFactory {
  return ({ info, log, cancellationSignal }) => {
    let processItemId: string | undefined;
    return {
      inbound: {
        execute: async (input, next) => {
          const item = itemOf(input.headers);
          processItemId = item?.processItemId ?? requestedItem(input.args);
          let hasFailed = false;
          const failed = (error: unknown): void => {
            if (item === undefined || hasFailed || cancellationSignal.aborted) return;
            hasFailed = true;
            failures.failed({ item, error, info, log });
          };
          // When its time is up, the engine counts the attempt as failed, even if it completes later.
          const seconds = info.startToCloseTimeoutMs / 1_000;
          const timer = setTimeout(
            () => failed(new Error(`no result within ${seconds} s`)),
            Math.min(info.startToCloseTimeoutMs || MAX_TIMER, MAX_TIMER),
          ).unref();
          try {
            const result = await next(input);
            if (item !== undefined && !hasFailed) failures.succeeded(item);
            return result;
          } catch (error) {
            failed(error);
            throw error instanceof RestError ? toApplicationFailure(error) : error;
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
