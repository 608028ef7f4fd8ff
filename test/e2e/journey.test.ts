import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { SimulateResult } from '../../src/commands/dev/simulate/view.ts';
import type { KuFlowClient } from '../../src/kuflow/client.ts';
import type { ProcessAction } from '../../src/kuflow/contract/process-actions.ts';
import type { RequestDetail, RequestList } from '../../src/platform/shared/dev-contract.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { kuflowDev, platformReady, startCommand, type RunningCommand } from '../support/dev-command.ts';
import { payloadsIn } from '../support/history-payloads.ts';
import {
  actionEnds,
  answerTask,
  asUser,
  processCompletes,
  readEncryptionKey,
  taskOf,
  userOf,
} from '../support/loan-process.ts';
import { newMark } from '../support/marked-processes.ts';
import { packedCommand } from '../support/packed-command.ts';
import { platformTime, readTimes, skipTo } from '../support/skip-time.ts';
import { treeOf } from '../support/tree.ts';
import { describeWorkers } from '../support/describe-workers.ts';
import { until } from '../support/until.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** After which REVIEW goes to the reviewer. */
const REVIEW_DAYS = 3;

const DEFINITION = {
  process: { code: 'JOURNEY' },
  workflow: { type: 'JourneyWorkflow', 'task-queue': 'JOURNEY_QUEUE' },
  tasks: [
    {
      code: 'APPLY',
      kind: 'human',
      data: {
        schema: {
          type: 'object',
          required: ['contract', 'reviewer'],
          properties: {
            contract: { type: 'string', format: 'kuflow-file', accept: 'text/plain', maxSize: 1000 },
            reviewer: { type: 'string', format: 'kuflow-principal' },
            remark: { type: 'string' },
          },
        },
      },
    },
    {
      code: 'STAMP',
      kind: 'system',
      data: {
        schema: {
          type: 'object',
          required: ['stamped', 'reviewer'],
          properties: {
            stamped: { type: 'string', format: 'kuflow-file' },
            reviewer: { type: 'string', minLength: 1 },
          },
        },
      },
    },
    {
      code: 'REVIEW',
      kind: 'human',
      data: {
        schema: {
          type: 'object',
          required: ['approved'],
          properties: { approved: { type: 'boolean' }, remark: { type: 'string' } },
        },
      },
    },
    { code: 'NOTE', kind: 'message' },
    { code: 'TALK', kind: 'thread' },
    { code: 'SIGN', kind: 'human' },
    { code: 'CHECK', kind: 'human' },
  ],
  actions: [
    { code: 'EXPORT', type: 'downloadable', workflow: { type: 'ExportWorkflow', 'task-queue': 'JOURNEY_QUEUE' } },
    { code: 'REMIND', type: 'send-workflow-signal', signal: 'Remind' },
    { code: 'ADD_CHECK', type: 'create-task', task: 'CHECK' },
    { code: 'AGAIN', type: 'start-related-process', process: 'JOURNEY' },
  ],
};

/** What people enter in the confidential process. */
const CANARY = 'canaryofthejourney';
/** The files with what people enter: those of the test, and the database and the documents of the local KuFlow. */
const ENTERED_FILES = /^(?:entered\/|state\/state\.db(?:-wal)?$|state\/documents\/)/;

/** Runs on one state folder, of which the last is killed. */
describeWorkers(
  'a process with all kinds of tasks, a document, a principal, a deadline, its own call and a cancellation',
  ({ language, project, command }) => {
    const mark = newMark();
    let folder: string;

    beforeAll(() => {
      project();
      folder = mkdtempSync(join(tmpdir(), 'kuflow-journey-'));
      for (const name of ['entered', 'tmp']) mkdirSync(join(folder, name));
      serve({ confidential: false });
    });

    afterAll(() => {
      for (const { pid } of mark.alive()) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });

    function serve({ confidential }: { readonly confidential: boolean }): void {
      const definition = { ...DEFINITION, process: { ...DEFINITION.process, confidential } };
      writeFileSync(join(folder, 'journey.yaml'), stringify(definition));
    }

    /** Writes the answers for the human tasks to a file, and returns its path. */
    function answersFile(): string {
      const document = `${CANARY}.txt`;
      writeFileSync(join(folder, 'entered', document), `The contract of ${CANARY}. `);
      const path = join(folder, 'entered', 'answers.yaml');
      const references = { contract: `kuflow-file:${document}`, reviewer: 'kuflow-principal:local.user@example.com' };
      writeFileSync(path, stringify({ tasks: { APPLY: { ...references, remark: CANARY } } }));
      return path;
    }

    /** Runs `kuflow dev NAME … -- WORKER` with its own platform. */
    function startDev(name: string, ...options: readonly string[]): RunningCommand {
      const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
      const where = ['--state-dir', join(folder, 'state'), '--definition', join(folder, 'journey.yaml'), ...ports];
      return startCommand(kuflowDev(name, ...where, ...options, '--', ...command), {
        cwd: project(),
        mark,
        env: {
          TEMPORAL_KUFLOWQUEUE: 'JOURNEY_QUEUE',
          WORKER_HEALTHPORT: '0',
          WORKER_METRICSPORT: '0',
          WORKER_LOGLEVEL: 'trace',
          // Below the folder that the test searches.
          TMPDIR: join(folder, 'tmp'),
          JAVA_TOOL_OPTIONS: `-Djava.io.tmpdir=${join(folder, 'tmp')}`,
        },
      });
    }

    /** From then on, the workflow waits for the deadline. */
    async function opensReview(log: string): Promise<void> {
      await until('the worker has opened REVIEW', () => {
        const path = join(folder, log);
        return existsSync(path) && /Waiting for a person.*REVIEW/.test(readFileSync(path, 'utf8'));
      });
    }

    /** Sends a signal, creates a task and starts a process, and completes the task. */
    async function useActions(user: KuFlowClient, processId: string): Promise<void> {
      const act = async (code: string): Promise<ProcessAction> => {
        const { id } = await user.createProcessAction(processId, { processActionDefinitionCode: code });
        return await actionEnds(user, processId, id);
      };
      const [reminded, check, again] = [await act('REMIND'), await act('ADD_CHECK'), await act('AGAIN')];
      expect([reminded, check, again].map(({ status }) => status)).toEqual(['COMPLETED', 'COMPLETED', 'COMPLETED']);
      const related = again.startRelatedProcess?.processId ?? '';
      expect(related).not.toBe(processId);
      await taskOf(user, related, 'APPLY');
      await answerTask(user, { id: check.createTask?.processItemId ?? '' }, 'CHECK');
    }

    async function expectResult(user: KuFlowClient, state: PlatformState, processId: string): Promise<void> {
      const { content } = await user.findProcessItems({ processId: [processId] });
      const items = await Promise.all(content.map(({ id }) => user.retrieveProcessItem(id)));
      expect(
        items.map((item) => [item.processItemDefinitionRef?.code, item.task?.state, item.task?.data?.valid]),
      ).toEqual([
        ['APPLY', 'COMPLETED', true],
        ['STAMP', 'COMPLETED', true],
        ['REVIEW', 'COMPLETED', true],
        ['CHECK', 'COMPLETED', true],
        ['NOTE', undefined, undefined],
        ['TALK', undefined, undefined],
        ['SIGN', 'CANCELLED', true],
      ]);
      const [{ contract }, { stamped, reviewer }] = items.map((item) => item.task?.data?.value) as [
        { contract: string },
        { stamped: string; reviewer: string },
      ];
      const text = async (document: string): Promise<string> =>
        Buffer.from(await user.downloadProcessDocument(processId, document)).toString();
      expect(reviewer).toBe(state.user.name);
      expect(await text(stamped)).toBe(`${await text(contract)}For ${state.user.name}`);
      expect(items[2]?.ownerId).toBe(state.user.principalId);
      expect(items[4]?.message?.text).toBe('Reviewed after 1 reminders');
    }

    /** Expects that the history of the process is encrypted, and returns its key. */
    async function expectEncrypted(state: PlatformState, processId: string): Promise<string> {
      const [stored, decrypted] = await Promise.all(
        [['--encrypted'], []].map(async (options) => {
          const args = ['dev', 'history', processId, '--state-dir', join(folder, 'state'), ...options];
          const { status, out, err } = await packedCommand('kuflow', args, { cwd: folder });
          expect(status, err).toBe(0);
          return payloadsIn(JSON.parse(out));
        }),
      );
      expect(stored?.filter(({ isEncrypted }) => !isEncrypted).map(({ path }) => path)).toEqual([]);
      const [first] = stored ?? [];
      expect(new Set(stored?.map(({ keyId }) => keyId))).toEqual(new Set([first?.keyId]));
      expect(decrypted).toHaveLength(stored?.length ?? 0);
      const texts = decrypted?.map(({ text }) => text).join();
      for (const value of [CANARY, 'Reviewed', 'withdrawn']) expect(texts).toContain(value);
      return await readEncryptionKey(state, first?.keyId ?? '');
    }

    /** The requests in the console's list, with their bodies. */
    async function listedRequests(state: PlatformState): Promise<readonly RequestDetail[]> {
      const read = async <T>(path: string): Promise<T> => {
        const headers = { authorization: `Bearer ${state.user.token.reveal()}` };
        return (await (await fetch(`${state.loopback.http}/_dev/${path}`, { headers })).json()) as T;
      };
      const { requests } = await read<RequestList>('requests');
      return await Promise.all(requests.map(({ id }) => read<RequestDetail>(`requests/${id}`)));
    }

    /** The deadline of REVIEW passed once, at its time, and KuFlow's times do not go back. */
    async function expectDeadline(state: PlatformState, processId: string): Promise<void> {
      const timesOf = await readTimes(state, processId);
      const [created = 0] = timesOf('item-created', 'REVIEW');
      const assigned = timesOf('item-assigned', 'REVIEW');
      expect(assigned).toHaveLength(1);
      expect(assigned[0]).toBeGreaterThanOrEqual(created + REVIEW_DAYS * DAY);
    }

    // The workers of the other languages run only the confidential process below.
    if (language === 'TypeScript')
      it.runIf(process.platform !== 'win32')('runs to its end in simulate', async () => {
        const simulation = startDev('simulate', '--worker-log', join(folder, 'worker.log'), '--json');
        const state = await platformReady(simulation, join(folder, 'state'));
        await opensReview('worker.log');
        // The platform stops when the process has ended, which can be before the answer.
        void skipTo(state, (await platformTime(state)) + REVIEW_DAYS * DAY).catch(() => undefined);
        const ended = await simulation.ended;
        const output = simulation.output();
        expect(ended, output + readFileSync(join(folder, 'worker.log'), 'utf8')).toEqual({ code: 0, signal: null });
        const result = JSON.parse(output.slice(output.indexOf('{'), output.lastIndexOf('}') + 1)) as SimulateResult;
        expect(result).toMatchObject({ status: 0, processState: 'COMPLETED' });
        // The application had the task until its deadline.
        const review = result.timeline.filter(({ code }) => code === 'REVIEW').map(({ kind }) => kind);
        expect(review).toEqual(['item-created', 'item-claimed', 'item-assigned', 'data-saved', 'item-completed']);
      });

    it.runIf(process.platform !== 'win32')(
      'is confidential and completes after platform and worker are killed during a time skip, and its deadline passes once [java, python, typescript: actions.workflows, deadline.once, documents.transfer, client.injected, encryption.payloads]',
      async () => {
        serve({ confidential: true });
        const simulation = startDev(
          'simulate',
          '--worker-log',
          join(folder, 'killed.log'),
          '--answers',
          answersFile(),
          '--requests',
        );
        let state = await platformReady(simulation, join(folder, 'state'));
        const processId = await until(
          'the process has started',
          () => /Process JOURNEY (\S+)/.exec(simulation.output())?.[1],
        );
        await opensReview('killed.log');
        const action = await asUser(state, (user) =>
          user.createProcessAction(processId, { processActionDefinitionCode: 'EXPORT' }),
        );
        const started = await platformTime(state);
        void skipTo(state, started + REVIEW_DAYS * DAY).catch(() => undefined);
        await until('time is skipped', async () => (await platformTime(state)) > started + HOUR);
        for (const { pid } of mark.alive()) process.kill(pid, 'SIGKILL');
        await simulation.ended;
        await until('all processes have ended', () => mark.alive().length === 0);

        // The process stays confidential.
        serve({ confidential: false });
        const exec = startDev('exec', '--requests');
        state = await platformReady(exec, join(folder, 'state'));
        const user = userOf(state);
        let key: string;
        let requests: readonly RequestDetail[];
        try {
          const { id } = await taskOf(user, processId, 'REVIEW');
          expect(await platformTime(state)).toBeGreaterThan(started + HOUR);
          const begun = performance.now();
          await skipTo(state, started + REVIEW_DAYS * DAY);
          process.stderr.write(
            `${language}: skipped the rest of the deadline in ${Math.round(performance.now() - begun)} ms\n`,
          );
          expect((await user.retrieveProcessItem(id)).ownerId).toBe(state.user.principalId);
          await expectDeadline(state, processId);
          const exported = await actionEnds(user, processId, action.id);
          const documentUri = expect.any(String) as string;
          expect(exported).toMatchObject({ status: 'COMPLETED', downloadable: { documentUri } });
          await useActions(user, processId);
          await user.updateProcessItemTaskData(id, { approved: true, remark: CANARY });
          await user.completeProcessItemTask(id);
          const sign = await taskOf(user, processId, 'SIGN');
          const query = { processItemId: [sign.id] };
          await user.call('cancelProcessProcessItems', { path: { id: processId }, query });
          await processCompletes(user, processId);
          await expectResult(user, state, processId);
          key = await expectEncrypted(state, processId);
          requests = await listedRequests(state);
        } finally {
          await user.close();
          exec.kill('SIGINT');
          await exec.ended;
        }
        expect(mark.alive()).toEqual([]);

        // What people enter, and the key, are only in the state of the local KuFlow.
        const operations = requests.map(({ operationId }) => operationId);
        expect(operations).toEqual(expect.arrayContaining(['updateProcessItemTaskData', 'retrieveKmsKey']));
        const secrets = [CANARY, key].flatMap((text) => [text, ...base64Of(text)]);
        const texts = [simulation.output(), exec.output(), JSON.stringify(requests)];
        for (const text of texts) {
          expect(text).toContain('updateProcessItemTaskData');
          expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
        }
        const files = treeOf(folder, []);
        const withAny = (values: readonly string[]): string[] =>
          [...files].flatMap(([path, content]) =>
            values.some((value) => path.includes(value) || content.includes(value)) ? path : [],
          );
        expect(withAny(secrets).filter((path) => !ENTERED_FILES.test(path))).toEqual([]);
        expect(withAny([processId])).toEqual(
          expect.arrayContaining(['killed.log', expect.stringMatching(/^state\/temporal-.*\.db$/)]),
        );
      },
    );
  },
);

/** What the base64 of a longer text contains if the text is a part of it, whatever its position. */
function base64Of(text: string): readonly string[] {
  // The characters at both ends depend on what is next to the text.
  return [0, 2, 3].map((start, before) =>
    Buffer.from(' '.repeat(before) + text)
      .toString('base64')
      .slice(start, -4),
  );
}
