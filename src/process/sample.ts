import { isRecord, type JsonObject } from '../base/json.ts';
import type { DataShape, ProcessDefinition, TaskDefinition, WorkerDefinition } from './definition.ts';

/** The task and the action that decide how the sample process continues. */
const SAMPLE_APPROVAL = 'APPROVE_LOAN';
const SAMPLE_WITHDRAWAL = 'WITHDRAW';

/**
 * The sample process, a loan: a person applies, the worker checks, a person approves if the check asks for it, and the applicant is informed. The
 * applicant can withdraw.
 */
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
        description: 'Scores the applicant',
        data: {
          schema: {
            type: 'object',
            properties: {
              score: { type: 'integer', title: 'Score', minimum: 0, maximum: 1000 },
              decision: { type: 'string', title: 'Decision', enum: ['REVIEW', 'ACCEPT'] },
            },
            required: ['score', 'decision'],
          },
        },
      },
      {
        code: 'LOAN_DISCUSSION',
        kind: 'thread',
        name: 'Loan discussion',
        description: 'Questions about the application',
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
    ],
    actions: [
      {
        code: SAMPLE_WITHDRAWAL,
        type: 'send-workflow-signal',
        name: 'Withdraw the application',
        description: 'Withdraws the application and cancels its open tasks',
        signal: 'Withdraw',
        availableTo: ['initiator'],
      },
    ],
  };
}

/** How the workflow of the sample process decides: codes of its tasks and of its action. Undefined for other processes. */
export function sampleDecision({ tasks, actions = [] }: ProcessDefinition) {
  const at = tasks.findIndex(isSampleApproval);
  if (at === -1) return undefined;
  const check = tasks.slice(0, at).findLast(isSampleCheck);
  const withdrawal = actions.find(
    ({ code, type, ...action }) =>
      code === SAMPLE_WITHDRAWAL && type === 'send-workflow-signal' && !('input' in action),
  );
  return {
    /** The task of the person who decides. */
    approval: SAMPLE_APPROVAL,
    /** The system task whose result says whether a person has to decide. */
    check: check?.code,
    /** The message that informs the applicant. */
    result: tasks.slice(at).find(({ kind }) => kind === 'message')?.code,
    /** The action that ends the process. */
    withdrawal: withdrawal?.code,
  };
}

function isSampleCheck({ kind, data }: TaskDefinition): boolean {
  const decision = requiredProperty(data, 'decision');
  return kind === 'system' && Array.isArray(decision?.['enum']) && decision['enum'].includes('REVIEW');
}

function isSampleApproval({ kind, code, data }: TaskDefinition): boolean {
  return kind === 'human' && code === SAMPLE_APPROVAL && requiredProperty(data, 'approved')?.['type'] === 'boolean';
}

function requiredProperty(data: DataShape | undefined, name: string): JsonObject | undefined {
  const { properties, required } = data?.schema ?? {};
  const property =
    isRecord(properties) && Array.isArray(required) && required.includes(name) ? properties[name] : undefined;
  return isRecord(property) ? property : undefined;
}
