import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessDefinition } from '../../src/process/definition.ts';
import { sampleDefinition } from '../../src/process/sample.ts';
import { actionEnds } from '../support/loan-process.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { failureIn, processUser, type HistoryEvent, type ProcessUser } from '../support/process-user.ts';
import { describeWorkers } from '../support/describe-workers.ts';
import { until } from '../support/until.ts';
import { startWorkerProcess, workerEnvironment, type WorkerProcess } from '../support/worker-process.ts';

const QUEUE = sampleDefinition().workflow.taskQueue;
const MIB = 1024 * 1024;

let running: TestPlatform;
let user: ProcessUser;
let worker: WorkerProcess;

const failIfExited = (): void => {
  if (!worker.running()) throw new Error(`The worker ended: ${worker.output()}`);
};

/** What a schema requires, in the words of the validator. */
const SCHEMA_ERRORS = {
  TypeScript: {
    atFirst: '/score must be integer; /decision must be equal to one of the allowed values',
    forever: "/ must have required property 'decision'",
  },
  Python: {
    atFirst: '/score must match type "integer"; /decision must match enum ["REVIEW", "ACCEPT"]',
    forever: "/ must have required property 'decision'",
  },
  Java: {
    atFirst: "/score must have a maximum value of 1000; / required property 'decision' not found",
    forever: "/ required property 'decision' not found",
  },
} as const;

/** A process of a workflow in `task-workflows.ts`, `TaskWorkflows.java` or `task_workflows.py`. */
function definitionOf(code: string, tasks: ProcessDefinition['tasks']): ProcessDefinition {
  const name = `${code.charAt(0)}${code.slice(1).toLowerCase()}Workflow`;
  return { process: { code }, workflow: { type: name, taskQueue: QUEUE }, tasks };
}

/** How many withdrawals arrive while a task is being created. */
const WITHDRAWALS = process.env['KUFLOW_SOAK'] === '1' ? 50 : 5;

const loan = sampleDefinition();

const humanTasks = (...codes: readonly string[]): ProcessDefinition['tasks'] =>
  codes.map((code) => ({ code, kind: 'human' }));
const [checkCredit] = loan.tasks.filter(({ code }) => code === 'CHECK_CREDIT');

beforeAll(async () => {
  if (checkCredit?.data === undefined) throw new Error('The sample has no CHECK_CREDIT');
  const { schema } = checkCredit.data;
  const stricter = { ...checkCredit, data: { schema: { ...schema, required: ['score', 'decision', 'reason'] } } };
  running = await startTestPlatform({
    definitions: [
      {
        ...loan,
        actions: [
          ...(loan.actions ?? []),
          { code: 'EXPORT', type: 'downloadable', workflow: { type: 'ExportWorkflow', taskQueue: QUEUE } },
          { code: 'APPLY_AGAIN', type: 'create-task', task: 'LOAN_APPLICATION' },
          { code: 'RELATED', type: 'start-related-process', process: 'LOAN' },
        ],
      },
      definitionOf('HANDLES', [...humanTasks('REVIEW', 'SECOND', 'THIRD'), checkCredit]),
      definitionOf('UNASSIGNABLE', humanTasks('REVIEW')),
      definitionOf('DEADLINE', humanTasks('REVIEW', 'SECOND')),
      definitionOf('OVERDUE', humanTasks('REVIEW')),
      definitionOf('INVALID', [checkCredit]),
      definitionOf('STRICTER', [stricter]),
      definitionOf('DOCUMENTS', humanTasks('REVIEW')),
    ],
  });
  user = await processUser(running.platform);
});

afterAll(async () => {
  await user.close();
  await running.remove();
});

const act = async (processId: string, processActionDefinitionCode: string) =>
  await user.client.createProcessAction(processId, { processActionDefinitionCode });

const openTasks = async (processIds: readonly string[]) =>
  (await user.client.findProcessItems({ processId: [...processIds], type: ['TASK'], taskState: ['READY', 'CLAIMED'] }))
    .content;

/** What the workflow of a process returned as its message. */
async function messageOf(processId: string): Promise<string> {
  await user.completed(processId, failIfExited);
  const result = (await user.temporal.workflow.getHandle(processId).result()) as { message: string };
  return result.message;
}

const statesOf = async (processId: string): Promise<Readonly<Record<string, string | undefined>>> => {
  const { content } = await user.client.findProcessItems({ processId: [processId] });
  return Object.fromEntries(content.map((item) => [item.processItemDefinitionRef?.code ?? '', item.task?.state]));
};

const logOf = async (processId: string, code: string): Promise<readonly string[]> => {
  const { task } = await user.item(processId, code);
  return (task?.logs ?? []).map(({ level, message }) => `${level} ${message}`);
};

async function failedTask(processId: string): Promise<HistoryEvent> {
  return until('a workflow task fails', async () => {
    failIfExited();
    return (await user.history(processId)).find(({ type }) => type === 'WORKFLOW_TASK_FAILED');
  });
}

describeWorkers('a worker', ({ language, project }) => {
  beforeAll(async () => {
    const environment = workerEnvironment(running.platform, { WORKER_ATTEMPTSBEFORETASKLOG: '1' });
    worker = startWorkerProcess(environment, project());
    await worker.ready();
  });

  afterAll(() => worker.kill());

  describe('the handle of a task', () => {
    it('assigns, logs, waits and cancels; and a canceled scope cancels its task in KuFlow [java, python, typescript: handles.actions, scope.canceled]', async () => {
      const processId = await user.start('HANDLES');
      const { id } = await user.item(processId, 'REVIEW');
      const owner = await until(
        'the task is assigned',
        async () => (await user.client.retrieveProcessItem(id)).ownerId,
      );
      expect(owner).toBe(running.platform.identity.user.principalId);
      await user.client.updateProcessItemTaskData(id, { ok: true });
      await user.client.completeProcessItemTask(id);

      expect(await messageOf(processId)).toBe('true, canceled SECOND, scope canceled');
      expect(await logOf(processId, 'REVIEW')).toEqual(['WARN Look at this first']);
      expect(await statesOf(processId)).toEqual({
        REVIEW: 'COMPLETED',
        SECOND: 'CANCELLED',
        CHECK_CREDIT: 'CANCELLED',
        THIRD: 'CANCELLED',
      });
    });
  });

  describe('a user action', () => {
    it('creates a task, starts a process, runs a workflow that returns a document, and signals the workflow [java, python, typescript: actions.signals, actions.workflows]', async () => {
      const processId = await user.start('LOAN');
      const application = await user.item(processId, 'LOAN_APPLICATION');
      const requested = await act(processId, 'EXPORT');
      const { createTask } = await act(processId, 'APPLY_AGAIN');
      expect(await user.client.retrieveProcessItem(createTask?.processItemId ?? '')).toMatchObject({
        processId,
        task: { state: 'READY' },
      });
      const { startRelatedProcess } = await act(processId, 'RELATED');
      expect(await user.client.retrieveProcess(startRelatedProcess?.processId ?? '')).toMatchObject({
        state: 'RUNNING',
      });
      const exported = await actionEnds(user.client, processId, requested.id, failIfExited);
      expect(exported).toMatchObject({
        status: 'COMPLETED',
        downloadable: { documentUri: expect.any(String) as string },
      });

      await act(processId, 'WITHDRAW');
      expect(await messageOf(processId)).toBe(`Process ${processId} completed: withdrawn`);
      expect(await user.client.retrieveProcessItem(application.id)).toMatchObject({ task: { state: 'CANCELLED' } });
      expect(await user.item(processId, 'LOAN_RESULT')).toMatchObject({
        message: { text: 'You withdrew your application' },
      });
    });

    it(`that withdraws while a task is being created leaves no open task, ${WITHDRAWALS} times [java, python, typescript: scope.canceled]`, async () => {
      const { faults } = running.platform;
      const processIds: string[] = [];
      for (let round = 0; round < WITHDRAWALS; round++) {
        // The creation arrives before, while or after its cancellation does.
        faults.add({ operationId: 'createProcessItem', times: 1, action: { kind: 'delay', ms: round * 25 } });
        const processId = await user.start('LOAN');
        processIds.push(processId);
        await until('a task is being created', async () => {
          failIfExited();
          return (await user.history(processId)).some(({ type }) => type === 'ACTIVITY_TASK_SCHEDULED');
        });
        await act(processId, 'WITHDRAW');
        expect(await messageOf(processId)).toBe(`Process ${processId} completed: withdrawn`);
      }
      expect(faults.list().filter(({ left }) => left > 0)).toEqual([]);
      expect(await openTasks(processIds)).toEqual([]);
    });
  });

  describe('a change that KuFlow refuses', () => {
    it('does not hold up the workflow when the task is completed [java, python, typescript: handles.actions]', async () => {
      const processId = await user.start('UNASSIGNABLE');
      await user.complete(processId, 'REVIEW', { ok: true });
      expect(await messageOf(processId)).toBe('true');
    });
  });

  describe('a signal', () => {
    it('that arrives before the workflow starts reaches its handler [java, python, typescript: signals.handlers]', async () => {
      const processId = randomUUID();
      const handle = await user.temporal.workflow.signalWithStart('EarlySignalWorkflow', {
        workflowId: processId,
        taskQueue: QUEUE,
        args: [{ processId }],
        signal: 'Note',
        signalArgs: [{ text: 'early' }],
      });
      expect(await handle.result()).toEqual({ message: 'early' });
    });
  });

  describe('the deadline of a task', () => {
    it('calls onDeadline once, and the task can still be completed, whatever signals arrive [java, python, typescript: deadline.once, signals.handlers, signals.unknown]', async () => {
      const processId = await user.start('DEADLINE');
      await until('the deadline has passed', async () => (await logOf(processId, 'REVIEW')).length > 0);
      await user.complete(processId, 'REVIEW', { ok: true });
      const handle = user.temporal.workflow.getHandle(processId);
      for (const text of ['one', 'two']) await handle.signal('Note', { text });
      for (const type of ['FUTURE', 'FUTURE', 'OTHER'])
        await handle.signal('KuFlow_Engine_Signal_Process_Item', { type });
      await user.complete(processId, 'SECOND', {});

      expect(await messageOf(processId)).toBe('1 calls, true, one,two');
      const ignored = await until('the last signal is logged', () => {
        const lines = worker.log
          .filter((line) => line['processId'] === processId && line.message.startsWith('Ignored a signal'))
          .map(({ level, message, type }) => `${level} ${/FUTURE|OTHER/.exec(`${message} ${String(type)}`)?.[0]}`);
        return lines.at(-1) === 'WARN OTHER' && lines;
      });
      expect(ignored).toEqual(['WARN FUTURE', 'WARN OTHER']);
      expect(await logOf(processId, 'REVIEW')).toEqual(['INFO Call 1']);
      expect(await logOf(processId, 'SECOND')).toEqual([]);
    });

    it('must be in the future: otherwise the workflow waits for a fix, and nothing is created [java, python, typescript: deadline.past]', async () => {
      const processId = await user.start('OVERDUE');
      expect(failureIn(await failedTask(processId)).message).toBe(
        'The deadline of REVIEW is not in the future: 1970-01-01T00:00:00.001Z',
      );
      const handle = user.temporal.workflow.getHandle(processId);
      expect((await handle.describe()).status.name).toBe('RUNNING');
      expect(await statesOf(processId)).toEqual({});
      await handle.terminate('seen');
    });
  });

  describe('invalid data of a system task', () => {
    it('fails the activity with the errors of the schema, and is never saved [java, python, typescript: system.invalid]', async () => {
      const processId = await user.start('INVALID');
      expect(await messageOf(processId)).toBe(
        `7, InvalidTaskData: The data of CHECK_CREDIT does not match its schema: ${SCHEMA_ERRORS[language].forever}`,
      );
      const { content } = await user.client.findProcessItems({ processId: [processId] });
      const items = await Promise.all(content.map(({ id }) => user.client.retrieveProcessItem(id)));
      const [first, second] = items.toSorted((one, other) => (one.id < other.id ? -1 : 1));
      expect(first?.task).toMatchObject({
        state: 'COMPLETED',
        data: { valid: true, value: { score: 7, decision: 'REVIEW' } },
        logs: [
          {
            level: 'WARN',
            message: expect.stringContaining(`does not match its schema: ${SCHEMA_ERRORS[language].atFirst}`) as string,
          },
        ],
      });
      expect(second?.task).toMatchObject({ state: 'CANCELLED' });
      expect(second?.task?.data?.value ?? {}).toEqual({});
      expect(worker.output()).not.toMatch(/PERHAPS|471147114711/);
    });

    it('is not completed if KuFlow finds it invalid [java, python, typescript: system.invalid]', async () => {
      const processId = await user.start('STRICTER');
      const [entry] = await until('the reason is in the log of the task', async () => {
        failIfExited();
        const entries = await logOf(processId, 'CHECK_CREDIT');
        return entries.length > 0 && entries;
      });
      expect(entry).toContain("The data of CHECK_CREDIT does not match the task's structure in KuFlow: /reason");
      expect(await statesOf(processId)).toEqual({ CHECK_CREDIT: 'CLAIMED' });
      await user.temporal.workflow.getHandle(processId).terminate('seen');
    });
  });

  describe('the KuFlow client of own activities', () => {
    it('transfers documents without history or paths of files, and throws errors with a status [java, python, typescript: documents.transfer, documents.timeouts, client.injected]', async () => {
      const processId = await user.start('DOCUMENTS');
      const [document = '', same, status] = (await messageOf(processId)).split(' ');
      expect(document).toMatch(
        /^kuflow-file:uri=ku:process\/\S+;type=text\/plain;size=20971520;name=%C3%9Cbersicht%3B%20a%3Db\.txt;$/,
      );
      expect([same, status]).toEqual(['true', '404']);
      const events = await user.history(processId);
      const { attributes: upload } = events.find(({ type }) => type === 'ACTIVITY_TASK_SCHEDULED') ?? {};
      expect(upload).toMatchObject({
        activityType: { name: 'uploadContent' },
        startToCloseTimeout: '600s',
        heartbeatTimeout: '60s',
      });
      const history = JSON.stringify(events);
      expect(history.length).toBeLessThan(MIB);
      expect(history).not.toContain('kuflow-trial-');
    });
  });
});
