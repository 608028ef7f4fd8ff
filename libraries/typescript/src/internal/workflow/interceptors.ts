import { defaultPayloadConverter, type Headers, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { currentItem, ITEM_HEADER } from './item-context.ts';
import { addPurposes } from './payload-purpose.ts';
import { withRejections } from './rejections.ts';

const ENCODING_HEADER = 'x-kuflow-encoding';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      execute: (input, next) => {
        refuseEncryption(input.headers);
        return next(input);
      },
    },
  ],
  outbound: [
    {
      scheduleActivity: (input, next) =>
        withRejections(withItem(input.headers), (headers) => next({ ...input, headers })),
      scheduleLocalActivity: (input, next) =>
        withRejections(withItem(input.headers), (headers) => next({ ...input, headers })),
      getLogAttributes: (attributes, next) => next({ ...attributes, processItemId: currentItem()?.processItemId }),
    },
  ],
  internals: [
    {
      concludeActivation: (input, next) => {
        addPurposes(input.commands);
        return next(input);
      },
    },
  ],
});

function withItem(headers: Headers): Headers {
  const item = currentItem();
  return item === undefined ? headers : { ...headers, [ITEM_HEADER]: defaultPayloadConverter.toPayload(item) };
}

/**
 * A start header tells the worker that KuFlow requires encrypted payloads. This worker has no codec for them and must not
 * answer in plain text. A plain error, unlike one of Temporal's failures, fails the workflow task and not the workflow:
 * Temporal retries it, and the process waits.
 */
function refuseEncryption(headers: Headers): void {
  if (!(ENCODING_HEADER in headers)) return;
  throw new Error(
    `KuFlow requires encrypted payloads for this process (start header ${ENCODING_HEADER}), but this worker does not support encryption. ` +
      'Turn off encryption in the process definition, or run a worker that supports it.',
  );
}
