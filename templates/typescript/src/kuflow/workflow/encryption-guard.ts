import type { WorkflowInterceptorsFactory } from '@temporalio/workflow';

const ENCODING_HEADER = 'x-kuflow-encoding';

/**
 * A start header tells the worker that KuFlow requires encrypted payloads. This worker has no codec for them and must not
 * answer in plain text. A plain error, unlike one of Temporal's failures, fails the workflow task and not the workflow:
 * Temporal retries it, and the process waits.
 */
export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      execute: (input, next) => {
        if (ENCODING_HEADER in input.headers) {
          throw new Error(
            `KuFlow requires encrypted payloads for this process (start header ${ENCODING_HEADER}), but this worker does not support encryption. ` +
              'Turn off encryption in the process definition, or run a worker that supports it.',
          );
        }
        return next(input);
      },
    },
  ],
});
