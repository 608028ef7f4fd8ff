import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

const ENCODING_HEADER = 'x-kuflow-encoding';

/**
 * KuFlow asks for encrypted payloads by a header of the start. This worker has no codec for them, and to answer in
 * clear text would be worse than to wait: an error that is no failure of Temporal's fails the workflow task, which
 * is tried again, and not the workflow.
 */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      execute: (input, next) => {
        if (ENCODING_HEADER in input.headers) {
          throw new Error(
            `KuFlow wants encrypted payloads for this process (start header ${ENCODING_HEADER}), and this worker can't encrypt: ` +
              'switch encryption off in the process definition, or run a worker that supports it.',
          );
        }
        return next(input);
      },
    },
  ],
});
