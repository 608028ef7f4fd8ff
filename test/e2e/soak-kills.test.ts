import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { createProcessEngine } from '../../src/platform/temporal/workflows.ts';
import {
  kuflowDev,
  platformReady,
  quietPorts,
  startCommand,
  type Ending,
  type RunningCommand,
} from '../support/dev-command.ts';
import { newMark } from '../support/marked-processes.ts';
import { until } from '../support/until.ts';
import { openLedger } from '../support/write-ledger.ts';

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const KILLS = SOAK ? 100 : 3;
const WRITERS = 4;
/** A delay in milliseconds, below `most`, which depends only on the round and is the same in every run. */
const moment = (round: number, most: number): number => Math.round(((round * 0.618034) % 1) * most);

describe.runIf(process.platform !== 'win32')(`the platform after ${KILLS} kills during writes`, () => {
  const mark = newMark();
  let folder: string;
  let stateDir: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kuflow-soak-kills-'));
    stateDir = join(folder, 'state');
  });

  afterAll(() => {
    for (const { pid } of mark.alive()) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const start = (ports: readonly string[]): RunningCommand =>
    startCommand(kuflowDev('--state-dir', stateDir, ...ports), { cwd: folder, mark });

  it(
    'always starts again, keeps every acknowledged write and delivers it to the engine',
    async () => {
      const ledger = openLedger();
      const ports = await quietPorts();
      let platform = start(ports);
      let state: PlatformState = await platformReady(platform, stateDir);
      const slowest = { ms: 0 };
      for (let round = 0; round < KILLS; round++) {
        const before = ledger.acknowledged();
        const writing = ledger.write(state, WRITERS);
        await Promise.race([
          until('writes are acknowledged', () => ledger.acknowledged() > before + 10),
          writing.then(() => Promise.reject(new Error(`The writers stopped: ${platform.output()}`))),
        ]);
        await pause(moment(round, 300));
        // In one round of three, the Temporal server is killed too.
        if (round % 3 === 1)
          for (const { pid, command } of mark.alive()) if (command.includes('start-dev')) process.kill(pid, 'SIGKILL');
        platform.kill('SIGKILL');
        await writing;
        await platform.ended;
        // In another one of three, the platform is killed again while it starts.
        if (round % 3 === 2) await killInItsStart(start(ports), moment(round, 2500));
        const asked = performance.now();
        platform = start(ports);
        state = await platformReady(platform, stateDir);
        slowest.ms = Math.max(slowest.ms, performance.now() - asked);
        expect(await ledger.lost(state, 'new'), `round ${round}`).toEqual([]);
        if (SOAK && round % 10 === 9)
          process.stdout.write(`${round + 1} kills, ${ledger.acknowledged()} acknowledged writes\n`);
      }
      expect(await ledger.lost(state, 'all')).toEqual([]);
      const reached = await engineHears(state);
      platform.kill('SIGTERM');
      const ending: Ending = await platform.ended;
      expect(ending).toEqual({ code: 130, signal: null });
      expect(mark.alive()).toEqual([]);
      process.stdout.write(
        `${KILLS} kills, ${ledger.acknowledged()} acknowledged writes, ${reached} workflows; slowest restart ${Math.round(slowest.ms)} ms\n`,
      );

      /**
       * Waits until each acknowledged process has a workflow and each acknowledged completion a signal in the engine.
       * Resolves to the number of processes.
       */
      async function engineHears(now: PlatformState): Promise<number> {
        const engine = await createProcessEngine({ address: now.endpoints.temporal, namespace: now.namespace });
        try {
          for (const { processId, completedItem } of ledger.forEngine())
            await until(`the engine has the workflow and signal of ${processId}`, async () => {
              const history = await engine.fetchHistory(processId).catch(() => undefined);
              return history !== undefined && (completedItem === undefined || signalled(history, completedItem));
            });
          return ledger.forEngine().length;
        } finally {
          await engine.close();
        }
      }
    },
    SOAK ? 1_800_000 : 600_000,
  );

  async function killInItsStart(starting: RunningCommand, after: number): Promise<void> {
    await pause(after);
    starting.kill('SIGKILL');
    await starting.ended;
  }

  function signalled(history: string, itemId: string): boolean {
    const { events } = JSON.parse(history) as {
      events: { workflowExecutionSignaledEventAttributes?: { input?: { payloads?: { data?: string }[] } } }[];
    };
    return events.some(({ workflowExecutionSignaledEventAttributes: signal }) =>
      (signal?.input?.payloads ?? []).some(({ data = '' }) => Buffer.from(data, 'base64').toString().includes(itemId)),
    );
  }
});
