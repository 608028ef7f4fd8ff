import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker, type ActivityInterceptorsFactory } from '@temporalio/worker';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ItemsDiffer, replayHistories, type Replayed } from '../src/internal/replay/histories.ts';
import { RestError } from '../src/internal/rest-client.ts';
import { testEncryption } from '../src/internal/testing/confidential.ts';
import type { KuFlowProcess } from '../src/internal/workflow/kuflow-process.ts';
import { human, message, signalAction, system as systemTask } from '../src/internal/workflow/task.ts';
import { workflowSources } from '../src/internal/workflow-code.ts';
import { openTestEnvironment, replay, type FakeKuFlow, type TestEnvironment } from '../src/testing.ts';

const workflows = new URL('./support/trial-workflows.ts', import.meta.url);
/** The histories of one workflow, recorded with each released version of this library. */
const released = new URL('./support/released/', import.meta.url);

/** Seconds. */
const DAY = 86_400;

let environment: TestEnvironment;
/** The types of the activities that an interceptor of the project has seen. */
const intercepted = new Set<string>();

beforeAll(async () => {
  const activityInterceptors: ActivityInterceptorsFactory[] = [
    ({ info }) => ({ inbound: { execute: (input, next) => (intercepted.add(info.activityType), next(input)) } }),
  ];
  environment = await openTestEnvironment({ workflows, activityInterceptors });
});

afterAll(async () => {
  await environment?.close();
});

/** Runs a workflow of `trial-workflows.ts` to its end. */
async function runTrial(workflowType: string, kuflow: FakeKuFlow, activities: object = {}) {
  const run = await environment.startProcess(workflowType, kuflow, activities);
  return { run, result: await run.result() };
}

describe('a canceled scope', () => {
  it('cancels its task in KuFlow even if it is canceled at the moment when the task is created', async () => {
    const { client, nativeConnection: connection } = environment.temporal;
    const kuflow = environment.fakeKuFlow(() => 'wait');
    const workflowBundle = await bundleWorkflowCode({
      ...workflowSources(fileURLToPath(workflows)),
      logger: new DefaultLogger('ERROR'),
    });
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
      const handle = await client.workflow.start('ScopeWorkflow', {
        workflowId: processId,
        taskQueue,
        args: [{ processId }],
      });
      await runWorkflowCode(vi.waitUntil(() => kuflow.items.length === 1, { timeout: 60_000 }));
      // While no worker runs workflow code, both arrive for the same workflow task.
      await kuflow.signal(processId, 'Stop');
      answer();
      const isAnswered = async () =>
        (await handle.fetchHistory()).events?.some(({ activityTaskCompletedEventAttributes: completed }) => completed);
      await vi.waitUntil(isAnswered, { timeout: 60_000 });
      return runWorkflowCode(handle.result());
    });

    expect(result).toEqual({ message: 'canceled' });
    expect(kuflow.items.map(({ task }) => task?.state)).toEqual(['CANCELLED']);
  });

  it('does not break the replay of histories in which the task stayed open', async () => {
    const recorded = await readFile(new URL('./support/lost-cancellation.json', import.meta.url), 'utf8');
    await replay(JSON.parse(recorded), workflows);
  });
});

describe('user actions', () => {
  it('reach their handlers with their input, also if they share a signal or were invoked before the workflow started', async () => {
    const kuflow = environment.fakeKuFlow(() => 'wait');
    const run = await environment.startProcess('ActionsWorkflow', kuflow);
    await kuflow.act(run.processId, signalAction('QUESTION', 'Said'), { text: 'Why?' });
    await kuflow.act(run.processId, signalAction('OTHER', 'Said'));
    await kuflow.signal(run.processId, 'Said', undefined);
    await kuflow.act(run.processId, signalAction('NOTE', 'Said'), { text: 'Hello' });
    await kuflow.act(run.processId, signalAction('WITHDRAW', 'Withdraw'));
    const received = [
      ['question', 'Why?'],
      ['NOTE', 'Hello'],
      ['withdraw', 'undefined'],
    ];
    expect(await run.result()).toEqual({ message: JSON.stringify(received) });
    await replay(await run.history(), workflows);
  });

  it("can have separate workflows, which get KuFlow's request", async () => {
    const kuflow = environment.fakeKuFlow(() => 'wait');
    const run = await environment.startProcess('ActionWorkflow', kuflow, {}, { action: 'EXPORT' });
    const documentUri = `ku:${run.processId}`;
    expect(await run.result()).toEqual({ message: 'EXPORT', downloadable: { documentUri } });
  });
});

describe('parallel tasks', () => {
  it('are completed in any order', async () => {
    const kuflow = environment.fakeKuFlow((code) => (code === 'REVIEW' ? { ok: true } : { a: 1 }));
    expect((await runTrial('ParallelWorkflow', kuflow)).result).toEqual({ message: 'true 1' });
  });

  it('are canceled in KuFlow if one of them is canceled', async () => {
    const kuflow = environment.fakeKuFlow((code) => (code === 'SECOND' ? 'cancel' : 'wait'));
    const { run, result } = await runTrial('ParallelWorkflow', kuflow);
    expect(result).toEqual({ message: 'canceled SECOND' });
    expect(kuflow.items.map(({ task }) => task?.state)).toEqual(['CANCELLED', 'CANCELLED']);
    await replay(await run.history(), workflows);
  });
});

it('the types of metadata, data and context data find misspelled fields', () => {
  const task = human<{ ok: boolean }, { limit: number }>('REVIEW');
  const system = systemTask<{ score: number }, { limit: number }>('CHECK');
  // Checked by tsc, and never called.
  const calls = (kuflow: KuFlowProcess<{ name?: string }>) => [
    kuflow.writeMetadata({ name: 'Ada' }),
    kuflow.humanTask(task, { data: { ok: true }, contextData: { limit: 1 } }),
    kuflow.openTask(system, { contextData: { limit: 1 } }),
    // @ts-expect-error misspelled
    kuflow.writeMetadata({ nane: 'Ada' }),
    // @ts-expect-error misspelled
    kuflow.humanTask(task, { contextData: { limti: 1 } }),
    // @ts-expect-error misspelled
    kuflow.humanTask(task, { data: { okay: true } }),
    // @ts-expect-error misspelled
    kuflow.openTask(system, { contextData: { limti: 1 } }),
    // @ts-expect-error misspelled
    kuflow.systemTask(system, async () => ({ score: 1 }), {}, { contextData: { limti: 1 } }),
    // @ts-expect-error misspelled
    kuflow.message(message<{ text: string }>('RESULT'), { data: { txet: '' } }),
    // @ts-expect-error misspelled
    kuflow.onAction(signalAction<{ text: string }>('NOTE', 'Said'), ({ txet }) => txet),
    // @ts-expect-error without an input
    kuflow.onAction(signalAction('WITHDRAW', 'Withdraw'), ({ text }) => text),
  ];
  expect(calls).toBeTypeOf('function');
});

/** Runs a process whose first item is rejected with these statuses, and then accepted. */
async function runRejected(...statuses: number[]) {
  const kuflow = environment.fakeKuFlow(() => ({ ok: true }));
  const { KuFlow_Engine_createProcessItem: create = expect.fail } = kuflow.activities;
  const trial = await runTrial('RejectedWorkflow', kuflow, {
    KuFlow_Engine_createProcessItem: async (request: Parameters<typeof create>[0]) => {
      const status = statuses.shift();
      if (status === undefined) return create(request);
      const facts = { operation: 'createProcessItem', status, details: { message: 'not valid' } };
      throw new RestError('no', facts);
    },
  });
  return { ...trial, kuflow };
}

describe('a call that KuFlow rejects inside failOnRejection', () => {
  it('throws an error that the workflow can catch, if its data is the reason', async () => {
    const { run, result } = await runRejected(400);
    expect(result).toEqual({ message: 'createProcessItem 400 not valid' });
    await replay(await run.history(), workflows);
  });

  it('is retried if its data is not the reason', async () => {
    const { result, kuflow } = await runRejected(401, 403, 408, 429, 503);
    expect(result).toEqual({ message: 'created' });
    expect(kuflow.items).toHaveLength(1);
  });
});

describe('the deadline of a task', () => {
  it('does not hide that the task is completed while onDeadline retries an activity', async () => {
    let attempts = 0;
    const kuflow = environment.fakeKuFlow(() => (attempts > 1 ? { ok: true } : 'wait'));
    const { result } = await runTrial('StubbornDeadlineWorkflow', kuflow, {
      KuFlow_Engine_appendProcessItemTaskLog: async () => {
        attempts += 1;
        throw new Error('down');
      },
    });
    expect(result).toEqual({ message: 'true' });
  });
});

describe('a task whose signal does not arrive', () => {
  it('is read again after 1, 2, 4, 8 and 12 hours, and up to 5 % later, depending on its ID', async () => {
    const kuflow: FakeKuFlow = environment.fakeKuFlow(() => (kuflow.items[0]?.ownerId === undefined ? 'wait' : { ok: true }));
    const { run } = await runTrial('ReassignedWorkflow', kuflow);
    const { events } = historyFromJSON(await run.history());
    const waits = (events ?? []).flatMap(({ timerStartedEventAttributes: timer }) =>
      timer ? [Number(timer.startToFireTimeout?.seconds) + (timer.startToFireTimeout?.nanos ?? 0) / 1e9] : [],
    );
    const later = 1 + Number.parseInt(kuflow.items[0]?.id.slice(-4) ?? '', 16) / 0xffff / 20;
    expect(later).toBeLessThanOrEqual(1.05);
    const hours = waits.filter((wait) => wait !== DAY).map((wait) => Number((wait / 3600 / later).toFixed(6)));
    expect(hours.slice(0, 5)).toEqual([1, 2, 4, 8, 12]);
  });
});

describe('the KuFlow of the tests', () => {
  it('asks the person again when a task is assigned', async () => {
    const kuflow: FakeKuFlow = environment.fakeKuFlow(() =>
      kuflow.items[0]?.ownerId === undefined ? 'wait' : { ok: true },
    );
    const { result } = await runTrial('ReassignedWorkflow', kuflow);
    expect(result).toEqual({ message: 'true' });
  });
});

describe('a test run', () => {
  it('calls the interceptors of the project', async () => {
    await runTrial('ReassignedWorkflow', environment.fakeKuFlow(() => ({ ok: true })));
    expect([...intercepted]).toContain('KuFlow_Engine_createProcessItem');
  });

  it('that does not end names the open tasks and the activities that fail', async () => {
    let attempts = 0;
    const kuflow = environment.fakeKuFlow(() => 'wait');
    const run = await environment.startProcess('StubbornDeadlineWorkflow', kuflow, {
      KuFlow_Engine_appendProcessItemTaskLog: async () => {
        attempts += 1;
        throw new Error('down');
      },
    });
    const meanwhile = async () => {
      await environment.temporal.sleep('2 days');
      await vi.waitUntil(() => attempts > 1, { timeout: 60_000 });
    };
    await expect(run.result({ meanwhile, limit: 100 })).rejects.toThrow(
      /not ended within 0\.1 s\nOpen task: REVIEW \(READY\)\nActivity KuFlow_Engine_appendProcessItemTaskLog, attempt \d+: down/,
    );
  });

  it('can act while the workflow runs', async () => {
    const kuflow = environment.fakeKuFlow(() => 'wait');
    const run = await environment.startProcess('ScopeWorkflow', kuflow);
    const meanwhile = async () => {
      await vi.waitUntil(() => kuflow.items.length === 1, { timeout: 60_000 });
      await kuflow.signal(run.processId, 'Stop');
    };
    expect(await run.result({ meanwhile })).toEqual({ message: 'canceled' });
  });
});

describe('the replay of a history', () => {
  it('accepts an item that was canceled in the workflow task that created it', async () => {
    const { run } = await runTrial(
      'DroppedTaskWorkflow',
      environment.fakeKuFlow(() => ({ ok: true })),
    );
    await replay(await run.history(), workflows);
  });
});

describe('the replay of several histories', () => {
  interface RecordedEvent {
    readonly timerStartedEventAttributes?: { startToFireTimeout: string };
    readonly activityTaskScheduledEventAttributes?: { readonly input?: { readonly payloads: { data: string }[] } };
  }

  it('reports the difference for each history, including timer durations, which Temporal does not compare', async () => {
    const text = await readFile(new URL('0.1.0.json', released), 'utf8');
    const changed = (change: (event: RecordedEvent) => void): unknown => {
      const history = JSON.parse(text) as { readonly events: readonly RecordedEvent[] };
      history.events.forEach(change);
      return history;
    };
    const otherTimer = changed(({ timerStartedEventAttributes: timer }) => {
      if (timer?.startToFireTimeout === '18000s') timer.startToFireTimeout = '259200s';
    });
    const otherItem = changed(({ activityTaskScheduledEventAttributes: scheduled }) => {
      for (const payload of scheduled?.input?.payloads ?? [])
        payload.data = Buffer.from(
          Buffer.from(payload.data, 'base64').toString().replace('"processItemDefinitionCode":"REVIEW"', '"processItemDefinitionCode":"CHECK"'),
        ).toString('base64');
    });
    const histories = [JSON.parse(text), otherTimer, otherItem, JSON.parse(text)].map((history, at) => ({
      workflowId: String(at),
      history: historyFromJSON(history),
    }));
    const results: Replayed[] = [];
    for await (const result of replayHistories(fileURLToPath(workflows), testEncryption, histories)) results.push(result);
    expect(results).toEqual([
      { workflowId: '0' },
      {
        workflowId: '1',
        changedTimer: expect.stringMatching(
          /^Timer \d takes 3 d in the history, and 5 h in the workflow code\. Running processes keep the old time$/,
        ) as unknown,
      },
      {
        workflowId: '2',
        failure: new ItemsDiffer(
          'Item 1 of the process is TASK CHECK in the history, but the workflow code creates TASK REVIEW',
        ),
        lastItem: expect.stringMatching(/^item \d, /) as unknown,
      },
      { workflowId: '3' },
    ]);
  });
});

describe('a process of a released version', () => {
  const version = process.env['KUFLOW_RECORD'];
  const record = async () => {
    // The first answer comes after the deadline.
    const kuflow: FakeKuFlow = environment.fakeKuFlow((code) =>
      code === 'SECOND' || (code === 'REVIEW' && kuflow.logs.length === 0) ? 'wait' : { ok: true },
    );
    const { run, result } = await runTrial('EverythingWorkflow', kuflow, { check: async () => ({ score: 7 }) });
    expect(result).toEqual({ message: 'true {"score":7}' });
    const history = JSON.stringify(await run.history(), undefined, 1).replaceAll(/"identity": ".*"/g, '"identity": "worker"');
    await writeFile(new URL(`${version}.json`, released), `${history}\n`);
  };
  if (version !== undefined) it('is recorded', record);

  it.each(readdirSync(released))('continues: %s', async (name) => {
    await replay(JSON.parse(await readFile(new URL(name, released), 'utf8')), workflows);
  });
});
