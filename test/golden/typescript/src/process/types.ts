// Types for the data of the process and its tasks.
// Generated from kuflow.process.yaml. Do not edit: change the definition, then run
// `npx kuflow generate`.

export interface Metadata {
  firstName?: string;
  lastName?: string;
}

export interface LoanApplicationData {
  firstName: string;
  lastName: string;
  email?: string;
  currency: 'EUR' | 'USD' | 'GBP';
  amount: number;
  purpose?: string;
}

export interface CheckCreditData {
  score: number;
  decision: 'REVIEW' | 'ACCEPT';
}

export interface ApproveLoanData {
  approved: boolean;
  comments?: string;
}
