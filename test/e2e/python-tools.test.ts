import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { closedPort } from '../support/answering-server.ts';
import { createdOf, failureOf } from '../support/create-worker.ts';
import { creatingScript, pythonScript, uvScript, writePrograms } from '../support/fake-python.ts';
import { installedBin } from '../support/generated-project.ts';
import { uvEnvironment } from '../support/uv.ts';
import { bareEnvironment } from '../support/worker-process.ts';

const INSTALL_UV =
  'Or install uv, which downloads Python itself: https://docs.astral.sh/uv/getting-started/installation/';

let folder: string;

beforeEach(() => (folder = mkdtempSync(join(inject('runFolder'), 'python-tools-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function create(env: NodeJS.ProcessEnv, ...options: readonly string[]): { status: number | null; stdout: string } {
  const fixed = ['worker', '--language', 'python', '--local', '--yes', '--no-git', '--no-check', '--json'];
  const cwd = join(folder, 'here');
  return spawnSync(process.execPath, [installedBin('create-kuflow-worker'), ...fixed, ...options], {
    cwd,
    env: { ...bareEnvironment(), ...env },
    encoding: 'utf8',
  });
}

describe.skipIf(process.platform === 'win32')('create for Python', () => {
  const PROGRAMS = (): string => join(folder, 'programs');

  beforeEach(() => {
    writePrograms(join(folder, 'here'), {});
  });

  it.each([
    ['uv and Python', {}, [], 'Python is not installed', 'python3 is not on the PATH'],
    [
      'a Python that is new enough',
      { python3: pythonScript('3.10.13') },
      [],
      'Python is too old: version 3.11 or newer is required',
      'programs/python3 is version 3.10.13',
    ],
    [
      'uv and a Python with pip and venv',
      { python3: pythonScript('3.11.2', 'ensurepip', 'venv') },
      [],
      'Python cannot create a virtual environment',
      'programs/python3 does not have the modules ensurepip and venv',
    ],
    [
      'the uv that was chosen',
      { python3: pythonScript('3.11.2') },
      ['--package-manager', 'uv'],
      'uv is not installed',
      'uv is not on the PATH',
    ],
    [
      'a Python that uv may use',
      { uv: uvScript() },
      [],
      'Python 3.11 or newer is not installed',
      'uv did not find one, and UV_PYTHON_DOWNLOADS=never prevents a download',
    ],
  ] as const)('needs %s before it writes anything', (_, programs, options, message, seen) => {
    const PATH = writePrograms(PROGRAMS(), programs);
    const { status, stdout } = create({ PATH, UV_PYTHON_DOWNLOADS: 'never' }, ...options);
    expect(status).toBe(1);
    const { error } = failureOf(stdout);
    expect(error.message).toBe(message);
    expect(error.seen).toContain(`${seen}; nothing was written`);
    expect(error.next.at(-1)).toBe('Or add --no-install to write the project only');
    if (!('uv' in programs) && options.length === 0) expect(error.next).toContain(INSTALL_UV);
    expect(readdirSync(join(folder, 'here'))).toEqual([]);
  });

  it('needs no tools with --no-install', () => {
    const { status, stdout } = create({ PATH: writePrograms(PROGRAMS(), {}) }, '--no-install');
    expect(status).toBe(0);
    expect(createdOf(stdout).next.map(({ command }) => command)).toEqual([
      'cd worker',
      'make install',
      'make smoke',
      'make dev',
      './kuflow dev open',
    ]);
  });

  // `npm test` installs with uv, and with pip in the unit tests.
  it.runIf(process.env['KUFLOW_SOAK'] === '1')(
    'installs the pinned versions with pip, and the worker starts',
    () => {
      const { status, stdout } = create(process.env, '--package-manager', 'pip');
      expect(status, stdout).toBe(0);
      expect(createdOf(stdout).install).toMatchObject({ kind: 'installed' });
      const project = join(folder, 'here', 'worker');
      // Those for another system have a condition.
      const pinned = /^([\w.-]+==\S+) \\$/gm;
      const wanted = ['requirements.txt', 'requirements-dev.txt'].flatMap((name) =>
        Array.from(readFileSync(join(project, name), 'utf8').matchAll(pinned), ([, one = '']) => one),
      );
      const python = join(project, '.venv', 'bin', 'python');
      const installed = execFileSync(python, ['-m', 'pip', 'list', '--format', 'freeze'], { encoding: 'utf8' });
      const lines = installed.toLowerCase().replaceAll('-', '_').split('\n');
      expect(wanted.length).toBeGreaterThan(10);
      expect(lines).toEqual(expect.arrayContaining(wanted.map((one) => one.toLowerCase().replaceAll('-', '_'))));

      const worker = spawnSync(join(project, '.venv', 'bin', 'worker'), ['--check'], {
        cwd: project,
        env: bareEnvironment(),
        encoding: 'utf8',
      });
      expect(worker.status, worker.stderr).toBe(2);
      expect(worker.stderr).toContain('./kuflow credentials pull');
    },
    600_000,
  );

  it('keeps the project if uv cannot download, with the command to run', async () => {
    const index = `http://127.0.0.1:${await closedPort()}`;
    const { PATH } = await uvEnvironment();
    const { status, stdout } = create({
      ...{ PATH, UV_PYTHON_DOWNLOADS: 'never', UV_INDEX_URL: `${index}/simple` },
      ...{ UV_CACHE_DIR: join(folder, 'cache'), UV_HTTP_RETRIES: '0' },
    });
    expectKept(status, stdout, index, 'uv sync');
  });

  // `test/process/languages/python/package-manager.test.ts` does this with a real pip.
  it('keeps the project if pip cannot download, with the command to run', () => {
    const index = 'http://127.0.0.1:1';
    const pip = `echo "Looking in indexes: ${index}/simple" >&2
echo "WARNING: Retrying (Retry(total=0)) after connection broken" >&2
exit 1`;
    const PATH = `${writePrograms(PROGRAMS(), { python3: creatingScript(pip) })}${delimiter}/usr/bin${delimiter}/bin`;
    const { status, stdout } = create({ PATH }, '--package-manager', 'pip');
    expectKept(status, stdout, index, 'make install');
    expect(existsSync(join(folder, 'here', 'worker', '.venv', 'bin', 'python'))).toBe(true);
  });

  function expectKept(status: number | null, stdout: string, index: string, command: string): void {
    expect(status).toBe(1);
    const { install, next } = createdOf(stdout);
    expect(install).toMatchObject({ kind: 'failed', seen: `could not download from ${index}`, registry: index });
    expect(next).toContainEqual({ command, text: `install the dependencies when ${index} is reachable` });
    expect(existsSync(join(folder, 'here', 'worker', 'pyproject.toml'))).toBe(true);
  }
});

describe('create with a package manager of another language', () => {
  it.each([
    ['python', 'npm', '--package-manager npm does not apply to Python workers'],
    ['typescript', 'pip', '--package-manager pip does not apply to TypeScript workers'],
    ['java', 'uv', '--package-manager does not apply to Java workers'],
  ])('is rejected: %s with %s', (language, manager, message) => {
    writePrograms(join(folder, 'here'), {});
    const { status, stdout } = create({}, '--language', language, '--package-manager', manager);
    expect(status).toBe(2);
    expect(failureOf(stdout).error.message).toBe(message);
    expect(readdirSync(join(folder, 'here'))).toEqual([]);
  });
});
