import { defaultPayloadConverter, type Headers, type WorkflowInterceptorsFactory } from '@temporalio/workflow';
import { keyIdOf, markCommands, withEncryption } from './encryption.ts';
import { currentItem, ITEM_HEADER } from './item-context.ts';
import { addPurposes } from './payload-purpose.ts';
import { withRejections } from './rejections.ts';

export const interceptors: WorkflowInterceptorsFactory = () => {
  // Each workflow has its own interceptors. Its start headers say whether its process is confidential.
  let keyId: string | undefined;
  const activityHeaders = (input: { readonly headers: Headers }): Headers => withItem(withEncryption(input, keyId).headers);
  return {
    inbound: [
      {
        execute: (input, next) => {
          keyId = keyIdOf(input.headers);
          return next(input);
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) =>
          withRejections(activityHeaders(input), (headers) => next({ ...input, headers })),
        scheduleLocalActivity: (input, next) =>
          withRejections(activityHeaders(input), (headers) => next({ ...input, headers })),
        startChildWorkflowExecution: (input, next) => next(withEncryption(input, keyId)),
        signalWorkflow: (input, next) => next(withEncryption(input, keyId)),
        continueAsNew: (input, next) => next(withEncryption(input, keyId)),
        getLogAttributes: (attributes, next) => next({ ...attributes, processItemId: currentItem()?.processItemId }),
      },
    ],
    internals: [
      {
        concludeActivation: (input, next) => {
          addPurposes(input.commands);
          if (keyId !== undefined) markCommands(input.commands, keyId);
          return next(input);
        },
      },
    ],
  };
};

function withItem(headers: Headers): Headers {
  const item = currentItem();
  return item === undefined ? headers : { ...headers, [ITEM_HEADER]: defaultPayloadConverter.toPayload(item) };
}
