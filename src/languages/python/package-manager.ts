import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { joinCommands, scriptPath, userShell, type CommandShell } from '../../base/shell.ts';
import { findOnPath } from '../../files/find-on-path.ts';
import type { ProjectCommands } from '../language.ts';
import type { PackageManager, PythonPackageManager } from '../project-spec.ts';
import type {
  InstallFailure,
  InstallOptions,
  InstallResult,
  ProjectCommandOptions,
  ProjectToolResult,
} from '../run-project-tool.ts';
import {
  OLDEST_PYTHON,
  PYTHON_PROGRAMS,
  findPython,
  isOlderPython,
  listMissing,
  missingPythonReason,
  findPythonOfUv,
} from './find-python.ts';

export const PYTHON_MANAGERS: readonly PythonPackageManager[] = ['uv', 'pip'];
export const UV_LOCK = 'uv.lock';
export const PYTHON_DOWNLOADS = 'https://www.python.org/downloads/';
export const UV_DOWNLOADS = 'https://docs.astral.sh/uv/getting-started/installation/';

const IS_WINDOWS = process.platform === 'win32';
/** The virtual environment, relative to the project. */
export const ENVIRONMENT = '.venv';
/** What comes before the name of a program of the virtual environment. */
const environmentPrograms = (shell: CommandShell, isWindows: boolean): string =>
  [ENVIRONMENT, isWindows ? 'Scripts' : 'bin', ''].join(shell === 'posix' ? '/' : '\\');
export const ENVIRONMENT_PYTHON = `${environmentPrograms(IS_WINDOWS ? 'cmd' : 'posix', IS_WINDOWS)}python${IS_WINDOWS ? '.exe' : ''}`;

/** Restarts a worker in development when a file changes. */
export const WATCH_OPTIONS = '--watch src --watch application.yaml --watch application-local.yaml';

/** Older ones do not have `--group`, and check the environment less strictly. */
export const PIP_VERSION = '25.3';
/** What pip installs, in this order: first exactly what was tested, then the project with the dependencies that were added to it. */
const PIP_STEPS: readonly (readonly string[])[] = [
  [`pip==${PIP_VERSION}`],
  ['--require-hashes', '-r', 'requirements-dev.txt'],
  ['--no-build-isolation', '-e', '.', '--group', 'dev'],
].map((args) => ['-m', 'pip', 'install', ...args]);
/** By default, pip retries an unreachable index for several minutes. */
const PIP_RETRIES = '2';

/** The package manager of a Python project. Throws if it is that of another language. */
export function pythonManager(manager: PackageManager): PythonPackageManager {
  const found = PYTHON_MANAGERS.find((one) => one === manager);
  if (found === undefined) throw new TypeError(`${manager} does not build Python projects`);
  return found;
}

/** The package manager with this name. Otherwise uv if it is installed or the folder has its lock file, and pip if not. */
export function choosePythonManager(
  name: string | undefined,
  { env, folder }: { readonly env: NodeJS.ProcessEnv; readonly folder: string },
): PythonPackageManager {
  const named = PYTHON_MANAGERS.find((manager) => manager === name);
  if (named !== undefined) return named;
  return existsSync(join(folder, UV_LOCK)) || findOnPath('uv', env) !== undefined ? 'uv' : 'pip';
}

/** The program that a package manager needs on the PATH. pip is a module of Python. */
export function pythonProgram(manager: PackageManager): string {
  return manager === 'uv' ? 'uv' : PYTHON_PROGRAMS[0];
}

const INSTALL_PYTHON = `Install Python ${OLDEST_PYTHON} or newer: ${PYTHON_DOWNLOADS}`;
const INSTALL_UV = `Or install uv, which downloads Python itself: ${UV_DOWNLOADS}`;

/** Rejects with a KnownError if this machine cannot install a project with this package manager. */
export async function requirePython(manager: PackageManager, env: NodeJS.ProcessEnv): Promise<void> {
  await (pythonManager(manager) === 'uv' ? requireUv(env) : requirePip(env));
}

function missingToolError(message: string, seen: string, next: readonly string[]): KnownError {
  return new KnownError({
    message,
    seen: `${seen}; nothing was written`,
    next: [...next, 'Or add --no-install to write the project only'],
  });
}

async function requireUv(env: NodeJS.ProcessEnv): Promise<void> {
  if (findOnPath('uv', env) === undefined)
    throw missingToolError('uv is not installed', 'uv is not on the PATH', [
      `Install uv: ${UV_DOWNLOADS}`,
      'Or install with pip: --package-manager pip',
    ]);
  if ((await findPythonOfUv(env)).kind !== 'missing') return;
  const seen = `uv did not find one, and UV_PYTHON_DOWNLOADS=${env['UV_PYTHON_DOWNLOADS'] ?? ''} prevents a download`;
  throw missingToolError(`Python ${OLDEST_PYTHON} or newer is not installed`, seen, [
    INSTALL_PYTHON,
    'Or let uv download it: unset UV_PYTHON_DOWNLOADS',
  ]);
}

async function requirePip(env: NodeJS.ProcessEnv): Promise<void> {
  const python = await findPython(env);
  const next = [INSTALL_PYTHON, INSTALL_UV];
  if (python === undefined) throw missingToolError('Python is not installed', missingPythonReason(env), next);
  const { path, version, missing } = python;
  if (isOlderPython(version, OLDEST_PYTHON)) {
    const message = `Python is too old: version ${OLDEST_PYTHON} or newer is required`;
    throw missingToolError(message, `${path} is version ${version}`, next);
  }
  if (missing.length === 0) return;
  throw missingToolError('Python cannot create a virtual environment', listMissing(python), [
    'Install what is missing, for example on Debian and Ubuntu: sudo apt install python3-venv python3-pip',
    INSTALL_UV,
  ]);
}

/** Installs the dependencies of the project in `folder` into its virtual environment; see `runInstaller`. */
export async function installPythonProject(options: InstallOptions): Promise<InstallResult> {
  const { packageManager, isMember, env, signal } = options;
  // Imported on demand: running other programs needs a large package.
  const { runInstaller } = await import('../run-project-tool.ts');
  const run = async (
    program: string,
    args: readonly string[],
    childEnv: NodeJS.ProcessEnv = env,
  ): Promise<InstallResult> =>
    signal?.aborted === true
      ? { kind: 'interrupted' }
      : runInstaller({ program, args, env: childEnv, explain: explainFailure }, options);
  if (pythonManager(packageManager) === 'uv') {
    return run('uv', syncArguments(isMember === true), withoutVirtualEnvironment(env));
  }

  const started = performance.now();
  const python = (await findPython(env))?.program ?? PYTHON_PROGRAMS[0];
  const pipEnv = { PIP_RETRIES, ...withoutVirtualEnvironment(env), PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const pip = (args: readonly string[]): Promise<InstallResult> => run(ENVIRONMENT_PYTHON, args, pipEnv);
  let result = await run(python, ['-m', 'venv', ENVIRONMENT], pipEnv);
  for (const args of PIP_STEPS) if (result.kind === 'installed') result = await pip(args);
  return result.kind === 'interrupted' ? result : { ...result, ms: performance.now() - started };
}

/** The environment of a member is that of its workspace. An exact installation would remove the dependencies of the other members. */
function syncArguments(isMember: boolean): readonly string[] {
  return ['sync', ...(isMember ? ['--inexact'] : [])];
}

/** The command that installs the dependencies of a project with uv. */
export function uvSyncCommand({ isMember }: { readonly isMember: boolean }): string {
  return ['uv', ...syncArguments(isMember)].join(' ');
}

/** The command that installs the dependencies of a project with pip on Windows, which does not have make. */
export function pipInstallCommand(shell: CommandShell): string {
  const steps = PIP_STEPS.map((args) => `${environmentPrograms(shell, true)}python ${args.join(' ')}`);
  return joinCommands([`py -m venv ${ENVIRONMENT}`, ...steps], shell);
}

/** Runs a command of a project with the same environment as the installation. */
export async function runPythonCommand(command: string, options: ProjectCommandOptions): Promise<ProjectToolResult> {
  const { runCommandLine } = await import('../run-project-tool.ts');
  return runCommandLine(command, { ...options, env: withoutVirtualEnvironment(options.env) });
}

/** The environment without the variables of an active virtual environment, which is not that of the project. */
function withoutVirtualEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:VIRTUAL_ENV|PYTHONHOME)$/i.test(name)));
}

const UV_DOWNLOAD = /Failed to (?:fetch|download):? `?(https?:\/\/[^\s`]+)/;
const HTTP_STATUS = /HTTP status (?:client|server) error/;
const PIP_CONNECTION = /Retrying \(Retry\(|Max retries exceeded|Read timed out/;
const PIP_INDEX = /Looking in indexes: (https?:\/\/[^\s,]+)/;
const PYPI = 'https://pypi.org';

/** uv names the address that it could not reach. pip names its index only if it is not PyPI. */
function explainFailure(output: string): InstallFailure | undefined {
  const [, fetched] = UV_DOWNLOAD.exec(output) ?? [];
  const address = fetched ?? (PIP_CONNECTION.test(output) ? (PIP_INDEX.exec(output)?.[1] ?? PYPI) : '');
  if (!URL.canParse(address)) return undefined;
  const { origin } = new URL(address);
  return { seen: `could not download from ${origin}`, ...(!HTTP_STATUS.test(output) && { registry: origin }) };
}

/** Commands to run in the folder of a project. `script` is its console script. Windows does not have make. */
export function pythonCommands(
  manager: PackageManager,
  { script, isMember }: { readonly script: string; readonly isMember: boolean },
  shell = userShell(),
  isWindows = IS_WINDOWS,
): ProjectCommands {
  const isUv = pythonManager(manager) === 'uv';
  const programs = environmentPrograms(shell, isWindows);
  const run = (command: string): string => (isUv ? `uv run ${command}` : `${programs}${command}`);
  const kuflow = scriptPath('kuflow', '', shell);
  const start = run(script);
  const tests = 'run the tests of every process';
  const windows = {
    install: pipInstallCommand(shell),
    dev: `${kuflow} dev exec ${WATCH_OPTIONS} -- ${start} --dev`,
    smoke: `${kuflow} dev simulate -- ${start} --dev`,
    check: `${start} --check`,
    verify: [
      { command: run('mypy'), text: 'check types' },
      { command: run('ruff check'), text: 'lint' },
      { command: run('pytest'), text: tests },
    ],
  };
  const others = {
    install: 'make install',
    dev: 'make dev',
    smoke: 'make smoke',
    check: 'make check',
    verify: [
      { command: 'make lint', text: 'check formatting and types, and lint' },
      { command: 'make test', text: tests },
    ],
  };
  return {
    ...(isWindows ? windows : others),
    ...(isUv ? { install: uvSyncCommand({ isMember }) } : {}),
    start,
    kuflow,
    simulated: `${start} --dev`,
  };
}

export function lockFilesOf(manager: PackageManager): readonly string[] {
  return manager === 'uv' ? [UV_LOCK] : [];
}
