import { randomUUID } from 'node:crypto';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createActivities } from '../src/activities.ts';
import { createActivityInterceptor } from '../src/kuflow/activity-interceptor.ts';
import { payloadLimit } from '../src/kuflow/payload-limit.ts';
import { workflowSources } from '../src/kuflow/workflow-code.ts';
import { fakeKuFlow, type FakeKuFlow, type Person } from './support/fake-kuflow.ts';
import { timeSkippingServer } from './support/test-server.ts';
import { installTestRuntime, resultOf } from './support/workflow-result.ts';

const WORKFLOW_TYPE = 'LoanWorkflow';

/** The data that people enter, by task code. */
const answers: Record<string, object> = {
  LOAN_APPLICATION: {
    firstName: 'TODO',
    lastName: 'TODO',
    currency: 'EUR',
    amount: 1,
  },
  APPROVE_LOAN: {
    approved: true,
  },
};

/** The metadata that the process is started with. */
const metadata: Record<string, unknown> = {};

let environment: TestWorkflowEnvironment;
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  installTestRuntime();
  environment = await TestWorkflowEnvironment.createTimeSkipping({ server: await timeSkippingServer() });
  workflowBundle = await bundleWorkflowCode({ ...workflowSources, logger: new DefaultLogger('ERROR') });
});

afterAll(async () => {
  await environment?.teardown();
});

/** Runs a process. `beforeStart` can signal its workflow. */
async function run(
  person: Person,
  beforeStart?: (kuflow: FakeKuFlow, processId: string) => Promise<void>,
) {
  const kuflow: FakeKuFlow = fakeKuFlow(environment.client.workflow, person, metadata);
  const processId = randomUUID();
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue: processId,
    workflowBundle,
    activities: { ...kuflow.activities, ...createActivities(kuflow) },
    dataConverter: { payloadCodecs: [payloadLimit()] },
    interceptors: { activity: [createActivityInterceptor()] },
  });
  const handle = await environment.client.workflow.start(WORKFLOW_TYPE, {
    workflowId: processId,
    taskQueue: processId,
    args: [{ processId }],
  });
  await beforeStart?.(kuflow, processId);
  const result = await worker.runUntil(resultOf(handle, kuflow.items));
  return { result, items: kuflow.items, logs: kuflow.logs, history: await handle.fetchHistory() };
}

describe('the workflow', () => {
  it('completes, and its history can be replayed', async () => {
    const { result, items, history } = await run((code) => answers[code] ?? {});

    expect(result).toMatchObject({ message: expect.any(String) });
    expect(items.map((item) => item.processItemDefinitionRef?.code)).toEqual([
      'LOAN_APPLICATION',
      'CHECK_CREDIT',
      'APPROVE_LOAN',
      'LOAN_RESULT',
      'LOAN_DISCUSSION',
    ]);
    const open = items.filter(({ task }) => task !== undefined && task.state !== 'COMPLETED');
    expect(open).toEqual([]);

    await Worker.runReplayHistory({ workflowBundle }, history);
  });

  it('ignores signals that it does not know', async () => {
    const { result } = await run((code) => answers[code] ?? {}, async (kuflow, processId) => {
      await kuflow.signal(processId, 'Unknown_Signal');
      await kuflow.signal(processId, 'KuFlow_Engine_Signal_Process_Item', { type: 'UNKNOWN' });
    });

    expect(result).toMatchObject({ message: expect.any(String) });
  });

  it('ends when the loan is not approved', async () => {
    const { items } = await run((code) => (code === 'APPROVE_LOAN' ? { approved: false } : (answers[code] ?? {})));

    expect(items.at(-1)?.message?.text).toBe('Your loan was not approved');
  });

  it('writes to the log of the approval when nobody has decided for three days', async () => {
    const { logs } = await run((code, written) =>
      code === 'APPROVE_LOAN' && written.length === 0 ? 'wait' : (answers[code] ?? {}),
    );

    expect(logs).toEqual([expect.objectContaining({ code: 'APPROVE_LOAN', level: 'WARN' })]);
  });

  it('detects a task that was canceled in KuFlow, which sends no signal', async () => {
    const { result } = await run(() => 'cancel');

    expect(result).toMatchObject({ cause: { type: 'TaskCancelled' } });
  });
});
