import { expect, it } from 'vitest';
import {
  chooseCredentials,
  missingAnswers,
  withoutAccount,
  type ProcessAnswers,
} from '../../../src/cli/missing-answers.ts';

const LOCAL: ProcessAnswers = {
  folder: 'x',
  source: 'api',
  process: 'LOAN',
  taskQueue: 'LOAN_QUEUE',
  workflowType: 'LoanWorkflow',
  local: true,
};
const missingOf = (answers: ProcessAnswers) => missingAnswers(answers, chooseCredentials(answers, []), {});
const questions = (missing: ReturnType<typeof missingOf>): readonly string[] => missing.map(({ question }) => question);

it('a process in KuFlow takes credentials, which the wizard asks for in a local project too', () => {
  expect(questions(missingOf(LOCAL))).toEqual(['client-id', 'client-secret']);
});

it('without prompts, a local project is asked for tasks instead of credentials', () => {
  expect(withoutAccount(missingOf(LOCAL))).toEqual([
    {
      question: 'task',
      example: '--task APPLY',
      why: 'at least one task of the process; for a sample process, leave out --process',
    },
  ]);
  const folderOnly = missingOf({ source: 'sample', local: true });
  expect(withoutAccount(folderOnly)).toEqual(folderOnly);
});
