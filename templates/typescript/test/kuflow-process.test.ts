import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { ProcessItem } from '../src/kuflow/model.ts';
import { workflowSources } from '../src/kuflow/workflow-code.ts';
import { fakeKuFlow, type FakeKuFlow } from './support/fake-kuflow.ts';
import { replay } from './support/replay.ts';
import { timeSkippingServer } from './support/test-server.ts';
import { installTestRuntime, resultOf } from './support/workflow-result.ts';

const workflowsPath = fileURLToPath(new URL('./support/trial-workflows.ts', import.meta.url));

let environment: TestWorkflowEnvironment;
let workflowBundle: WorkflowBundleWithSourceMap;

beforeAll(async () => {
  installTestRuntime();
  environment = await TestWorkflowEnvironment.createTimeSkipping({ server: await timeSkippingServer() });
  workflowBundle = await bundleWorkflowCode({ ...workflowSources, workflowsPath, logger: new DefaultLogger('ERROR') });
});

afterAll(async () => {
  await environment?.teardown();
});

/** Runs a workflow of `trial-workflows.ts` to its end. */
async function runTrial(workflowType: string, activities: object, items?: readonly ProcessItem[], limit?: number) {
  const { client, nativeConnection: connection } = environment;
  const processId = randomUUID();
  const worker = await Worker.create({ connection, taskQueue: processId, workflowBundle, activities });
  const options = { workflowId: processId, taskQueue: processId, args: [{ processId }] };
  const handle = await client.workflow.start(workflowType, options);
  return { handle, result: await worker.runUntil(resultOf(handle, items, limit)) };
}

describe('a canceled scope', () => {
  it('cancels its task in KuFlow even if it is canceled at the moment when the task is created', async () => {
    const { client, nativeConnection: connection } = environment;
    const kuflow = fakeKuFlow(client.workflow, () => 'wait');
    const processId = randomUUID();
    let answer = (): void => undefined;
    const signaled = new Promise<void>((resolve) => (answer = resolve));
    const { KuFlow_Engine_createProcessItem: create, ...others } = kuflow.activities;
    const activities: FakeKuFlow['activities'] = {
      ...others,
      KuFlow_Engine_createProcessItem: async (request) => {
        const response = await create?.(request);
        await signaled;
        return response ?? expect.fail();
      },
    };
    const taskQueue = processId;
    const runWorkflowCode = async <Result>(until: Promise<Result>): Promise<Result> => {
      const worker = await Worker.create({ connection, taskQueue, workflowBundle, maxCachedWorkflows: 0 });
      return worker.runUntil(until);
    };
    const activityWorker = await Worker.create({ connection, taskQueue, activities });

    const result = await activityWorker.runUntil(async () => {
      const handle = await client.workflow.start('ScopeWorkflow', { workflowId: processId, taskQueue, args: [{ processId }] });
      await runWorkflowCode(vi.waitUntil(() => kuflow.items.length === 1, { timeout: 10_000 }));
      // While no worker runs workflow code, both arrive for the same workflow task.
      await kuflow.signal(processId, 'Stop');
      answer();
      const isAnswered = async () =>
        (await handle.fetchHistory()).events?.some(({ activityTaskCompletedEventAttributes: completed }) => completed);
      await vi.waitUntil(isAnswered, { timeout: 10_000 });
      return runWorkflowCode(handle.result());
    });

    expect(result).toEqual({ message: 'canceled' });
    expect(kuflow.items.map(({ task }) => task?.state)).toEqual(['CANCELLED']);
  });

  it('does not break the replay of histories in which the task stayed open', async () => {
    const recorded = await readFile(new URL('./support/lost-cancellation.json', import.meta.url), 'utf8');
    await replay(JSON.parse(recorded), workflowsPath);
  });
});

describe('the deadline of a task', () => {
  it('does not hide that the task is completed while onDeadline retries an activity', async () => {
    let attempts = 0;
    const { activities } = fakeKuFlow(environment.client.workflow, () => (attempts > 1 ? { ok: true } : 'wait'));
    const { result } = await runTrial('StubbornDeadlineWorkflow', {
      ...activities,
      KuFlow_Engine_appendProcessItemTaskLog: async () => {
        attempts += 1;
        throw new Error('down');
      },
    });
    expect(result).toEqual({ message: 'true' });
  });
});

describe('the KuFlow of the tests', () => {
  it('asks the person again when a task is assigned', async () => {
    const kuflow = fakeKuFlow(environment.client.workflow, () =>
      kuflow.items[0]?.ownerId === undefined ? 'wait' : { ok: true },
    );
    const { result } = await runTrial('ReassignedWorkflow', kuflow.activities, kuflow.items, 20_000);
    expect(result).toEqual({ message: 'true' });
  });
});

describe('a test run', () => {
  it('that does not end names the open tasks and the activities that fail', async () => {
    const { activities, items } = fakeKuFlow(environment.client.workflow, () => 'wait');
    const failing = {
      ...activities,
      KuFlow_Engine_appendProcessItemTaskLog: async () => {
        throw new Error('down');
      },
    };
    await expect(runTrial('StubbornDeadlineWorkflow', failing, items, 3_000)).rejects.toThrow(
      /not ended within 3 s\nOpen task: REVIEW \(READY\)\nActivity KuFlow_Engine_appendProcessItemTaskLog, attempt \d+: down/,
    );
  });
});

describe('the replay of a history', () => {
  it('accepts an item that was canceled in the workflow task that created it', async () => {
    const { activities } = fakeKuFlow(environment.client.workflow, () => ({ ok: true }));
    const { handle } = await runTrial('DroppedTaskWorkflow', activities);
    await replay(JSON.parse(historyToJSON(await handle.fetchHistory())), workflowsPath);
  });
});
