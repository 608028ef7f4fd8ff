import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KnownError } from '../../../../src/base/errors.ts';
import {
  choosePythonManager,
  installPythonProject,
  lockFilesOf,
  pythonCommands,
  requirePython,
} from '../../../../src/languages/python/package-manager.ts';
import { templatesFolder } from '../../../../src/languages/templates/files.ts';
import { closedPort } from '../../../support/answering-server.ts';
import { creatingScript, pythonScript, uvScript, writePrograms } from '../../../support/fake-python.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { findPython } from '../../../../src/languages/python/find-python.ts';

const temporaryFolder = temporaryFolders();
const IS_WINDOWS = process.platform === 'win32';

/** An environment whose PATH has only these programs. */
const envWith = (programs: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  PATH: writePrograms(temporaryFolder(), programs),
});

async function refusal(...at: Parameters<typeof requirePython>): Promise<KnownError> {
  return requirePython(...at).then(
    () => expect.unreachable(),
    (error: unknown) => error as KnownError,
  );
}

describe.skipIf(IS_WINDOWS)('the package manager of a Python project', () => {
  it('is the named one, otherwise uv where it is installed or has a lock file, otherwise pip', () => {
    const folder = temporaryFolder();
    const [withUv, without] = [
      { env: envWith({ uv: uvScript() }), folder },
      { env: envWith({}), folder },
    ];
    expect(choosePythonManager('pip', withUv)).toBe('pip');
    expect(choosePythonManager('uv', without)).toBe('uv');
    expect(choosePythonManager(undefined, withUv)).toBe('uv');
    expect(choosePythonManager(undefined, without)).toBe('pip');
    writeFileSync(join(folder, 'uv.lock'), '');
    expect(choosePythonManager(undefined, without)).toBe('uv');
  });

  it('can be pip with a Python that is new enough', async () => {
    await requirePython('pip', envWith({ python3: pythonScript('3.11.0') }));
    await requirePython('pip', envWith({ python3: pythonScript('3.9.6'), python: pythonScript('3.12.1') }));
    await requirePython('pip', { PATH: process.env['PATH'] });
  });

  it('cannot be pip without Python', async () => {
    expect(await refusal('pip', envWith({}))).toMatchObject({
      message: 'Python is not installed',
      seen: 'python3 is not on the PATH; nothing was written',
      next: [
        'Install Python 3.11 or newer: https://www.python.org/downloads/',
        'Or install uv, which downloads Python itself: https://docs.astral.sh/uv/getting-started/installation/',
        'Or add --no-install to write the project only',
      ],
    });
    const env = envWith({ python3: 'exit 127' });
    expect((await refusal('pip', env)).seen).toBe(`${env['PATH'] ?? ''}/python3 does not run; nothing was written`);
  });

  it('cannot be pip with an older Python, or one without pip and venv', async () => {
    const old = envWith({ python3: pythonScript('3.9.6') });
    expect(await refusal('pip', old)).toMatchObject({
      message: 'Python is too old: version 3.11 or newer is required',
      seen: `${old['PATH'] ?? ''}/python3 is version 3.9.6; nothing was written`,
    });
    const incomplete = envWith({ python3: pythonScript('3.11.2', 'ensurepip', 'venv') });
    expect(await refusal('pip', incomplete)).toMatchObject({
      message: 'Python cannot create a virtual environment',
      seen: `${incomplete['PATH'] ?? ''}/python3 does not have the modules ensurepip and venv; nothing was written`,
      next: expect.arrayContaining([expect.stringContaining('apt install python3-venv')]) as unknown,
    });
  });

  it('can be uv if it has a Python or may download one', async () => {
    await requirePython('uv', envWith({ uv: uvScript('/usr/bin/python3') }));
    await requirePython('uv', envWith({ uv: uvScript() }));
    expect(await refusal('uv', { ...envWith({ uv: uvScript() }), UV_PYTHON_DOWNLOADS: 'never' })).toMatchObject({
      message: 'Python 3.11 or newer is not installed',
      seen: 'uv did not find one, and UV_PYTHON_DOWNLOADS=never prevents a download; nothing was written',
    });
    expect(await refusal('uv', envWith({ python3: pythonScript('3.11.0') }))).toMatchObject({
      message: 'uv is not installed',
      next: expect.arrayContaining(['Or install with pip: --package-manager pip']) as unknown,
    });
  });

  it('is never that of another language', async () => {
    await expect(requirePython('npm', {})).rejects.toThrow('npm does not build Python projects');
  });
});

/** A project outside of workspaces. */
const ALONE = { script: 'loan-worker', isMember: false };

describe('the commands of a Python project', () => {
  it.skipIf(IS_WINDOWS)('run in the environment of the project', () => {
    expect(pythonCommands('uv', ALONE)).toMatchObject({
      ...{ install: 'uv sync', dev: 'make dev', smoke: 'make smoke', check: 'make check', kuflow: './kuflow' },
      ...{ start: 'uv run loan-worker', simulated: 'uv run loan-worker --dev' },
      verify: [{ command: 'make lint' }, { command: 'make test' }],
    });
    expect(pythonCommands('pip', ALONE)).toMatchObject({
      install: 'make install',
      ...{ dev: 'make dev', start: '.venv/bin/loan-worker', simulated: '.venv/bin/loan-worker --dev' },
    });
  });

  it.each([
    ['cmd', '.\\kuflow.cmd', '.venv\\Scripts\\', ' && ', ''],
    ['powershell', '.\\kuflow.cmd', '.venv\\Scripts\\', '; if ($?) { ', ' } } }'],
    ['posix', './kuflow', '.venv/Scripts/', ' && ', ''],
  ] as const)('run on Windows in %s', (shell, kuflow, programs, and, end) => {
    const steps = [
      'pip==25.3',
      '--require-hashes -r requirements-dev.txt',
      '--no-build-isolation -e . --group dev',
    ].map((args) => `${programs}python -m pip install ${args}`);
    expect(pythonCommands('pip', ALONE, shell, true)).toMatchObject({
      install: ['py -m venv .venv', ...steps].join(and) + end,
      ...{ kuflow, start: `${programs}loan-worker`, check: `${programs}loan-worker --check` },
      smoke: `${kuflow} dev simulate -- ${programs}loan-worker --dev`,
    });
  });

  it('keep the dependencies of other members in the environment of a workspace', () => {
    expect(pythonCommands('uv', { ...ALONE, isMember: true }).install).toBe('uv sync --inexact');
  });

  it('write a lock file with uv', () => {
    expect([lockFilesOf('uv'), lockFilesOf('pip')]).toEqual([['uv.lock'], []]);
  });
});

/** An index on this machine that refuses connections. */
const closedIndex = async (): Promise<string> => `http://127.0.0.1:${await closedPort()}`;

/** A virtual environment's Python that appends its arguments to `calls`. */
const environment = (install = 'exit 0'): string => `echo "$*" >> calls; ${install}`;

const LIBRARY = '/usr/bin:/bin';

describe.skipIf(IS_WINDOWS)('the installation of a Python project', () => {
  const install = (
    packageManager: 'uv' | 'pip',
    programs: Readonly<Record<string, string>>,
    env = {},
    folder = temporaryFolder(),
  ) => {
    const path = `${writePrograms(temporaryFolder(), programs)}:${LIBRARY}`;
    return installPythonProject({ folder, packageManager, env: { PATH: path, ...env } });
  };
  const calls = (folder: string): readonly string[] => readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n');

  it('is one command with uv, whatever environment is active', async () => {
    const folder = temporaryFolder();
    const uv = 'echo "$* ${VIRTUAL_ENV:-inactive}" > calls';
    expect(await install('uv', { uv }, { VIRTUAL_ENV: '/other' }, folder)).toMatchObject({ kind: 'installed' });
    expect(calls(folder)).toEqual(['sync inactive']);
  });

  it('creates a virtual environment for pip, and installs what was tested before the project', async () => {
    const folder = temporaryFolder();
    expect(await install('pip', { python3: creatingScript(environment()) }, {}, folder)).toMatchObject({
      kind: 'installed',
    });
    const steps = ['pip==25.3', '--require-hashes -r requirements-dev.txt', '--no-build-isolation -e . --group dev'];
    expect(calls(folder)).toEqual(['-m venv .venv', ...steps.map((step) => `-m pip install ${step}`)]);
    // The same commands as in the Makefile.
    const makefile = readFileSync(join(templatesFolder(), 'python', 'Makefile.hbs'), 'utf8');
    for (const step of steps.slice(1)) expect(makefile).toContain(`pip install ${step}\n`);
  });

  it('names the command that failed', async () => {
    const python3 = creatingScript(environment('case "$*" in *hashes*) exit 3 ;; esac'));
    expect(await install('pip', { python3 })).toMatchObject({
      ...{ kind: 'failed', seen: 'exit status 3' },
      command: '.venv/bin/python -m pip install --require-hashes -r requirements-dev.txt',
    });
  });

  it.each([
    ['error: Request failed after 3 retries in 6.6s\n  cause: Failed to fetch: https://index.test/simple/ruff/', true],
    ['error: Failed to fetch: `https://index.test/simple/a/`\n  Caused by: HTTP status client error (401)', false],
    [
      'Looking in indexes: https://user:****@index.test/simple\nWARNING: Retrying (Retry(total=4)) after connection broken',
      true,
    ],
  ])('names the index in %j', async (output, isUnreachable) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'output'), output);
    const result = await install('uv', { uv: 'cat output >&2; exit 1' }, {}, folder);
    expect(result).toMatchObject({ kind: 'failed', seen: 'could not download from https://index.test' });
    expect('registry' in result).toBe(isUnreachable);
  });

  it('names PyPI if pip does not name its index', async () => {
    const uv = 'echo "WARNING: Retrying (Retry(total=4)) after connection broken: /simple/pip/"; exit 1';
    expect(await install('uv', { uv })).toMatchObject({ registry: 'https://pypi.org' });
  });

  it('does not start after an interruption', async () => {
    const aborted = { folder: temporaryFolder(), env: {}, signal: AbortSignal.abort() };
    expect(await installPythonProject({ ...aborted, packageManager: 'uv' })).toEqual({ kind: 'interrupted' });
    expect(await installPythonProject({ ...aborted, packageManager: 'pip' })).toEqual({ kind: 'interrupted' });
  });
});

describe.skipIf(IS_WINDOWS)('the Python of this machine', () => {
  it('installs with pip, and reports an index that it cannot reach', async () => {
    const env = { PATH: process.env['PATH'], HOME: temporaryFolder(), PIP_RETRIES: '1' };
    const python = await findPython(env);
    expect(python?.version).toBe(
      execFileSync('python3', ['-c', 'import platform; print(platform.python_version())'], { encoding: 'utf8' }).trim(),
    );
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'src'));
    writeFileSync(join(folder, 'pyproject.toml'), '[project]\nname = "x"\nversion = "1"\ndependencies = ["httpx"]\n');
    const index = await closedIndex();
    const options = { folder, packageManager: 'pip', env: { ...env, PIP_INDEX_URL: `${index}/simple` } } as const;
    expect(await installPythonProject(options)).toMatchObject({
      ...{ kind: 'failed', seen: `could not download from ${index}`, registry: index },
    });
    expect(existsSync(join(folder, '.venv', 'bin', 'python'))).toBe(true);
  });
});
