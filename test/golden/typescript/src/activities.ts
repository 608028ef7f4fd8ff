import type { CheckCreditData, LoanApplicationData } from './process/types.ts';

// Your own activities: everything that a workflow can't do itself, such as a call of another system. Each exported
// function is an activity. It may be tried several times, so let it bear repetition.

export interface CheckCreditInput {
  readonly processId: string;
  readonly loanApplication: LoanApplicationData;
}

/** The work of the task Check credit. What it returns becomes the data of the task. */
export async function checkCredit(input: CheckCreditInput): Promise<CheckCreditData> {
  void input; // TODO: use it
  return {
    score: 0,
    decision: 'ACCEPT',
  };
}
