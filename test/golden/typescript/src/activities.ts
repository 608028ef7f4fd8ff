import type { CheckCreditData, LoanApplicationData } from './process/types.ts';

// Your activities: work that workflow code cannot do itself, such as calling another system. Each exported function is
// an activity. Temporal retries activities that fail, so make them idempotent.

export interface CheckCreditInput {
  readonly processId: string;
  readonly loanApplication: LoanApplicationData;
}

/** Performs the "Check credit" task and returns its data. */
export async function checkCredit(input: CheckCreditInput): Promise<CheckCreditData> {
  void input; // TODO: use the input
  return {
    score: 0,
    decision: 'ACCEPT',
  };
}
