// Types for the data of the process and its tasks, as defined in kuflow.process.yaml.

export interface Metadata {
  /** First name */
  firstName?: string;
  /** Last name */
  lastName?: string;
}

export interface LoanApplicationData {
  /** First name */
  firstName: string;
  /** Last name */
  lastName: string;
  /** Email · email */
  email?: string;
  /** Currency */
  currency: 'EUR' | 'USD' | 'GBP';
  /** Amount */
  amount: number;
  /** Purpose */
  purpose?: string;
}

export interface CheckCreditData {
  /** Score */
  score: number;
  /** Decision */
  decision: 'REVIEW' | 'ACCEPT';
}

export interface ApproveLoanData {
  /** Approved */
  approved: boolean;
  /** Comments */
  comments?: string;
}
