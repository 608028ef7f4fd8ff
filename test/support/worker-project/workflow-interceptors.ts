// The end-to-end tests add this to a generated project.
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
