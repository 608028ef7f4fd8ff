import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pythonDiagnosis } from '../../../../src/languages/python/diagnosis.ts';
import { parsePyproject } from '../../../../src/languages/python/pyproject.ts';
import type { PythonPackageManager } from '../../../../src/languages/project-spec.ts';
import { pythonScript, uvScript, writePrograms, writeScript } from '../../../support/fake-python.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const IS_WINDOWS = process.platform === 'win32';

const PYPROJECT = `[project]
name = "loan-worker"
requires-python = ">=3.11"
dependencies = ["httpx==0.28.1", "temporalio[opentelemetry]==1.35.0"]

[project.scripts]
loan-worker = "loan_worker.__main__:main"
`;
const SITE_PACKAGES = '.venv/lib/python3.11/site-packages';

/** A folder with these files. A name that ends with a slash is a folder. */
function project(files: Readonly<Record<string, string>> = { 'pyproject.toml': PYPROJECT }): string {
  const folder = temporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, text);
  }
  return folder;
}

interface At {
  readonly folder: string;
  readonly packageManager?: PythonPackageManager;
  readonly programs?: Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
}

const locate = ({ folder, packageManager = 'pip', programs = {}, env = {} }: At) => ({
  folder,
  root: folder,
  packageManager,
  env: { PATH: writePrograms(temporaryFolder(), programs), ...env },
});

const runtime = (at: At) => pythonDiagnosis.runtime(locate(at));

describe.skipIf(IS_WINDOWS)('the Python of a project', () => {
  it('is that of its virtual environment', async () => {
    const folder = project({ 'pyproject.toml': PYPROJECT, [`${SITE_PACKAGES}/pip-26.3.dist-info/`]: '' });
    writeScript(join(folder, '.venv', 'bin', 'python'), pythonScript('3.12.1'));
    expect(await runtime({ folder })).toEqual({
      ...{ kind: 'fine', summary: 'Python 3.12.1 and pip 26.3' },
      facts: { python: '3.12.1', environment: '.venv', installer: 'pip 26.3' },
    });
    expect(await runtime({ folder, packageManager: 'uv', programs: { uv: uvScript() } })).toMatchObject({
      summary: 'Python 3.12.1 and uv 0.13.9',
    });
  });

  it('can be missing or too old in its virtual environment', async () => {
    const folder = project();
    const python = writeScript(join(folder, '.venv', 'bin', 'python'), pythonScript('3.10.13'));
    expect(await runtime({ folder })).toMatchObject({
      ...{ kind: 'problem', code: 'runtime-too-old' },
      text: '.venv has Python 3.10.13, but the project needs Python 3.11 or newer',
    });
    rmSync(python);
    symlinkSync('/nonexistent/python3.11', python);
    expect(await runtime({ folder })).toEqual({
      ...{ kind: 'problem', code: 'environment-unusable' },
      text: '.venv/bin/python does not run: the Python of the virtual environment was moved or removed',
    });
  });

  it('is found on the PATH before the dependencies are installed', async () => {
    const folder = project();
    expect(await runtime({ folder, programs: { python3: pythonScript('3.11.2') } })).toMatchObject({
      ...{ kind: 'fine', summary: 'Python 3.11.2' },
    });
    expect(await runtime({ folder })).toMatchObject({
      ...{ code: 'runtime-missing', text: 'Python is not installed: python3 is not on the PATH' },
      values: { wanted: 'Python 3.11 or newer (https://www.python.org/downloads/)' },
    });
    expect(await runtime({ folder, programs: { python3: pythonScript('3.9.6') } })).toMatchObject({
      code: 'runtime-too-old',
      text: expect.stringMatching(
        /python3 is version 3\.9\.6, but the project needs Python 3\.11 or newer$/,
      ) as unknown,
    });
    expect(await runtime({ folder, programs: { python3: pythonScript('3.11.2', 'venv') } })).toMatchObject({
      code: 'runtime-missing',
      text: expect.stringMatching(/python3 does not have the module venv$/) as unknown,
    });
  });

  it('is found or downloaded by uv', async () => {
    const folder = project();
    const python = writeScript(join(temporaryFolder(), 'python'), pythonScript('3.13.0'));
    const at = (uv: string, env = {}): At => ({ folder, packageManager: 'uv', programs: { uv }, env });
    expect(await runtime(at(uvScript(python)))).toMatchObject({ summary: 'Python 3.13.0 and uv 0.13.9' });
    expect(await runtime(at(uvScript()))).toMatchObject({ summary: 'uv 0.13.9, which downloads Python' });
    expect(await runtime(at(uvScript(), { UV_PYTHON_DOWNLOADS: 'never' }))).toMatchObject({
      ...{ code: 'runtime-missing', text: 'uv did not find Python 3.11 or newer, and may not download it' },
    });
    expect(await runtime({ folder, packageManager: 'uv' })).toMatchObject({
      ...{ code: 'runtime-missing', text: 'uv is not installed: it is not on the PATH' },
      values: { wanted: 'uv (https://docs.astral.sh/uv/getting-started/installation/)' },
    });
  });

  it('is as new as pyproject.toml requires', async () => {
    const programs = { python3: pythonScript('3.11.7') };
    const requiring = (text: string): At => ({
      folder: project({ 'pyproject.toml': PYPROJECT.replace('>=3.11', text) }),
      programs,
    });
    expect(await runtime(requiring('>=3.12,<4'))).toMatchObject({ code: 'runtime-too-old' });
    expect(await runtime(requiring('<4, >=3.11.8'))).toMatchObject({ code: 'runtime-too-old' });
    expect(await runtime(requiring('>=3.8'))).toMatchObject({ kind: 'fine' });
    expect(await runtime({ folder: project({}), programs })).toMatchObject({
      ...{ code: 'build-file-unusable', text: 'pyproject.toml is missing', values: { file: 'pyproject.toml' } },
    });
    expect(await runtime({ folder: project({ 'pyproject.toml': '[project' }), programs })).toMatchObject({
      text: 'pyproject.toml is not valid TOML',
    });
  });

  it('is found on this machine', async () => {
    const folder = project();
    execFileSync('python3', ['-m', 'venv', '--without-pip', join(folder, '.venv')]);
    const version = execFileSync('python3', ['-c', 'import platform; print(platform.python_version())']);
    expect(await runtime({ folder })).toMatchObject({ kind: 'fine', summary: `Python ${version.toString().trim()}` });
  });
});

describe.skipIf(IS_WINDOWS)("the version of Temporal's SDK in a Python project", () => {
  const examine = (files: Readonly<Record<string, string>>) =>
    pythonDiagnosis.temporalSdk(locate({ folder: project({ 'pyproject.toml': PYPROJECT, ...files }) }));
  const installed = (version: string) => ({ [`${SITE_PACKAGES}/temporalio-${version}.dist-info/`]: '' });
  const locked = (version: string) => ({
    'uv.lock': `version = 1\n\n[[package]]\nname = "httpx"\nversion = "0.28.1"\n\n[[package]]\nname = "temporalio"\nversion = "${version}"\n`,
  });

  it('is the installed one', async () => {
    expect(await examine({ ...installed('1.35.0'), ...locked('1.35.0') })).toEqual({
      ...{ kind: 'fine', summary: 'version 1.35.0' },
      facts: { '.venv': '1.35.0', 'pyproject.toml': '1.35.0', 'uv.lock': '1.35.0' },
    });
  });

  it('can be missing', async () => {
    expect(await examine({ [`${SITE_PACKAGES}/temporalio_contrib-1.0.0.dist-info/`]: '' })).toMatchObject({
      code: 'sdk-not-installed',
      text: 'temporalio is not installed',
    });
    const folder = project({});
    expect(await pythonDiagnosis.temporalSdk(locate({ folder }))).toMatchObject({ kind: 'skipped' });
  });

  it('can differ from pyproject.toml or uv.lock', async () => {
    expect(await examine(installed('1.34.0'))).toMatchObject({
      ...{ code: 'sdk-install-outdated', text: 'temporalio 1.34.0 is installed, but pyproject.toml has 1.35.0' },
    });
    expect(await examine({ ...installed('1.35.0'), ...locked('1.34.0') })).toMatchObject({
      ...{ code: 'sdk-install-outdated', text: 'temporalio 1.35.0 is installed, but uv.lock has 1.34.0' },
    });
  });

  it('is checked together with that of the library', async () => {
    const library = { [`${SITE_PACKAGES}/kuflow_worker-0.1.0.dist-info/`]: '' };
    const pyproject = PYPROJECT.replace('"httpx==0.28.1"', '"kuflow-worker==0.2.0"');
    expect(await examine({ ...installed('1.35.0'), ...library, 'pyproject.toml': pyproject })).toMatchObject({
      ...{ code: 'sdk-install-outdated', text: 'kuflow-worker 0.1.0 is installed, but pyproject.toml has 0.2.0' },
    });
  });

  it('can be too old for the workflows', async () => {
    const pyproject = PYPROJECT.replace('1.35.0', '1.27.2');
    expect(await examine({ ...installed('1.27.2'), 'pyproject.toml': pyproject })).toMatchObject({
      code: 'sdk-known-fault',
      text: 'temporalio 1.27.2 does not work with this worker: it does not have workflow.cancellation_reason, which the workflows use',
      values: { package: 'temporalio', version: '1.28.0' },
    });
  });
});

describe.skipIf(IS_WINDOWS)('a Python worker', () => {
  it('runs with the Python of its virtual environment', async () => {
    const folder = project();
    expect(await pythonDiagnosis.worker(locate({ folder }))).toEqual({ kind: 'not-installed' });
    const program = writeScript(join(folder, '.venv', 'bin', 'python'), pythonScript('3.11.7'));
    expect(await pythonDiagnosis.worker(locate({ folder }))).toEqual({
      ...{ kind: 'command', program, args: ['-m', 'loan_worker'] },
    });
  });
});

describe('pyproject.toml', () => {
  it.each([
    ['"temporalio==1.35.0"', '1.35.0'],
    ['"Temporalio [grpc] == 1.35.0 ; python_version > \'3\'"', '1.35.0'],
    ['"temporalio>=1.35.0"', undefined],
    ['"temporalio==1.*"', undefined],
    ['"temporalio-extras==1.35.0"', undefined],
    ['7', undefined],
  ])('with the dependency %s pins %s', (dependency, version) => {
    const text = `[project]\ndependencies = [${dependency}]\n`;
    expect(parsePyproject(text)?.pinned('temporalio')).toBe(version);
  });

  it('names the package with the program', () => {
    expect(parsePyproject(PYPROJECT)?.packageName).toBe('loan_worker');
    expect(parsePyproject('[project.scripts]\na = "tool:main"\nb = "acme.loan.__main__:run"\n')?.packageName).toBe(
      'acme.loan',
    );
    expect(parsePyproject('project = 7\n')?.packageName).toBeUndefined();
    expect(parsePyproject('[project]\nname = "a"\nname = "b"\n')).toBeUndefined();
  });
});
