import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SimulateResult } from '../../src/commands/dev/simulate/view.ts';
import { runAlone } from '../support/lanes.ts';
import { newMark } from '../support/marked-processes.ts';

runAlone('ports');

const SCRIPT = join(import.meta.dirname, '..', '..', 'scripts', 'demo.mjs');

const mark = newMark();
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-demo-'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the script of `npm run demo` in the test's folder, with the words in `before` in front of the command. */
function demo(args: readonly string[] = [], before: readonly string[] = []): Run {
  const [program = '', ...rest] = [...before, process.execPath, SCRIPT, ...args];
  const { status, stdout, stderr } = spawnSync(program, rest, {
    cwd: folder,
    env: { ...process.env, ...mark.env },
    encoding: 'utf8',
    timeout: 300_000,
  });
  return { status, stdout, stderr };
}

function expectCompleted({ status, stdout, stderr }: Run): void {
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(stdout).toMatch(/^Timeline of LOAN [0-9a-f-]{36}\n/);
  for (const line of [
    'process started by Local user',
    'LOAN_APPLICATION created by Local application',
    'LOAN_APPLICATION completed by Local user',
    'CHECK_CREDIT completed by Local application',
    'APPROVE_LOAN completed by Local user',
    'LOAN_RESULT created by Local application',
    'workflow ended',
    'process completed by KuFlow',
  ])
    expect(stdout).toContain(line);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe('✔ LOAN is COMPLETED with valid data');
  expect(stderr).toContain('Next steps:');
  expect(stdout + stderr).not.toContain('\x1b');
  expect(mark.alive()).toEqual([]);
}

describe('npm run demo', () => {
  it('runs one process to completion in an empty folder, and leaves nothing running', () => {
    const run = demo();
    expectCompleted(run);
    expect(run.stderr).toContain('Installed dependencies');
    const next = /^ {2}cd (.+)$/m.exec(run.stderr)?.[1] ?? '';
    expect(existsSync(join(folder, next, 'src', 'workflows.ts'))).toBe(true);
  });

  it('installs nothing the second time, needs no network then, and reports the duration of each stage as JSON', () => {
    const { status, stdout, stderr } = demo(['--json'], withoutNetwork());
    expect({ status, stderr }).toMatchObject({ status: 0 });
    expect(stderr).not.toContain('Installing dependencies');
    const result = JSON.parse(stdout) as {
      readonly workerLog: string;
      readonly simulation: SimulateResult;
      readonly stages: readonly { readonly name: string }[];
    };
    expect(result.simulation).toMatchObject({ status: 0, code: 'LOAN', processState: 'COMPLETED' });
    expect(result.stages.map(({ name }) => name)).toEqual([
      'Pack this package',
      'Create and install the worker',
      'Start a local KuFlow',
      'Check the connection',
      'Run one process',
    ]);
    expect(readFileSync(result.workerLog, 'utf8')).toContain('Worker started');
    expect(mark.alive()).toEqual([]);
  });
});

/** The words that run a command without network access; none where that is not possible. */
function withoutNetwork(): readonly string[] {
  const alone = ['unshare', '-rn', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];
  const tried = spawnSync('unshare', [...alone.slice(1), 'true'], { encoding: 'utf8' });
  if (tried.status === 0) return alone;
  const reason = tried.error?.message ?? tried.stderr.trim();
  process.stdout.write(`the demo runs with a network, because a network namespace cannot be created: ${reason}\n`);
  return [];
}
