// The process's tasks and user actions, with their codes in KuFlow and the types of their data.
// Generated from kuflow.process.yaml. Do not edit: change the definition, then run
// `npx kuflow generate`.
import { human, message, signalAction, system, thread } from 'kuflow-worker/workflow';
import type { ApproveLoanData, CheckCreditData, LoanApplicationData } from './types.ts';

export const tasks = {
  loanApplication: human<LoanApplicationData>('LOAN_APPLICATION'),
  checkCredit: system<CheckCreditData>('CHECK_CREDIT'),
  loanDiscussion: thread('LOAN_DISCUSSION'),
  approveLoan: human<ApproveLoanData>('APPROVE_LOAN'),
  loanResult: message('LOAN_RESULT'),
};

export const actions = {
  /** Withdraw the application */
  withdraw: signalAction('WITHDRAW', 'Withdraw'),
};
