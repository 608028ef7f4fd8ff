import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { identityInFiles, localText } from '../support/credential-project.ts';
import { packedCommand, type CommandEnd } from '../support/packed-command.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { bundleForNode } from '../support/supervisor-entry.ts';
import { workerEnvironment } from '../support/worker-process.ts';

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const KILLS = SOAK ? 200 : 14;

let root: string;
let running: TestPlatform;
let environment: Record<string, string>;

beforeAll(async () => {
  root = mkdtempSync(join(inject('runFolder'), 'soak-credentials-'));
  running = await startTestPlatform();
  environment = workerEnvironment(running.platform);
});

afterAll(async () => {
  await running.remove();
  rmSync(root, { recursive: true, force: true });
});

describe(`${KILLS} kills during pulls and rotations`, () => {
  it(
    'leave either the old or the new set in use, and the next run works',
    async () => {
      const folder = join(root, 'killed');
      mkdirSync(folder);
      writeFileSync(join(folder, 'application.yaml'), 'temporal:\n  kuflow-queue: Q # of the team\n');
      const child = await bundleForNode('test/support/pull-child.ts', 'packages');
      const run = (mode: string, step: string): Promise<CommandEnd & { readonly signal: string | null }> =>
        new Promise((resolve) => {
          const started = spawn(process.execPath, [child, folder, mode, step], { env: environment, cwd: '/' });
          const read = { out: '', err: '' };
          started.stdout.on('data', (chunk: Buffer) => (read.out += chunk.toString()));
          started.stderr.on('data', (chunk: Buffer) => (read.err += chunk.toString()));
          started.once('close', (status, signal) => resolve({ status, signal, ...read }));
        });
      const seen = () => ({ text: localText(folder), cert: identityInFiles(folder, environment)?.cert });
      const steps: Record<string, readonly string[]> = {};
      // The first run creates the store.
      for (const mode of ['pull', 'pull', 'rotate']) {
        const whole = await run(mode, 'none');
        expect(whole.status, whole.err).toBe(0);
        steps[mode] = JSON.parse(whole.out) as string[];
      }
      const outcomes = { old: 0, new: 0 };
      for (let round = 0; round < KILLS; round++) {
        const mode = round % 2 === 0 ? 'pull' : 'rotate';
        const names = steps[mode] ?? [];
        // Deterministic and spread over all steps. Every fifth round kills one of the few steps after the switch.
        let step =
          round % 5 === 3 ? names.length - 1 - (round % 2) : Math.floor(((round * 0.618034) % 1) * names.length);
        let before = seen();
        let ended = await run(mode, String(step));
        // Leftovers from an earlier kill can make a run a few calls longer or shorter than the counted one.
        while (ended.status === 0 && step > 0) {
          before = seen();
          ended = await run(mode, String(--step));
        }
        const at = `round ${round}: ${mode} before ${step} ${names[step] ?? ''}`;
        expect(ended, at).toMatchObject({ signal: 'SIGKILL' });
        const now = seen();
        if (now.text === before.text) expect(now.cert, at).toBe(before.cert);
        else expect(now.cert, at).not.toBe(before.cert);
        outcomes[now.text === before.text ? 'old' : 'new'] += 1;
        if (round % 5 === 4) {
          const next = await run(mode, 'none');
          expect(next.status, `${at}: ${next.err}`).toBe(0);
          const left = readdirSync(join(folder, '.kuflow', 'credentials')).filter((name) =>
            /^\.(new|old)-|pid-lock/.test(name),
          );
          expect(left, at).toEqual([]);
        }
      }
      expect(outcomes.old).toBeGreaterThan(0);
      expect(outcomes.new).toBeGreaterThan(0);
      process.stdout.write(`${KILLS} kills: ${outcomes.old} left the old set in use, ${outcomes.new} the new one\n`);
      const packed = async (command: string): Promise<unknown> => {
        const ended = await packedCommand('kuflow', ['credentials', command, '--json'], {
          cwd: folder,
          env: environment,
        });
        expect(ended.status, ended.err).toBe(0);
        return JSON.parse(ended.out);
      };
      expect(await packed('pull')).toMatchObject({ result: 'unchanged' });
      const pruned = (await packed('prune')) as {
        readonly removed: readonly string[];
        readonly kept: readonly object[];
      };
      expect(pruned.removed.length).toBeGreaterThan(outcomes.new - 1);
      expect(pruned.kept).toHaveLength(1);
      expect(seen().cert).toContain('BEGIN CERTIFICATE');
    },
    SOAK ? 900_000 : 600_000,
  );
});
