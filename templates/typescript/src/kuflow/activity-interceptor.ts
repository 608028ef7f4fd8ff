import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { toApplicationFailure } from './activity-failure.ts';
import { RestError } from './rest-client.ts';
import { ITEM_HEADER, type ItemContext } from './workflow/item-context.ts';

/** What all activities of this worker have in common: KuFlow's and your own. */
export function createActivityInterceptor(): ActivityInterceptorsFactory {
  return () => {
    let processItemId: string | undefined;
    return {
      inbound: {
        execute: async (input, next) => {
          processItemId = itemOf(input.headers)?.processItemId ?? requestedItem(input.args);
          try {
            return await next(input);
          } catch (error) {
            throw error instanceof RestError ? toApplicationFailure(error) : error;
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
