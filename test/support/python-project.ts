import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { installedBin } from './generated-project.ts';
import { createOnce } from './lanes.ts';
import type { CommandEnd } from './packed-command.ts';
import { uvEnvironment } from './uv.ts';

const onWindows = process.platform === 'win32';

/** The package of the generated project. */
export const PYTHON_PACKAGE = 'loan_worker';

const environment = await uvEnvironment();

/**
 * The shared Python project of this run: created from the sample process with the packed package, and installed with uv. Tests only read it, and
 * use a `pythonProjectCopy` for everything else.
 */
export function pythonProject(): string {
  const parent = join(inject('runFolder'), 'python');
  const folder = join(parent, 'loan-worker');
  createOnce(parent, () => {
    mkdirSync(parent, { recursive: true });
    const started = performance.now();
    const options = ['--language', 'python', '--local', '--yes', '--no-git', '--no-check'];
    const { status, stderr } = spawnSync(
      process.execPath,
      [installedBin('create-kuflow-worker'), 'loan-worker', ...options, '--cli-package', `file:${inject('tarball')}`],
      { cwd: parent, env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
    );
    if (status !== 0) throw new Error(`The Python project was not created: ${stderr}`);
    const seconds = ((performance.now() - started) / 1000).toFixed(0);
    process.stdout.write(`installed a Python project with uv and its cache (${seconds} s)\n`);
  });
  return folder;
}

/** Copies the shared Python project, and installs it from uv's cache. */
export function pythonProjectCopy(folder: string): string {
  const from = pythonProject();
  const left = ['.venv', '.mypy_cache', '.ruff_cache', '.pytest_cache'].map((name) => join(from, name));
  cpSync(from, folder, { recursive: true, filter: (path) => !left.includes(path) });
  execFileSync('uv', ['sync', '--offline', '--frozen', '--quiet'], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return folder;
}

/**
 * Gives a folder what mypy stores about the packages of the shared project, with which it needs a fifth of the processor time. mypy checks
 * again what differs.
 */
export function copyTypeCache(folder: string): void {
  const project = pythonProject();
  const cache = join(inject('runFolder'), 'python-types');
  createOnce(cache, () => {
    execFileSync(programOf(project, 'mypy'), ['--cache-dir', cache], {
      cwd: project,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  });
  cpSync(cache, join(folder, '.mypy_cache'), { recursive: true });
}

/** Adds a user action to a project: `CODE:type`. */
export function addAction(folder: string, action: string): void {
  execFileSync(process.execPath, [installedBin('kuflow'), 'add', 'action', action, '--yes'], {
    cwd: folder,
    stdio: 'ignore',
  });
}

/** Runs a program of the project's virtual environment, such as `pytest`, to its end. */
export function runPython(folder: string, [program, ...args]: readonly [string, ...string[]]): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(programOf(folder, program), args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    const read = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (read.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (read.err += chunk.toString()));
    child.once('error', reject);
    child.once('close', (status) => resolve({ status, ...read }));
  });
}

/** The command that runs the worker of an installed project, as in its image. */
export function pythonCommand(folder: string): readonly [string, ...string[]] {
  return [programOf(folder, 'python'), '-m', PYTHON_PACKAGE];
}

export function programOf(folder: string, name: string): string {
  return onWindows ? join(folder, '.venv', 'Scripts', `${name}.exe`) : join(folder, '.venv', 'bin', name);
}
