import { isRecord } from '../base/json.ts';
import type { WorkerDefinition, TaskDefinition } from './definition.ts';

/** The task whose data decides how the sample process continues. */
const SAMPLE_APPROVAL = 'APPROVE_LOAN';

/** The sample process, a loan: a person applies, the worker checks, a person approves, and the applicant is informed. */
export function sampleDefinition(): WorkerDefinition {
  return {
    process: { code: 'LOAN', name: 'Loan' },
    workflow: { type: 'LoanWorkflow', taskQueue: 'LOAN_QUEUE' },
    metadata: {
      schema: {
        type: 'object',
        properties: {
          firstName: { type: 'string', title: 'First name' },
          lastName: { type: 'string', title: 'Last name' },
        },
      },
    },
    tasks: [
      {
        code: 'LOAN_APPLICATION',
        kind: 'human',
        name: 'Loan application',
        description: 'Applicant and amount of the loan',
        data: {
          schema: {
            type: 'object',
            properties: {
              firstName: { type: 'string', title: 'First name', minLength: 1 },
              lastName: { type: 'string', title: 'Last name', minLength: 1 },
              email: { type: 'string', title: 'Email', format: 'email' },
              currency: { type: 'string', title: 'Currency', enum: ['EUR', 'USD', 'GBP'] },
              amount: { type: 'number', title: 'Amount', minimum: 1, maximum: 1000000 },
              purpose: { type: 'string', title: 'Purpose' },
            },
            required: ['firstName', 'lastName', 'currency', 'amount'],
          },
          uiSchema: {
            type: 'VerticalLayout',
            elements: [
              {
                type: 'HorizontalLayout',
                elements: [
                  { type: 'Control', scope: '#/properties/firstName' },
                  { type: 'Control', scope: '#/properties/lastName' },
                ],
              },
              { type: 'Control', scope: '#/properties/email' },
              {
                type: 'HorizontalLayout',
                elements: [
                  { type: 'Control', scope: '#/properties/amount' },
                  { type: 'Control', scope: '#/properties/currency' },
                ],
              },
              { type: 'Control', scope: '#/properties/purpose', options: { multi: true } },
            ],
          },
        },
      },
      {
        code: 'CHECK_CREDIT',
        kind: 'system',
        name: 'Check credit',
        description: 'The worker scores the applicant automatically',
        data: {
          schema: {
            type: 'object',
            properties: {
              score: { type: 'integer', title: 'Score', minimum: 0, maximum: 1000 },
              decision: { type: 'string', title: 'Decision', enum: ['ACCEPT', 'REVIEW'] },
            },
            required: ['score', 'decision'],
          },
        },
      },
      {
        code: SAMPLE_APPROVAL,
        kind: 'human',
        name: 'Approve loan',
        description: 'A person approves or rejects the loan',
        data: {
          schema: {
            type: 'object',
            properties: {
              approved: { type: 'boolean', title: 'Approved' },
              comments: { type: 'string', title: 'Comments' },
            },
            required: ['approved'],
          },
        },
      },
      {
        code: 'LOAN_RESULT',
        kind: 'message',
        name: 'Loan result',
        description: 'Informs the applicant of the decision',
      },
      {
        code: 'LOAN_DISCUSSION',
        kind: 'thread',
        name: 'Loan discussion',
        description: 'Questions about the application',
      },
    ],
  };
}

/** Whether a task is the approval of the sample process, whose workflow decides on its data. */
export function isSampleApproval({ kind, code, data }: TaskDefinition): boolean {
  const { properties, required } = data?.schema ?? {};
  return (
    kind === 'human' &&
    code === SAMPLE_APPROVAL &&
    isRecord(properties) &&
    isRecord(properties['approved']) &&
    properties['approved']['type'] === 'boolean' &&
    Array.isArray(required) &&
    required.includes('approved')
  );
}
