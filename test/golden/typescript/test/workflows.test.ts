import { openTestEnvironment, replay, type Person, type TestEnvironment } from 'kuflow-worker/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createActivities } from '../src/activities.ts';
import { actions } from '../src/process/tasks.ts';
import { validators } from '../src/process/validators.ts';

const workflows = new URL('../src/workflows.ts', import.meta.url);
const WORKFLOW_TYPE = 'LoanWorkflow';

/** The data that people enter, by task code. */
const answers: Record<string, object> = {
  LOAN_APPLICATION: {
    firstName: 'Ada',
    lastName: 'Lovelace',
    currency: 'EUR',
    amount: 1,
  },
  APPROVE_LOAN: {
    approved: true,
  },
};

/** The metadata that the process is started with. */
const metadata: Record<string, unknown> = {};

let environment: TestEnvironment;

beforeAll(async () => {
  environment = await openTestEnvironment({ workflows, validators });
});

afterAll(async () => {
  await environment?.close();
});

async function start(person: Person, activities: object = {}) {
  const kuflow = environment.fakeKuFlow(person, metadata);
  const run = await environment.startProcess(WORKFLOW_TYPE, kuflow, { ...createActivities(kuflow), ...activities });
  return { kuflow, run };
}

describe('the workflow', () => {
  it('completes with a replayable history', async () => {
    const { kuflow, run } = await start((code) => answers[code] ?? {});

    expect(await run.result()).toMatchObject({ message: expect.any(String) });
    expect(kuflow.items.map((item) => item.processItemDefinitionRef?.code)).toEqual([
      'LOAN_APPLICATION',
      'CHECK_CREDIT',
      'LOAN_DISCUSSION',
      'APPROVE_LOAN',
      'LOAN_RESULT',
    ]);
    const open = kuflow.items.filter(({ task }) => task !== undefined && task.state !== 'COMPLETED');
    expect(open).toEqual([]);

    await replay(await run.history(), workflows);
  });

  it('ignores unknown signals', async () => {
    const { kuflow, run } = await start((code) => answers[code] ?? {});
    await kuflow.signal(run.processId, 'Unknown_Signal');
    await kuflow.signal(run.processId, 'KuFlow_Engine_Signal_Process_Item', { type: 'UNKNOWN' });

    expect(await run.result()).toMatchObject({ message: expect.any(String) });
  });

  it('skips the approval when the credit check returns ACCEPT', async () => {
    const { kuflow, run } = await start((code) => answers[code] ?? {}, {
      checkCredit: async () => ({
        score: 0,
        decision: 'ACCEPT',
      }),
    });

    expect(await run.result()).toMatchObject({ message: expect.stringMatching(/ completed$/) });
    expect(kuflow.items.map((item) => item.processItemDefinitionRef?.code)).not.toContain('APPROVE_LOAN');
  });

  it('tells the applicant that the loan was not approved', async () => {
    const { kuflow, run } = await start((code) => (code === 'APPROVE_LOAN' ? { approved: false } : (answers[code] ?? {})));
    await run.result();

    expect(kuflow.items.at(-1)?.message?.text).toBe('Your loan was not approved');
  });

  it('logs a warning on the approval task after three days without a decision', async () => {
    const { kuflow, run } = await start((code, written) =>
      code === 'APPROVE_LOAN' && written.length === 0 ? 'wait' : (answers[code] ?? {}),
    );
    await run.result();

    expect(kuflow.logs).toEqual([expect.objectContaining({ code: 'APPROVE_LOAN', level: 'WARN' })]);
  });

  it('cancels the open tasks when the applicant withdraws', async () => {
    const { kuflow, run } = await start(() => 'wait');
    const meanwhile = async () => {
      await vi.waitUntil(() => kuflow.items.length === 1, { timeout: 60_000 });
      await kuflow.act(run.processId, actions.withdraw);
    };

    expect(await run.result({ meanwhile })).toMatchObject({ message: expect.stringContaining('withdrawn') });
    expect(kuflow.items[0]?.task?.state).toBe('CANCELLED');
    expect(kuflow.items.at(-1)?.message?.text).toBe('You withdrew your application');
  });

  it('fails when a task is canceled in KuFlow, even without a signal', async () => {
    const { run } = await start(() => 'cancel');

    expect(await run.result()).toMatchObject({ cause: { type: 'TaskCancelled' } });
  });
});
