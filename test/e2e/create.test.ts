import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import * as pty from '@lydell/node-pty';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { installedBin } from '../support/generated-project.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(inject('runFolder'), 'create-'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function until(condition: () => boolean): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error('it did not happen within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe('the check of a project for the local platform', () => {
  const create = (env: NodeJS.ProcessEnv): { status: number | null; stdout: string; stderr: string } => {
    const args = ['x', '--local', '--yes', '--no-install', '--no-git', '--json'];
    return spawnSync(process.execPath, [installedBin('create-kuflow-worker'), ...args], {
      cwd: folder,
      encoding: 'utf8',
      env,
    });
  };

  it('starts a platform, goes through the whole chain, and leaves nothing of it', () => {
    const { status, stdout, stderr } = create({ ...process.env, TMPDIR: folder });
    const result = JSON.parse(stdout) as {
      check: { kind: string; results: { id: string; state: string; skipped?: string }[] };
    };
    expect(result.check.kind, stderr).toBe('checked');
    const states = result.check.results.filter(({ skipped }) => skipped !== 'not-applicable').map(({ state }) => state);
    expect(states).toEqual(states.map(() => 'pass'));
    expect(states.length).toBeGreaterThanOrEqual(6);
    expect(status).toBe(0);
    expect(stderr).toMatch(/✔ Engine answers/);
    expect(readdirSync(folder)).toEqual(['x']);
    expect(readdirSync(join(folder, 'x', '.kuflow'))).toEqual(['project.json']);
    expect(existsSync(join(folder, 'x', 'application-local.yaml'))).toBe(false);
  });

  it('that can not begin keeps the project and says why: status 4', () => {
    const { status, stdout } = create({ ...process.env, KUFLOW_TEMPORAL_PATH: join(folder, 'absent') });
    expect(status).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({ check: { kind: 'impossible' }, status: 4 });
    expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true);
  });
});

describe.runIf(process.platform !== 'win32')('Ctrl-C', () => {
  it('in the install, doubled as npm does it, ends the package manager and keeps the project: status 130', async () => {
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    const pidFile = join(folder, 'pid');
    writeFileSync(join(bin, 'package.json'), '{"type":"commonjs"}');
    // A package manager that takes its time.
    writeFileSync(
      join(bin, 'npm'),
      `#!${process.execPath}\nrequire('fs').writeFileSync(${JSON.stringify(pidFile)}, String(process.pid)); setInterval(() => {}, 1000);\n`,
    );
    chmodSync(join(bin, 'npm'), 0o755);
    const child = spawn(
      process.execPath,
      [installedBin('create-kuflow-worker'), 'x', '--local', '--yes', '--package-manager', 'npm'],
      {
        cwd: folder,
        env: { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)));
    await until(() => existsSync(pidFile) && readFileSync(pidFile, 'utf8') !== '');
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect(await ended).toBe(130);
    expect(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0)).toThrow('ESRCH');
    expect(existsSync(join(folder, 'x', 'package.json'))).toBe(true);
    expect(stderr).toContain('npm install');
  });
});

describe.runIf(process.platform !== 'win32')('in a terminal', () => {
  interface Session {
    readonly screen: () => string;
    readonly type: (text: string) => void;
    readonly status: Promise<number>;
  }

  function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Session {
    let bytes = '';
    const terminal = pty.spawn(process.execPath, [installedBin('create-kuflow-worker'), ...args], {
      cwd: folder,
      cols: 100,
      rows: 40,
      env: { ...process.env, ...env, TERM: 'xterm' },
    });
    terminal.onData((data) => (bytes += data));
    return {
      screen: () => bytes,
      type: (text) => terminal.write(text),
      status: new Promise((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode))),
    };
  }

  it('asks for what is missing and prints the command that repeats it', async () => {
    const session = start(['--no-install', '--no-git', '--no-check']);
    await until(() => session.screen().includes('Folder of the new project'));
    session.type('asked\r');
    await until(() => session.screen().includes('Which process is the worker for?'));
    session.type('\r');
    expect(await session.status).toBe(0);
    expect(existsSync(join(folder, 'asked', 'package.json'))).toBe(true);
    expect(session.screen()).toContain('npx create-kuflow-worker asked --local --no-install --no-git --no-check --yes');
  });

  it('never shows a secret that is typed', async () => {
    writeFileSync(join(folder, 'd.yaml'), 'process:\n  code: LOAN\nworkflow:\n  type: W\n  task-queue: Q\n');
    const id = '7c9e6679-7425-40de-944b-e07fc1f90ae7';
    const session = start(['x', '--definition', 'd.yaml', '--client-id', id, '--no-install', '--no-git', '--no-check']);
    await until(() => session.screen().includes('Client secret'));
    session.type('canary-81d2');
    session.type('\r');
    expect(await session.status).toBe(0);
    expect(session.screen()).not.toContain('canary-81d2');
    expect(session.screen()).toContain('--client-secret-stdin');
    expect(readFileSync(join(folder, 'x', 'application-local.yaml'), 'utf8')).toContain('canary-81d2');
  });

  it.each([
    ['Folder of the new project', []],
    ['Which process is the worker for?', ['x']],
    ['Client secret', ['x', '--local', '--client-id', '7c9e6679-7425-40de-944b-e07fc1f90ae7']],
  ])('takes Ctrl-C at "%s" for no: nothing written, status 130', async (question, args) => {
    const session = start(args);
    await until(() => session.screen().includes(question));
    session.type('\u0003');
    expect(await session.status).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
    expect(session.screen()).not.toContain('    at ');
  });

  it('asks nothing with --yes', async () => {
    const session = start(['--yes']);
    expect(await session.status).toBe(2);
    expect(session.screen()).toContain('Answers are missing');
  });
});
