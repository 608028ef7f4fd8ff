import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { Client, defaultPayloadConverter, WorkflowNotFoundError } from '@temporalio/client';
import { RawValue } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { ROOT } from '../../scripts/bundle.mjs';
import { uuid7 } from '../../src/base/uuid.ts';
import { createPlatformState } from '../../src/platform/state/running-state.ts';
import { encryptedArgument, encryptionHeaders } from '../../src/platform/temporal/encryption.ts';
import type { ProcessDefinition } from '../../src/process/definition.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { closedPort } from '../support/answering-server.ts';
import { payloadsIn, type HistoryPayload } from '../support/history-payloads.ts';
import { readEncryptionKey } from '../support/loan-process.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { failureIn, processUser, type HistoryEvent, type ProcessUser } from '../support/process-user.ts';
import { packedCommand } from '../support/packed-command.ts';
import { pythonWithSdk } from '../support/python-sdk.ts';
import { describeWorkers } from '../support/describe-workers.ts';
import { filesWith, replayFolder } from '../support/replay-folder.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';
import { trialDefinition, workerAgent } from '../support/worker-project.ts';

const QUEUE = sampleDefinition().workflow.taskQueue;
const INSTALLATION_ID = '018f3a1c-0000-7000-8000-0000000000a1';
const ROBOT_IDS = ['018f3a1c-0000-7000-8000-0000000000b1', '018f3a1c-0000-7000-8000-0000000000b2'];
/** The activity of the sample process, named as methods are in each language. */
const ACTIVITY = { TypeScript: 'checkCredit', Java: 'checkCredit', Python: 'check_credit' };
/** A stack frame of the code that reads the start headers. */
const OWN_FRAME = {
  TypeScript: /^\s+at \w.*\/node_modules\/kuflow-worker\/src\/internal\/workflow\/interceptors\.ts:\d+:\d+\)$/m,
  Java: /^\s+at \w.*(?:WorkflowInterceptor|Encryption\w*)\.java:\d+\)$/m,
  Python: /^\s+File ".*\/kuflow_worker\/_internal\/workflow\/interceptor\.py", line \d+, in \w+$/m,
};
const DOCUMENTED_METRICS = [
  ...new Set(
    ['metrics-and-alerts.md', 'grafana-dashboard.json'].flatMap((file) => {
      const page = readFileSync(join(ROOT, 'docs', 'how-to', file), 'utf8');
      const names = page.match(/\b(?:kuflow|temporal)_[a-z_]*[a-z]\b/g) ?? [];
      // Languages measure latencies in different units, as the page says.
      return names.filter((name) => !name.includes('latency')).map((name) => name.replace(/_total$/, ''));
    }),
  ),
];
const DROPPED_AT_START = ['createAuthentication', 'createWorker'] as const;
const DROPPED_IN_PROCESS = [
  'createProcessItem',
  'claimProcessItemTask',
  'assignProcessItemTask',
  'appendProcessItemTaskLog',
  'completeProcessItemTask',
  'cancelProcessProcessItems',
  'changeProcessInitiator',
] as const;

/** The sample process under another code. */
function codedDefinition(code: string, { confidential }: { readonly confidential: boolean }): ProcessDefinition {
  return { ...sampleDefinition(), process: { code, confidential } };
}

let python: string;
let running: TestPlatform;
let user: ProcessUser;
let worker: WorkerProcess;
let metricsPort: number;
/** These wait until the last tests. */
let largeProcessId: string;
let confidentialProcessId: string;

const failIfExited = (): void => {
  if (!worker.running()) throw new Error(`The worker ended: ${worker.output()}`);
};

/** Waits for the first failed task of the workflow, or for the first one after so many events. */
const workflowTaskFails = (workflowId: string, after = 0): Promise<HistoryEvent> =>
  until('a workflow task fails', async () => {
    failIfExited();
    return (await user.history(workflowId)).slice(after).find(({ type }) => type === 'WORKFLOW_TASK_FAILED');
  });

/** Drops the next answers of each operation. The returned function lists the operations with answers still to drop. */
function dropAnswers(operationIds: readonly string[], times = 1): () => readonly string[] {
  running.platform.faults.clear();
  for (const operationId of operationIds) {
    running.platform.faults.add({ operationId, times, action: { kind: 'drop-answer' } });
  }
  return () => running.platform.faults.list().flatMap(({ operationId, left }) => (left > 0 ? [operationId] : []));
}

async function fromPlatform<T>(path: string): Promise<T> {
  const { loopback, identity } = running.platform;
  const answer = await fetch(`${loopback.http}/_dev/${path}`, {
    headers: { authorization: `Bearer ${identity.user.token.reveal()}` },
  });
  return (await answer.json()) as T;
}

describeWorkers('a worker', ({ language, project, kuflowActivity }) => {
  beforeAll(async () => {
    python = await pythonWithSdk();
    running = await startTestPlatform({
      definitions: [
        sampleDefinition(),
        codedDefinition('CONFIDENTIAL', { confidential: true }),
        codedDefinition('UNREADABLE', { confidential: true }),
        trialDefinition('POSTS', 'PostsWorkflow', QUEUE),
        trialDefinition('OUTSIDE', 'OutsideWorkflow', QUEUE),
        trialDefinition('SLOW', 'SlowWorkflow', QUEUE),
        trialDefinition('FLAKY', 'FlakyWorkflow', QUEUE),
        trialDefinition('LARGE', 'LargeWorkflow', QUEUE),
        trialDefinition('TOO_LARGE', 'TooLargeWorkflow', QUEUE),
      ],
    });
    user = await processUser(running.platform);
    metricsPort = await closedPort();
    // Twice, because the token and the certificate come from the same operation.
    const left = dropAnswers(DROPPED_AT_START, 2);
    const settings = {
      WORKER_METRICSPORT: String(metricsPort),
      WORKER_LOGLEVEL: 'trace',
      WORKER_ATTEMPTSBEFORETASKLOG: '2',
      WORKER_INSTALLATIONID: INSTALLATION_ID,
      WORKER_ROBOTIDS: ROBOT_IDS.join(),
      WORKER_MAXCONCURRENTWORKFLOWTASKS: '20',
      WORKER_MAXCONCURRENTACTIVITIES: '30',
      WORKER_MAXPAYLOADBYTES: '100000',
      APP_NAME: 'the pool',
      APP_QUIET: 'false',
    };
    worker = startWorkerProcess(workerEnvironment(running.platform, settings), project());
    await worker.ready();
    await until('the worker is registered although two answers were lost', () => {
      failIfExited();
      return left().length === 0;
    });
  });

  afterAll(async () => {
    await worker.kill();
    await user.close();
    await running.remove();
  });

  describe('the sample process', () => {
    let processId: string;
    type Item = Awaited<ReturnType<ProcessUser['item']>>;
    let items: ReadonlyMap<string, Item>;

    beforeAll(async () => {
      processId = await user.start('LOAN');
      const application = { firstName: 'Ada', lastName: 'Lovelace', currency: 'EUR', amount: 10 };
      await user.complete(processId, 'LOAN_APPLICATION', application);
      await user.complete(processId, 'APPROVE_LOAN', { approved: true });
      await user.completed(processId, failIfExited);
      const codes = sampleDefinition().tasks.map(({ code }) => code);
      items = new Map(await Promise.all(codes.map(async (code) => [code, await user.item(processId, code)] as const)));
    });

    it('waits for a human task, whose data reaches the workflow [java, python, typescript: human.wait]', async () => {
      expect(items.get('LOAN_APPLICATION')).toMatchObject({
        type: 'TASK',
        ownerId: running.platform.identity.user.principalId,
        task: { state: 'COMPLETED', data: { valid: true, value: { firstName: 'Ada' } } },
      });
      const seen = (await user.history(processId)).map(({ attributes }) => decoded(attributes['result']));
      expect(seen).toContainEqual(
        expect.objectContaining({
          processItem: expect.objectContaining({
            id: items.get('LOAN_APPLICATION')?.id,
            task: expect.objectContaining({ state: 'COMPLETED' }) as unknown,
          }) as unknown,
        }),
      );
    });

    it('completes a system task as the application [java, python, typescript: system.complete]', () => {
      expect(items.get('CHECK_CREDIT')).toMatchObject({
        type: 'TASK',
        ownerId: running.platform.identity.application.id,
        task: { state: 'COMPLETED', data: { valid: true } },
      });
    });

    it('writes a message and continues [java, python, typescript: message.create]', () => {
      expect(items.get('LOAN_RESULT')).toMatchObject({ type: 'MESSAGE', message: { text: 'Your loan was approved' } });
    });

    it('opens a thread and continues [java, python, typescript: thread.create]', () => {
      expect(items.get('LOAN_DISCUSSION')).toMatchObject({ type: 'THREAD' });
    });

    it("repeats KuFlow's activities for a year, with a minute for each attempt [java, python, typescript: activities.timeouts]", async () => {
      const scheduled = (await user.history(processId)).filter(({ type }) => type === 'ACTIVITY_TASK_SCHEDULED');
      const [creation] = scheduled.filter(
        ({ attributes }) =>
          (attributes['activityType'] as { name: string }).name === kuflowActivity('createProcessItem'),
      );
      expect(creation?.attributes).toMatchObject({
        startToCloseTimeout: '60s',
        scheduleToCloseTimeout: `${365 * 24 * 60 * 60}s`,
        retryPolicy: { maximumInterval: '300s' },
      });
      expect(creation?.attributes['retryPolicy']).not.toHaveProperty('maximumAttempts');
    });

    it('sends and receives only what the contract allows', () => {
      expect(running.events.filter(({ kind }) => kind === 'contract-violation')).toEqual([]);
    });
  });

  describe('a worker whose POST answers are lost', () => {
    let processId: string;
    let left: () => readonly string[];
    let happened: readonly string[];
    const times = (what: string): number => happened.filter((kind) => kind === what).length;

    beforeAll(async () => {
      left = dropAnswers(DROPPED_IN_PROCESS);
      processId = await user.start('POSTS');
      await user.completed(processId, failIfExited);
      const { entries } = await fromPlatform<{ entries: { kind: string }[] }>(`processes/${processId}/timeline`);
      happened = entries.map(({ kind }) => kind);
    });

    it('retries authentication and registration when it starts [java, python, typescript: registration.content, registration.failure, start.identity]', async () => {
      const dropped = running.events.filter((event) => event.kind === 'request' && event.status === 0);
      for (const operationId of DROPPED_AT_START) {
        expect(dropped.filter((event) => event.kind === 'request' && event.operationId === operationId)).toHaveLength(
          2,
        );
      }
      const { workers } = await fromPlatform<{ workers: object[] }>('workers');
      expect(workers).toHaveLength(1);
      expect(workers[0]).toMatchObject({
        identity: `${worker.pid}@${hostname()} ${workerAgent(language)}`,
        hostname: hostname().slice(0, 255),
        ip: expect.stringMatching(/^[\d.a-f:]{7,40}$/) as string,
        taskQueue: QUEUE,
        workflowTypes: expect.arrayContaining(['LoanWorkflow']) as unknown,
        activityTypes: expect.arrayContaining([ACTIVITY[language], kuflowActivity('createProcessItem')]) as unknown,
        tenantId: running.platform.identity.tenantId,
        installationId: INSTALLATION_ID,
        robotIds: ROBOT_IDS,
      });
    });

    it('completes the process although the answer of every operation was lost once', async () => {
      expect(left()).toEqual([]);
      const { state } = await user.client.retrieveProcess(processId);
      expect(state).toBe('COMPLETED');
    });

    it('creates an item once [java, python, typescript: items.ids]', () => expect(times('item-created')).toBe(2));
    it('claims a task once [java, python, typescript: activities.lost]', () => expect(times('item-claimed')).toBe(1));
    it('completes a task once [java, python, typescript: activities.lost]', () =>
      expect(times('item-completed')).toBe(1));
    it('cancels a task once [java, python, typescript: activities.duplicates]', () =>
      expect(times('item-cancelled')).toBe(1));

    it('assigns a task to the last assignee, and completes it as that principal', async () => {
      expect(await itemOf('COMPLETED')).toMatchObject({ ownerId: running.platform.identity.application.id });
    });

    it('changes the initiator', async () => {
      const { initiatorId } = await user.client.retrieveProcess(processId);
      expect(initiatorId).toBe(running.platform.identity.application.id);
    });

    it('writes the log entry at least once, because log entries do not have an id', async () => {
      const { task } = await itemOf('COMPLETED');
      expect(task?.logs?.length).toBeGreaterThanOrEqual(1);
      expect(new Set(task?.logs?.map(({ message }) => message))).toEqual(new Set(['Begun']));
    });

    const itemOf = async (taskState: 'COMPLETED'): ReturnType<ProcessUser['item']> => {
      const { content } = await user.client.findProcessItems({ processId: [processId], taskState: [taskState] });
      expect(content).toHaveLength(1);
      return user.client.retrieveProcessItem(content[0]?.id ?? '');
    };
  });

  describe('a task whose activities fail', () => {
    let processId: string;
    let task: Awaited<ReturnType<ProcessUser['item']>>;
    const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();

    beforeAll(async () => {
      processId = await user.start('FLAKY');
      await until('the task is failing', async () => {
        failIfExited();
        return /^kuflow_system_tasks_failing\S* 1(?:\.0)?$/m.test(await metrics());
      });
      await user.completed(processId, failIfExited);
      task = await user.item(processId, 'FLAKY');
    });

    it('is named in each log line of its workflow and activity code [java, python, typescript: logs.context]', async () => {
      const names = { processId, processItemId: task.id, workflowType: 'FlakyWorkflow' };
      const linesOf = (message: string) =>
        worker.log.filter((line) => line['processId'] === processId && line.message === message);
      const [outside] = await until('the last line is printed', () => {
        const lines = linesOf('Out of the task');
        return lines.length > 0 && lines;
      });
      expect(outside).not.toHaveProperty('processItemId');
      expect(linesOf('Working')).toEqual([expect.objectContaining(names)]);
      expect(linesOf('Worked fulfilled,rejected,rejected')).toEqual([expect.objectContaining(names)]);
      expect(linesOf('Trying')).toEqual(
        Array(4).fill(expect.objectContaining({ ...names, activityType: 'flakyWork' })),
      );
      const failed = worker.log.find(
        (line) =>
          line['processId'] === processId && /^(?:Activity fail|Completing activity as failed)/.test(line.message),
      );
      expect(failed).toMatchObject(names);
    });

    it('shows each reason once in its log in KuFlow: after two attempts, or at once [java, python, typescript: failures.task]', () => {
      const process = `(workflow ${processId})`;
      const entries = (task.task?.logs ?? []).map(({ level, message }) => `${level} ${message}`);
      expect(entries.toSorted()).toEqual([
        `ERROR The task failed: The scale is out of order ${process}`,
        `ERROR The task failed: no result within 1 s ${process}`,
        `WARN Attempt 2 failed; the worker will retry: No answer from … at … ${process}`,
      ]);
    });

    it('is counted in the metrics [java, python, typescript: metrics.tasks]', async () => {
      const text = await until('the task is not failing', async () => {
        const current = await metrics();
        return /^kuflow_system_tasks_failing\S* 0(?:\.0)?$/m.test(current) && current;
      });
      expect(text).toMatch(/^kuflow_system_task_failures\S*code="FLAKY"\S* 5(?:\.0)?$/m);
    });
  });

  describe('a payload over the limit', () => {
    it('of a workflow is refused before it is sent, and the process waits [java, python, typescript: payloads.limit]', async () => {
      const processId = await user.start('TOO_LARGE');
      const failed = await workflowTaskFails(processId);
      const message = `Process ${processId}: the input of activity lengthOf is 150002 bytes; the limit is 100000`;
      expect(failureIn(failed).message).toContain(message);
      const logged = await until('the log names the process', () =>
        worker.log.find((line) => line.error !== undefined && line['processId'] === processId),
      );
      expect(logged.error).toContain(message);
      await user.temporal.workflow.getHandle(processId).terminate('seen');
    });

    it('of an activity fails the activity at once [java, python, typescript: payloads.limit]', async () => {
      largeProcessId = await user.start('LARGE');
      await user.item(largeProcessId, 'LARGE');
      const failures = (await user.history(largeProcessId)).filter(({ type }) => type === 'ACTIVITY_TASK_FAILED');
      expect(failures.map(({ attributes }) => attributes)).toEqual([
        expect.objectContaining({
          failure: expect.objectContaining({
            message: expect.stringContaining(
              `Process ${largeProcessId}: the result of activity textOf is 150002 bytes`,
            ) as unknown,
            applicationFailureInfo: { type: 'PayloadTooLarge', nonRetryable: true },
          }) as unknown,
        }),
      ]);
    });
  });

  describe('confidential processes', () => {
    const application = { firstName: 'Canary', lastName: 'Lovelace', currency: 'EUR', amount: 10 };
    const payloadsOf = async (processId: string): Promise<readonly HistoryPayload[]> =>
      payloadsIn(await user.history(processId));

    it('run alongside ordinary ones and stay confidential when the definition changes, and nothing that people enter reaches the engine unencrypted [java, python, typescript: encryption.payloads, encryption.mixed]', async () => {
      const codes = ['CONFIDENTIAL', 'LOAN'];
      const start = (): Promise<string[]> => Promise.all(codes.map((code) => user.start(code)));
      const ids = await start();
      confidentialProcessId = await user.start('CONFIDENTIAL');
      const { definitions } = running.platform;
      running.platform.setDefinitions([
        codedDefinition('CONFIDENTIAL', { confidential: false }),
        codedDefinition('LOAN', { confidential: true }),
      ]);
      const startedLater = await start();
      running.platform.setDefinitions(definitions);
      for (const id of [...ids, confidentialProcessId]) await user.complete(id, 'LOAN_APPLICATION', application);
      for (const id of ids) await user.complete(id, 'APPROVE_LOAN', { approved: true });
      for (const id of ids) await user.completed(id, failIfExited);
      for (const id of startedLater) await user.item(id, 'LOAN_APPLICATION');

      const all = await Promise.all([...ids, ...startedLater].map(payloadsOf));
      const pathsOf = (payloads: readonly HistoryPayload[], encrypted: boolean): readonly string[] =>
        payloads.filter(({ isEncrypted }) => isEncrypted === encrypted).map(({ path }) => path);
      const [confidential = [], ordinary = [], laterOrdinary = [], laterConfidential = []] = all;
      for (const payloads of [confidential, laterConfidential]) expect(pathsOf(payloads, false)).toEqual([]);
      for (const payloads of [ordinary, laterOrdinary]) expect(pathsOf(payloads, true)).toEqual([]);
      expect(ordinary.map(({ text }) => text).join()).toContain('Canary');
      expect(pathsOf(confidential, true).length).toBeGreaterThan(10);
      for (const id of startedLater) await user.client.cancelProcess(id);
    });

    it('fail the workflow task with the reason if a payload is cut or changed, or has another key [java, python, typescript: encryption.failing]', async () => {
      const [{ keyId } = expect.fail()] = await payloadsOf(confidentialProcessId);
      const { platform } = running;
      const key = Buffer.from(await readEncryptionKey(createPlatformState(platform), keyId), 'base64');
      const argument = (workflowId: string, using = key): Promise<RawValue> =>
        encryptedArgument({ processId: workflowId }, keyId, () => using);
      const changed = async (value: Promise<RawValue>, change: (bytes: Buffer) => Buffer): Promise<RawValue> => {
        const { payload } = await value;
        const [algorithm = '', base64 = ''] = Buffer.from(payload.data ?? [])
          .toString()
          .split(':');
        const bytes = change(Buffer.from(base64, 'base64')).toString('base64');
        return RawValue.fromPayload({ ...payload, data: Buffer.from(`${algorithm}:${bytes}`) });
      };
      const broken = [
        (id: string) => changed(argument(id), (bytes) => bytes.subarray(0, -8)),
        // The tag is at the end.
        (id: string) =>
          changed(argument(id), (bytes) =>
            Buffer.from(bytes.map((byte, index) => (index === bytes.length - 1 ? byte ^ 1 : byte))),
          ),
        (id: string) => argument(id, randomBytes(32)),
      ];
      const asKuFlow = new Client({
        connection: user.temporal.connection,
        namespace: platform.identity.namespace,
        interceptors: { workflow: [encryptionHeaders] },
      });
      const failed = await Promise.all(
        broken.map(async (argumentOf) => {
          const workflowId = uuid7();
          const args = [await argumentOf(workflowId)];
          const handle = await asKuFlow.workflow.start('LoanWorkflow', { workflowId, taskQueue: QUEUE, args });
          const failure = JSON.stringify((await workflowTaskFails(workflowId)).attributes);
          expect((await user.history(workflowId)).map(({ type }) => type)).not.toContain('ACTIVITY_TASK_SCHEDULED');
          await handle.terminate('seen');
          return failure;
        }),
      );
      const reason = `Could not decrypt a payload with the key ${keyId}: it is damaged, or encrypted with another key`;
      expect(failed).toEqual(broken.map(() => expect.stringContaining(reason) as unknown));
    });

    it.skipIf(process.platform === 'win32')(
      'are replayed with the key that KuFlow returns, and nothing that people enter is printed or stays on the disk [java, python, typescript: replay.running]',
      async () => {
        const { faults } = running.platform;
        const processId = await user.start('UNREADABLE');
        const application = { firstName: 'Canary', lastName: 'Lovelace', currency: 'EUR', amount: 10 };
        await user.complete(processId, 'LOAN_APPLICATION', application);
        await user.item(processId, 'APPROVE_LOAN');
        const folder = replayFolder(project(), 'UNREADABLE');
        const before = readdirSync(folder).toSorted();
        const home = mkdtempSync(join(inject('runFolder'), 'home-'));
        const env = { ...workerEnvironment(running.platform), HOME: home, TMPDIR: home };
        const replay = async (): Promise<unknown> => {
          const { status, out, err } = await packedCommand('kuflow', ['replay', '--json'], { cwd: folder, env });
          expect(`${out}${err}`).not.toContain('Canary');
          const summary = JSON.parse(out) as { readonly status: number };
          expect(status, err).toBe(summary.status);
          return summary;
        };
        expect(await replay()).toMatchObject({ status: 0, codes: ['UNREADABLE'], replayed: 1, matching: 1 });
        faults.add({ operationId: 'retrieveKmsKey', times: 1_000_000, action: { kind: 'status', status: 503 } });
        const reason: unknown = expect.stringMatching(/^Could not read the encryption key [\da-f-]{36}: /);
        expect(await replay()).toMatchObject({
          ...{ status: 4, matching: 0, mismatches: [], unreadable: [{ reason, processes: [processId] }] },
        });
        faults.clear();
        expect([...filesWith(home, 'Canary'), ...filesWith(folder, 'Canary')]).toEqual([]);
        expect(readdirSync(folder).toSorted()).toEqual(before);
        await user.client.cancelProcess(processId);
      },
    );
  });

  describe('a running worker', () => {
    it('notices that a task was canceled in KuFlow, and ends the workflow with TaskCancelled [java, python, typescript: human.canceled]', async () => {
      const processId = await user.start('OUTSIDE');
      const { id } = await user.item(processId, 'OUTSIDE');
      await user.client.call('cancelProcessProcessItems', { path: { id: processId }, query: { processItemId: [id] } });
      const failed = await until('the workflow fails', async () => {
        failIfExited();
        return (await user.history(processId)).find(({ type }) => type === 'WORKFLOW_EXECUTION_FAILED');
      });
      expect(failed.attributes).toMatchObject({
        failure: { message: 'The task OUTSIDE was canceled', applicationFailureInfo: { type: 'TaskCancelled' } },
      });
      const signals = (await user.history(processId)).filter(({ type }) => type === 'WORKFLOW_EXECUTION_SIGNALED');
      expect(signals).toEqual([]);
    });

    it('fails the workflow task and keeps the workflow waiting if a confidential process does not name its key [java, python, typescript: encryption.failing, logs.stacks]', async () => {
      const headers = { 'x-kuflow-encoding': defaultPayloadConverter.toPayload('binary/encrypted?vendor=KuFlow') };
      const asKuFlow = new Client({
        connection: user.temporal.connection,
        namespace: running.platform.identity.namespace,
        interceptors: {
          workflow: [
            { startWithDetails: (input, next) => next({ ...input, headers: { ...input.headers, ...headers } }) },
          ],
        },
      });
      const workflowId = uuid7();
      const handle = await asKuFlow.workflow.start('LoanWorkflow', {
        workflowId,
        taskQueue: QUEUE,
        args: [{ processId: workflowId }],
      });
      const failed = await workflowTaskFails(workflowId);
      const failure = failureIn(failed);
      expect(failure.message).toContain('x-kuflow-encoding-encrypted-key-id');
      expect((await handle.describe()).status.name).toBe('RUNNING');
      expect((await user.history(workflowId)).map(({ type }) => type)).not.toContain('ACTIVITY_TASK_SCHEDULED');
      await handle.terminate('seen');
      // The log of Temporal's core names only the run of the workflow.
      const logged = await until('the log names the process', () =>
        worker.log.find((line) => line.error !== undefined && line['processId'] === workflowId),
      );
      const stacks = worker.log.filter((line) => line['processId'] === workflowId).map((line) => line['stack']);
      expect(logged).toMatchObject({
        workflowType: 'LoanWorkflow',
        error: expect.stringContaining(failure.message) as unknown,
      });
      expect(stacks.filter((stack) => stack !== undefined)).toEqual([
        expect.stringMatching(OWN_FRAME[language]) as unknown,
      ]);
      expect(stacks.join('')).not.toMatch(
        /node_modules\/(?!kuflow-worker\/)|io\.temporal|site-packages\/(?!kuflow_worker)/,
      );
    });

    it("has every activity of KuFlow's Python library, and those of its other libraries [java, python, typescript: activities.names, workflow.names]", async () => {
      const { workers } = await fromPlatform<{ workers: { activityTypes: string[]; workflowTypes: string[] }[] }>(
        'workers',
      );
      const own = (workers[0]?.activityTypes ?? []).filter((name) => name.startsWith('KuFlow_Engine_'));
      const theirs = activitiesOf(python);
      expect(theirs.length).toBeGreaterThan(30);
      const names = [...theirs, 'prepareBusinessArtifactCreateArtifact'].map(kuflowActivity);
      expect(own.toSorted()).toEqual(names.toSorted());
      expect(workers[0]?.workflowTypes).toContain('LoanWorkflow');
    });

    it('answers probes and exposes metrics [java, python, typescript: health.live, health.ready, metrics.worker, settings.concurrency]', async () => {
      const probe = async (path: string): Promise<number> => (await fetch(`${worker.health()}${path}`)).status;
      expect([await probe('/livez'), await probe('/readyz'), await probe('/other')]).toEqual([200, 200, 404]);
      const expected = [
        /^kuflow_engine_token_age_seconds\S* \d/m,
        /^kuflow_engine_certificate_expiry_seconds\S* [1-9]/m,
        /^kuflow_rest_calls\S*operation="createProcessItem"\S*status="201"\S* [1-9]/m,
        /^kuflow_worker_registration_failures\S* \d/m,
        /^kuflow_engine_reachable\S* 1(?:\.0)?$/m,
        /^temporal_workflow_completed\S* [1-9]/m,
        /^temporal_worker_task_slots_available\S*worker_type="WorkflowWorker"\S* 20(?:\.0)?$/m,
        /^temporal_worker_task_slots_available\S*worker_type="ActivityWorker"\S* (?:2\d|30)(?:\.0)?$/m,
        // What the dashboard and the alerts of the documentation use.
        ...DOCUMENTED_METRICS.map((name) => new RegExp(`^${name}(?:_total)?(?:\\{| )`, 'm')),
      ];
      const missing = async (): Promise<readonly RegExp[]> => {
        const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
        return expected.filter((line) => !line.test(metrics));
      };
      // A slot may be in use for a moment.
      const isComplete = async (): Promise<boolean> => (await missing()).length === 0;
      if (!(await until('every metric has its value', isComplete).catch(() => false)))
        expect(await missing()).toEqual([]);
    });

    it('keeps form data and secrets out of its log, on every level [java, python, typescript: logs.secrets]', () => {
      expect(worker.log.map(({ level }) => level)).toEqual(expect.arrayContaining(['DEBUG', 'INFO']));
      expect(worker.output()).not.toMatch(/Ada|Lovelace|PRIVATE KEY|eyJ/);
      expect(worker.output()).not.toContain(running.platform.identity.application.secret.reveal());
    });

    it('completes a 5 s activity on its first attempt after SIGTERM, reports not ready, and exits with 0 [java, python, typescript: shutdown.drain, health.ready]', async () => {
      const processId = await user.start('SLOW');
      await until('the activity is running', async () => {
        failIfExited();
        // The workflow starts shortly after the API has returned the process.
        const found = await user.temporal.workflow.getHandle(processId).describe().catch(unlessNotFound);
        return found?.raw.pendingActivities?.some(({ lastStartedTime }) => Boolean(lastStartedTime));
      });
      worker.signal('SIGTERM');
      await until(
        'the worker is not ready',
        async () => (await fetch(`${worker.health()}/readyz`)).status === 503,
        2_000,
      );
      expect((await fetch(`${worker.health()}/livez`)).status).toBe(200);
      expect(await worker.exited).toBe(0);
      const history = await user.history(processId);
      expect(history.filter(({ type }) => type === 'ACTIVITY_TASK_STARTED').map(attemptOf)).toEqual([1]);
      const completed = history.find(({ type }) => type === 'ACTIVITY_TASK_COMPLETED');
      expect(decoded(completed?.attributes['result'])).toBe('attempt 1');
    });

    if (language === 'TypeScript')
      it('calls the interceptors of the project, and opens and closes its resources', () => {
        const messages = worker.log.map(({ message }) => message);
        const used = `${running.platform.identity.application.id} uses the pool`;
        const own = messages.filter((message) => /the pool$/.test(message));
        expect(own).toEqual(['Opened the pool', used, 'Closed the pool']);
        // After the activity that ran during the shutdown.
        expect(messages.at(-1)).toBe('Closed the pool');
        expect(messages).toEqual(expect.arrayContaining(['Intercepted the workflow', 'Intercepted the activity']));
      });

    it('continues processes that another worker started with a higher payload limit', async () => {
      worker = startWorkerProcess(workerEnvironment(running.platform, { WORKER_MAXPAYLOADBYTES: '10000' }), project());
      await user.complete(largeProcessId, 'LARGE', {});
      await user.completed(largeProcessId, failIfExited);
    });

    it('fails the tasks of confidential processes with the reason until their keys can be read, and then continues them [java, python, typescript: encryption.failing]', async () => {
      const { faults } = running.platform;
      // This worker does not have the key. The first one had it.
      faults.add({ operationId: 'retrieveKmsKey', times: 1_000_000, action: { kind: 'status', status: 503 } });
      const before = await user.history(confidentialProcessId);
      const unreadable = await Promise.all(['UNREADABLE', 'UNREADABLE'].map((code) => user.start(code)));
      await user.complete(confidentialProcessId, 'APPROVE_LOAN', { approved: true });
      const failed = await Promise.all([
        workflowTaskFails(confidentialProcessId, before.length),
        ...unreadable.map((processId) => workflowTaskFails(processId)),
      ]);
      const histories = await Promise.all(unreadable.map((processId) => user.history(processId)));
      faults.clear();
      const reason = expect.stringMatching(/Could not read the encryption key [\da-f-]{36}: .*503/) as unknown;
      expect(failed.map(({ attributes }) => JSON.stringify(attributes))).toEqual(failed.map(() => reason));
      expect(histories.flat().map(({ type }) => type)).not.toContain('ACTIVITY_TASK_SCHEDULED');

      await user.completed(confidentialProcessId, failIfExited);
      expect(await user.item(confidentialProcessId, 'LOAN_APPLICATION')).toMatchObject({
        task: { state: 'COMPLETED', data: { value: { firstName: 'Canary' } } },
      });
      for (const processId of unreadable) {
        await user.item(processId, 'LOAN_APPLICATION');
        await user.client.cancelProcess(processId);
      }
    });
  });
});

function unlessNotFound(error: unknown): undefined {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
}

const attemptOf = ({ attributes }: HistoryEvent): unknown => attributes['attempt'];

/** Parses the first payload as JSON. */
function decoded(payloads: unknown): unknown {
  const data = (payloads as { payloads?: readonly { data?: string }[] } | undefined)?.payloads?.[0]?.data;
  return data === undefined ? undefined : JSON.parse(Buffer.from(data, 'base64').toString('utf8'));
}

/** The operations for which KuFlow's Python library defines activities, read from its source. */
function activitiesOf(pythonPath: string): readonly string[] {
  const lib = join(dirname(dirname(pythonPath)), 'lib');
  const [version = ''] = readdirSync(lib);
  const folder = join(lib, version, 'site-packages', 'kuflow_temporal_activity_kuflow');
  return readdirSync(folder)
    .filter((name) => name.endsWith('.py'))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(/activity\.defn\(name="KuFlow_Engine_([^"]+)"/g),
    ])
    .flatMap(([, name]) => name ?? []);
}
