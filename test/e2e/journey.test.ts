import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { SimulateResult } from '../../src/commands/dev/simulate/simulation.ts';
import type { KuFlowClient } from '../../src/kuflow/client.ts';
import { readTimeline } from '../../src/platform/rest/dev-client.ts';
import type { PlatformState } from '../../src/platform/state/state-file.ts';
import { kuflowDev, platformReady, startCommand, type RunningCommand } from '../support/dev-command.ts';
import { processCompletes, taskOf, userOf } from '../support/loan-process.ts';
import { newMark } from '../support/marked-processes.ts';
import { platformTime, skipTo } from '../support/skip-time.ts';
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
      data: { schema: { type: 'object', required: ['approved'], properties: { approved: { type: 'boolean' } } } },
    },
    { code: 'NOTE', kind: 'message' },
    { code: 'TALK', kind: 'thread' },
    { code: 'SIGN', kind: 'human' },
  ],
};

/** Runs on one state folder, of which the last is killed. */
describeWorkers(
  'a process with all kinds of tasks, a document, a principal, a deadline, its own call and a cancellation',
  ({ language, project, command }) => {
    const mark = newMark();
    let folder: string;

    beforeAll(() => {
      project();
      folder = mkdtempSync(join(tmpdir(), 'kuflow-journey-'));
      writeFileSync(join(folder, 'journey.yaml'), stringify(DEFINITION));
    });

    afterAll(() => {
      for (const { pid } of mark.alive()) process.kill(pid, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    });

    /** Runs `kuflow dev NAME … -- WORKER` with its own platform. */
    function startDev(name: string, ...options: readonly string[]): RunningCommand {
      const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
      const where = ['--state-dir', join(folder, 'state'), '--definition', join(folder, 'journey.yaml'), ...ports];
      return startCommand(kuflowDev(name, ...where, ...options, '--', ...command), {
        cwd: project(),
        mark,
        env: { TEMPORAL_KUFLOWQUEUE: 'JOURNEY_QUEUE', WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' },
      });
    }

    /** From then on, the workflow waits for the deadline. */
    async function opensReview(log: string): Promise<void> {
      await until('the worker has opened REVIEW', () => {
        const path = join(folder, log);
        return existsSync(path) && /Waiting for a person.*REVIEW/.test(readFileSync(path, 'utf8'));
      });
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
        ['NOTE', undefined, undefined],
        ['TALK', undefined, undefined],
        ['SIGN', 'CANCELLED', true],
      ]);
      const [{ contract }, { stamped, reviewer }] = items.map((item) => item.task?.data?.value) as [
        { contract: string },
        { stamped: string; reviewer: string },
      ];
      const text = async (document: string): Promise<string> =>
        Buffer.from((await user.downloadProcessDocument(processId, document)).bytes).toString();
      expect(reviewer).toBe(state.user.name);
      expect(await text(stamped)).toBe(`${await text(contract)}For ${state.user.name}`);
      expect(items[2]?.ownerId).toBe(state.user.principalId);
    }

    /** The deadline of REVIEW passed once, at its time, and KuFlow's times do not go back. */
    async function expectDeadline({ loopback, user }: PlatformState, processId: string): Promise<void> {
      const timeline = await readTimeline({ http: loopback.http, token: user.token }, processId);
      const times = timeline.map(({ time }) => Date.parse(time));
      expect(times).toEqual([...times].sort((a, b) => a - b));
      const timesOf = (kind: string): number[] =>
        timeline.flatMap((entry) => (entry.code === 'REVIEW' && entry.kind === kind ? Date.parse(entry.time) : []));
      const [created = 0] = timesOf('item-created');
      const assigned = timesOf('item-assigned');
      expect(assigned).toHaveLength(1);
      expect(assigned[0]).toBeGreaterThanOrEqual(created + REVIEW_DAYS * DAY);
    }

    // The workers of the other languages run the same process below.
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
      'runs to its end after platform and worker were killed while they skipped time, and the deadline passes once [java, python, typescript: deadline.once, documents.transfer, client.injected]',
      async () => {
        const simulation = startDev('simulate', '--worker-log', join(folder, 'killed.log'));
        let state = await platformReady(simulation, join(folder, 'state'));
        const processId = await until(
          'the process has started',
          () => /Process JOURNEY (\S+)/.exec(simulation.output())?.[1],
        );
        await opensReview('killed.log');
        const started = await platformTime(state);
        void skipTo(state, started + REVIEW_DAYS * DAY).catch(() => undefined);
        await until('time is skipped', async () => (await platformTime(state)) > started + HOUR);
        for (const { pid } of mark.alive()) process.kill(pid, 'SIGKILL');
        await simulation.ended;
        await until('all processes have ended', () => mark.alive().length === 0);

        const exec = startDev('exec');
        state = await platformReady(exec, join(folder, 'state'));
        const user = userOf(state);
        try {
          const { id } = await taskOf(user, processId, 'REVIEW');
          expect(await platformTime(state)).toBeGreaterThan(started + HOUR);
          await skipTo(state, started + REVIEW_DAYS * DAY);
          expect((await user.retrieveProcessItem(id)).ownerId).toBe(state.user.principalId);
          await expectDeadline(state, processId);
          await user.updateProcessItemTaskData(id, { approved: true });
          await user.completeProcessItemTask(id);
          const sign = await taskOf(user, processId, 'SIGN');
          const query = { processItemId: [sign.id] };
          await user.call('cancelProcessProcessItems', { path: { id: processId }, query });
          await processCompletes(user, processId);
          await expectResult(user, state, processId);
        } finally {
          await user.close();
          exec.kill('SIGINT');
          await exec.ended;
        }
        expect(mark.alive()).toEqual([]);
      },
    );
  },
);
