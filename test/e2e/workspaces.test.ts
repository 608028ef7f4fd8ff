import { execa } from 'execa';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { installedBin } from '../support/generated-project.ts';
import { uvEnvironment } from '../support/uv.ts';

const SOAK = process.env['KUFLOW_SOAK'] === '1';
const MEMBER = 'services/loan-worker';
const START = [process.execPath, '--import', 'tsx', 'src/main.ts', '--dev'];

let root: string;

beforeEach(() => (root = mkdtempSync(join(inject('runFolder'), 'workspace-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

function writeAll(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** Runs a program in a folder of the workspace, which must succeed, and returns its output. */
async function succeeds(
  folder: string,
  words: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const [program, ...args] = words;
  const options = { cwd: join(root, folder), env, extendEnv: false, all: true, reject: false } as const;
  const { exitCode, all } = await execa(program, args, options);
  expect(exitCode, `${words.join(' ')}\n${all}`).toBe(0);
  return all;
}

const create = (env: NodeJS.ProcessEnv, ...options: readonly string[]): Promise<string> => {
  const cliPackage = `file:${inject('tarball')}`;
  const fixed = [MEMBER, '--local', '--yes', '--no-check', '--cli-package', cliPackage];
  return succeeds('.', [process.execPath, installedBin('create-kuflow-worker'), ...fixed, ...options], env);
};

const simulate = (env: NodeJS.ProcessEnv, ...worker: readonly string[]): Promise<string> => {
  const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0', '--state-dir', join(root, 'state')];
  const words = [installedBin('kuflow'), 'dev', 'simulate', 'LOAN', ...ports, '--', ...worker];
  const free = { WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0' };
  return succeeds(MEMBER, [process.execPath, ...words], { ...env, ...free });
};

describe.skipIf(process.platform === 'win32')('a worker that joined a workspace', () => {
  // Its installation takes half a minute of a processor.
  it.runIf(SOAK)('is installed by npm in the root, passes its own checks, and completes a process', async () => {
    writeAll({
      'package.json': JSON.stringify({ name: 'root', private: true, workspaces: ['services/*'] }),
      'services/other/package.json': JSON.stringify({ name: 'other', version: '1.0.0', dependencies: { ms: '2.1.3' } }),
    });
    await create(process.env);
    for (const path of ['package-lock.json', 'node_modules/ms', 'node_modules/loan-worker/package.json'])
      expect(existsSync(join(root, path)), path).toBe(true);
    expect(existsSync(join(root, MEMBER, 'package-lock.json'))).toBe(false);
    for (const script of ['lint', 'test']) await succeeds(MEMBER, ['npm', 'run', script], process.env);
    expect(await simulate(process.env, ...START)).toContain('LOAN is COMPLETED with valid data');
  });

  it('is installed by uv in the root next to other members, and completes a process', async () => {
    const env = await uvEnvironment();
    writeAll({
      'pyproject.toml': '[tool.uv.workspace]\nmembers = ["services/*"]\n',
      'services/other/pyproject.toml':
        '[project]\nname = "other"\nversion = "1.0.0"\nrequires-python = ">=3.11"\ndependencies = ["six==1.17.0"]\n',
    });
    const imports = (): Promise<string> => succeeds('.', ['.venv/bin/python', '-c', 'import six, temporalio'], env);
    await succeeds('.', ['uv', 'sync', '--all-packages'], env);
    await create(env, '--language', 'python', '--package-manager', 'uv');
    await imports();
    // Another worker of the workspace uses the same library.
    const library = readdirSync(join(root, '.kuflow/lib'));
    expect(library).toEqual(['kuflow-worker-python.md', expect.stringMatching(/^kuflow_worker-.*\.whl$/)]);
    expect(existsSync(join(root, MEMBER, '.kuflow/lib'))).toBe(false);
    const second = [
      'services/claims',
      '--local',
      '--yes',
      '--no-check',
      '--language',
      'python',
      '--package-manager',
      'uv',
    ];
    await succeeds('.', [process.execPath, installedBin('create-kuflow-worker'), ...second], env);
    expect(readdirSync(join(root, '.kuflow/lib'))).toEqual(library);
    // The worker's own command keeps what the other member needs.
    await succeeds(MEMBER, ['make', 'install'], env);
    await imports();
    expect(existsSync(join(root, MEMBER, '.venv'))).toBe(false);
    expect(await simulate(env, 'uv', 'run', '--offline', 'loan-worker')).toContain('LOAN is COMPLETED with valid data');
  });
});
