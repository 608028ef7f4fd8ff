// The TypeScript code in docs/how-to, so that it is compiled. A test of the docs compares it with the pages.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CancellationScope, continueAsNew, deprecatePatch, log, patched, workflowInfo } from '@temporalio/workflow';
import { afterAll, expect, it } from 'vitest';
import type { KuFlowClient, KuFlowFile } from '../src/index.ts';
import { openLocalKuFlow, openTestEnvironment } from '../src/testing.ts';
import {
  all,
  CallRejected,
  failOnRejection,
  human,
  KuFlowPrincipal,
  message,
  openProcess,
  ownActivities,
  signalAction,
  system,
  TaskCancelled,
  thread,
  TRANSFER,
  type WorkflowRequest,
  type WorkflowResponse,
} from '../src/workflow.ts';

interface LoanApplicationData {
  readonly email: string;
  readonly reviewer: KuFlowPrincipal;
}

interface CheckCreditData {
  readonly score: number;
}

interface GuaranteeData {
  readonly confirmed: boolean;
}

const tasks = {
  loanApplication: human<LoanApplicationData>('LOAN_APPLICATION'),
  approveLoan: human<{ readonly approved: boolean }>('APPROVE_LOAN'),
  review: human<object>('REVIEW'),
  reviewLoan: human<object>('REVIEW_LOAN'),
  sales: human<object>('SALES'),
  legal: human<object>('LEGAL'),
  documents: human<object>('DOCUMENTS'),
  confirmGuarantee: human<GuaranteeData>('CONFIRM_GUARANTEE'),
  checkCredit: system<CheckCreditData>('CHECK_CREDIT'),
  score: system<CheckCreditData>('SCORE'),
  sign: system<{ readonly signed: KuFlowFile }>('SIGN'),
  notify: message('NOTIFY'),
  discussion: thread('DISCUSSION'),
};

const actions = { changeAmount: signalAction<{ readonly amount: number }>('CHANGE_AMOUNT', 'ChangeAmount') };

declare function addSignature(path: string): Promise<void>;

export const createActivities = ({ kuflow }: { readonly kuflow: KuFlowClient }) => ({
  async countOpenLoans(): Promise<number> {
    const { processes } = await kuflow.findProcesses({ processDefinitionCodes: ['LOAN'], states: ['RUNNING'] });
    return processes.metadata.totalElements;
  },
  async sign(input: { readonly processId: string; readonly contract: KuFlowFile }): Promise<{ readonly signed: KuFlowFile }> {
    const folder = await mkdtemp(join(tmpdir(), 'contract-'));
    try {
      const path = join(folder, 'contract.pdf');
      await kuflow.documents.download(input.contract, path);
      await addSignature(path);
      const signed = await kuflow.documents.upload(path, { processId: input.processId, contentType: 'application/pdf' });
      return { signed };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  checkCredit: async (input: { readonly processId: string; readonly loanApplication: LoanApplicationData }): Promise<CheckCreditData> => ({
    score: input.loanApplication.email.length,
  }),
  score: async (input: { readonly processId: string }): Promise<CheckCreditData> => ({ score: input.processId.length }),
  decide: async ({ score }: CheckCreditData & { readonly processId: string }): Promise<CheckCreditData> => ({ score }),
});

type Activities = ReturnType<typeof createActivities>;

const activities = ownActivities<Activities>();

export async function tasksAndDocuments(request: WorkflowRequest, contract: KuFlowFile): Promise<void> {
  const kuflow = openProcess(request);
  const { processId } = request;
  const loanApplication = await kuflow.humanTask(tasks.loanApplication);

  async function deadline(): Promise<boolean> {
    const { approved } = await kuflow.humanTask(tasks.approveLoan, {
      deadline: '3 days', // or a Date
      onDeadline: (task) => task.assign({ ownerEmail: 'manager@example.com' }),
    });
    return approved;
  }

  async function handle(): Promise<object> {
    const task = await kuflow.openTask(tasks.review); // does not wait
    await task.log('Please look at the second page');
    await task.assign({ ownerId: KuFlowPrincipal.parse(loanApplication.reviewer).id });
    const review = await task.done; // rejects with TaskCancelled
    return review;
  }

  async function firstResponse(): Promise<object> {
    const scope = new CancellationScope();
    const opened = await scope.run(() => Promise.all([kuflow.openTask(tasks.sales), kuflow.openTask(tasks.legal)]));
    const answers = opened.map(({ done }) => done);
    const first = await Promise.race(answers);
    scope.cancel(); // cancels the other task
    await Promise.allSettled(answers); // waits until KuFlow has canceled it; a workflow that has ended can no longer cancel a task
    return first;
  }

  async function both(): Promise<readonly object[]> {
    const [sales, legal] = await all(
      () => kuflow.humanTask(tasks.sales),
      () => kuflow.humanTask(tasks.legal),
    );
    return [sales, legal];
  }

  async function systemTask(): Promise<void> {
    await kuflow.systemTask(tasks.checkCredit, activities.checkCredit, { processId, loanApplication });
    await kuflow.systemTask(tasks.score, activities.score, { processId });
    log.info('Credit checked');
  }

  async function severalActivities(): Promise<void> {
    const task = await kuflow.openTask(tasks.checkCredit);
    await task.complete(async () => {
      const { score } = await activities.score({ processId });
      return activities.decide({ processId, score });
    });
  }

  async function rejection(): Promise<void> {
    try {
      await failOnRejection(() => kuflow.humanTask(tasks.approveLoan, { ownerEmail: loanApplication.email }));
    } catch (error) {
      if (!(error instanceof CallRejected)) throw error;
      log.warn('Rejected', { status: error.status });
    }
  }

  async function transfer(): Promise<void> {
    const transfers = ownActivities<Activities>(TRANSFER);
    await kuflow.systemTask(tasks.sign, transfers.sign, { processId, contract });
  }

  for (const run of [deadline, handle, firstResponse, both, systemTask, severalActivities, rejection, transfer]) await run();
}

export async function loops(request: WorkflowRequest, guarantors: readonly string[]): Promise<void> {
  const kuflow = openProcess(request);

  async function repeat(): Promise<unknown> {
    let application = await kuflow.humanTask(tasks.loanApplication);
    let decision = await kuflow.humanTask(tasks.approveLoan);
    for (let round = 1; !decision.approved && round < 3; round += 1) {
      application = await kuflow.humanTask(tasks.loanApplication, { data: application });
      decision = await kuflow.humanTask(tasks.approveLoan);
    }
    return application;
  }

  async function together(): Promise<unknown> {
    const guarantees = await all<GuaranteeData[]>(
      ...guarantors.map((ownerEmail) => () => kuflow.humanTask(tasks.confirmGuarantee, { ownerEmail })),
    );
    return guarantees;
  }

  async function withoutThoseCanceled(): Promise<unknown> {
    const guarantees = await Promise.all(
      guarantors.map(async (ownerEmail) => {
        try {
          return await kuflow.humanTask(tasks.confirmGuarantee, { ownerEmail });
        } catch (error) {
          if (error instanceof TaskCancelled) return undefined;
          throw error;
        }
      }),
    );
    return guarantees;
  }

  for (const run of [repeat, together, withoutThoseCanceled]) await run();
}

export async function LoanWorkflow(request: WorkflowRequest, firstRound = 0): Promise<WorkflowResponse> {
  const kuflow = openProcess(request);
  for (let round = firstRound; round < 10_000; round += 1) {
    await kuflow.humanTask(tasks.reviewLoan);
    if (workflowInfo().continueAsNewSuggested) await continueAsNew<typeof LoanWorkflow>(request, round + 1);
  }
  return { message: 'Done' };
}

export async function otherPages(request: WorkflowRequest): Promise<unknown> {
  const kuflow = openProcess(request);
  const { processId } = request;

  let amount = 0;
  kuflow.onAction(actions.changeAmount, (input) => {
    amount = input.amount;
  });

  const data = await kuflow.humanTask(tasks.review); // waits for a person, returns typed data
  await kuflow.systemTask(tasks.score, activities.score, { processId }); // done by this worker
  await kuflow.message(tasks.notify, { text: 'Done' }); // does not wait
  await kuflow.thread(tasks.discussion); // does not wait

  if (patched('ask-for-documents')) {
    await kuflow.humanTask(tasks.documents); // only for processes that reach this point after the change
  }
  // processes that already passed this point continue without it

  deprecatePatch('ask-for-documents');
  await kuflow.humanTask(tasks.documents);
  return [data, amount];
}

export async function workflowTest(answers: Record<string, object>): Promise<void> {
  const validators = {};
  const environment = await openTestEnvironment({ workflows: new URL('../src/workflows.ts', import.meta.url), validators });
  afterAll(() => environment.close());

  it('tells the applicant that the loan was not approved', async () => {
    const kuflow = environment.fakeKuFlow((code) => (code === 'APPROVE_LOAN' ? { approved: false } : (answers[code] ?? {})));
    const run = await environment.startProcess('LoanWorkflow', kuflow, createActivities(kuflow));
    await run.result();
    expect(kuflow.items.at(-1)?.message?.text).toBe('Your loan was not approved');
  });
}

export async function localTest(): Promise<void> {
  const kuflow = await openLocalKuFlow();
  afterAll(() => kuflow.close());

  it('approves a loan', async () => {
    const loan = await kuflow.start('LOAN');
    await loan.task('LOAN_APPLICATION').complete({ firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 60_000 });
    await loan.task('APPROVE_LOAN').complete({ approved: true });
    await loan.wait('COMPLETED');
  });
}
