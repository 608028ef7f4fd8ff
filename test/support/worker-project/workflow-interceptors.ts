// Added to a generated project by the end-to-end tests.
import { log, type WorkflowInterceptorsFactory } from '@temporalio/workflow';

export const interceptors: WorkflowInterceptorsFactory = () => ({
  inbound: [
    {
      execute: (input, next) => {
        log.info('Intercepted the workflow');
        return next(input);
      },
    },
  ],
});
