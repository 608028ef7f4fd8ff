import { log } from '@temporalio/activity';
import type { KuFlowClient } from 'kuflow-worker';
import type { CheckCreditData, LoanApplicationData } from './process/types.ts';

// Your activities: work that workflow code must not do itself, such as calling another system. Temporal retries activities
// that fail, so make them idempotent. `kuflow` is a client for KuFlow's API with this worker's credentials.
export const createActivities = ({ kuflow }: { readonly kuflow: KuFlowClient }) => ({
  /** Performs the "Check credit" task and returns its data. */
  async checkCredit(input: {
    readonly processId: string;
    readonly loanApplication: LoanApplicationData;
  }): Promise<CheckCreditData> {
    // TODO: replace this sample code with a real credit check.
    const { process } = await kuflow.retrieveProcess({ processId: input.processId });
    log.info('Checking credit', { processCreatedAt: process.createdAt });
    return {
      score: 0,
      decision: 'REVIEW',
    };
  },
});

export type Activities = ReturnType<typeof createActivities>;
