import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { uuid7 } from '../../src/base/uuid.ts';
import { platformEnvironment } from '../../src/platform/shared/platform-environment.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { kuflowDev, platformReady, quietPorts, startCommand, type RunningCommand } from '../support/dev-command.ts';
import { applicationOf, taskOf, userOf } from '../support/loan-process.ts';
import { newMark } from '../support/marked-processes.ts';
import { beginSkip, platformTime, readTimes, skipTo } from '../support/skip-time.ts';
import { until } from '../support/until.ts';
import { workerProject } from '../support/worker-project.ts';

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const PROCESSES = 100;
const KILLS = 20;
const DAYS = 60;
const DAY = 24 * 3_600_000;

const DEFINITION = {
  process: { code: 'ESCALATION' },
  workflow: { type: 'EscalationWorkflow', 'task-queue': 'ESCALATION_QUEUE' },
  tasks: [{ code: 'REVIEW', kind: 'human' }],
};

/** Days until the deadline of the process with this index. */
const daysOf = (index: number): number => 1 + ((index * 7) % 30);
const idOf = (index: number): string => `${uuid7(Date.now()).slice(0, -2)}${String(daysOf(index)).padStart(2, '0')}`;
/** A delay in milliseconds, below `most`, which depends only on the round. */
const moment = (round: number, most: number): number => Math.round(((round * 0.618034) % 1) * most);

// `journey.test.ts` has one process and one kill for each language.
describe.runIf(SOAK && process.platform !== 'win32')(
  `skipping ${DAYS} days for ${PROCESSES} processes (npm run soak)`,
  () => {
    const mark = newMark();
    let folder: string;
    let stateDir: string;
    let project: string;
    let platform: RunningCommand;
    let state: PlatformState;

    beforeAll(() => {
      project = workerProject();
      folder = mkdtempSync(join(tmpdir(), 'kuflow-soak-skip-'));
      stateDir = join(folder, 'state');
      writeFileSync(join(folder, 'escalation.yaml'), stringify(DEFINITION));
    });

    afterAll(() => {
      mark.killLeft();
      rmSync(folder, { recursive: true, force: true });
    });

    async function startPlatform(ports: readonly string[]): Promise<void> {
      const options = ['--state-dir', stateDir, '--definition', join(folder, 'escalation.yaml'), ...ports];
      platform = startCommand(kuflowDev(...options), { cwd: project, mark });
      state = await platformReady(platform, stateDir);
    }

    async function expectRealCredentials(): Promise<void> {
      const worker = applicationOf(state);
      try {
        const [token, certificate] = await Promise.all([
          worker.call('createAuthentication', { body: { type: 'ENGINE_TOKEN' } }),
          worker.call('createAuthentication', { body: { type: 'ENGINE_CERTIFICATE' } }),
        ]);
        expect(Date.parse(token.body.engineToken?.expiredAt ?? '')).toBeLessThan(Date.now() + 2 * 3_600_000);
        const { validFrom, validTo } = new X509Certificate(
          certificate.body.engineCertificate?.tls.clientCertificate ?? '',
        );
        expect(Date.parse(validFrom)).toBeLessThan(Date.now());
        expect(Date.parse(validTo)).toBeLessThan(Date.now() + 401 * DAY);
      } finally {
        await worker.close();
      }
    }

    it(`escalates each of them once, at its time, despite ${KILLS} kills on the way`, async () => {
      const ports = await quietPorts();
      await startPlatform(ports);
      const worker = startCommand([process.execPath, 'dist/main.js'], {
        cwd: project,
        mark,
        env: {
          ...platformEnvironment(state),
          ...{ TEMPORAL_KUFLOWQUEUE: 'ESCALATION_QUEUE', WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' },
        },
      });
      const user = userOf(state);
      const ids = Array.from({ length: PROCESSES }, (_, index) => idOf(index));
      for (const id of ids)
        await user.createProcess({ id, processDefinitionCode: 'ESCALATION', tenantId: state.tenantId });
      for (const id of ids) await taskOf(user, id, 'REVIEW');
      await user.close();
      const started = await platformTime(state);
      const began = performance.now();
      for (let round = 0; round < KILLS; round++) {
        const skipping = beginSkip(state, DAYS).catch(() => undefined);
        await pause(moment(round, 6000));
        // In one round of three, only the Temporal server.
        if (round % 3 === 1) {
          for (const { pid, command } of mark.alive()) if (command.includes('start-dev')) process.kill(pid, 'SIGKILL');
          await pause(moment(round, 3000));
        }
        platform.kill('SIGKILL');
        await platform.ended;
        await skipping;
        await until('the platform and its server have ended', () =>
          mark.alive().every(({ pid }) => pid === worker.pid),
        );
        const before = await startPlatform(ports).then(() => platformTime(state));
        expect(before).toBeGreaterThanOrEqual(started);
      }
      await skipTo(state, started + DAYS * DAY, 1_500_000);
      const seconds = Math.round((performance.now() - began) / 1000);
      for (const [index, id] of ids.entries()) {
        const timesOf = await readTimes(state, id);
        const [created = 0] = timesOf('item-created');
        const escalated = timesOf('item-cancelled');
        expect(escalated, id).toHaveLength(1);
        expect(timesOf('process-completed'), id).toHaveLength(1);
        expect(escalated[0], id).toBeGreaterThanOrEqual(created + daysOf(index) * DAY);
      }
      await expectRealCredentials();
      process.stdout.write(`${PROCESSES} processes, ${DAYS} days, ${KILLS} kills: ${seconds} s\n`);
    }, 1_800_000);
  },
);
