import { execa } from 'execa';
import type { ChildProcess } from 'node:child_process';
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { codeOf } from '../../base/errors.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import { signalTree } from '../../base/process-tree.ts';
import type { PackageManager } from '../project-spec.ts';
import { installArguments, programOf } from './package-manager.ts';
import {
  isUnpublished,
  LOG_REQUESTS,
  watchRegistry,
  removeRequestLines,
  type UnreachableRegistry,
} from './registry-log.ts';

export type InstallResult =
  | {
      readonly kind: 'installed';
      readonly ms: number;
      /** Absolute path of the workspace that the project was installed into: modules and lock file are there, not in the project. */
      readonly workspace?: string;
    }
  | {
      readonly kind: 'failed';
      readonly command: string;
      /** The exit status, the signal, or that the program is not installed. */
      readonly seen: string;
      /** The last lines of the output, without control sequences. */
      readonly output: string;
      /** Path of the file with the whole output, relative to the project. Absent if `output` is complete. */
      readonly log?: string;
      /** The registry that could not be reached. */
      readonly registry?: string;
      /** The registry does not have this tool, or not its version. */
      readonly unpublished?: true;
      readonly ms: number;
    }
  | { readonly kind: 'interrupted' };

export interface InstallOptions {
  readonly folder: string;
  readonly packageManager: PackageManager;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Called with each line of output. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** Ignored by git, like every `*.log`. */
const LOG_FILE = '.kuflow/install.log';
const MAX_OUTPUT_LINES = 40;
const GRACE_MS = 5000;

// Variables that npm sets for its scripts. If this tool was started by `npx`, they must not affect the install of the new project.
const REMOVED_VARIABLES =
  /^(?:npm_(?:lifecycle|package|command|execpath|node_execpath)|npm_config_(?:package|call|yes|dry_run|local_prefix)$|INIT_CWD$|NODE_ENV$)/i;

function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !REMOVED_VARIABLES.test(name));
  // `yarn dlx` makes every Node.js child process look for modules in its temporary folder.
  const options = env['NODE_OPTIONS']?.replaceAll(
    /(?:^|\s)--(?:require|(?:experimental-)?loader)[ =]\S*\.pnp\.\S*/g,
    '',
  );
  return {
    ...Object.fromEntries(kept),
    ...(options === undefined ? {} : { NODE_OPTIONS: options.trim() }),
    // Avoids an extra request and a notice about npm updates.
    npm_config_update_notifier: 'false',
    // Corepack replaces pnpm and Yarn on many machines. Nobody would see its prompt, and it must not change package.json.
    COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
    COREPACK_ENABLE_AUTO_PIN: '0',
  };
}

/**
 * Installs the dependencies of the project in `folder`. Returns failures instead of throwing, because a project whose install failed is kept.
 * The child process has no stdin, so that a package manager that prompts uses its default instead of hanging. It leads a separate process
 * group, so that an interruption ends everything it started. An npm that cannot reach its registry is ended after its second attempt, because
 * it would go on for a quarter of an hour.
 */
export async function installDependencies(options: InstallOptions): Promise<InstallResult> {
  const { folder, packageManager, signal } = options;
  if (signal?.aborted === true) return { kind: 'interrupted' };
  const program = programOf(packageManager);
  const lock = packageManager === 'yarn@4' ? await claimYarnProject(folder) : undefined;
  try {
    return await runInstall(program, options);
  } finally {
    if (lock !== undefined && (await readFile(lock, 'utf8').catch(() => 'gone')) === '') await rm(lock);
  }
}

async function runInstall(program: string, options: InstallOptions): Promise<InstallResult> {
  const { folder, packageManager, env, signal, onLine } = options;
  const started = performance.now();
  const args = installArguments(packageManager);
  const isWatched = packageManager === 'npm' && !setsLogLevel(env);
  const child = execa(program, isWatched ? [...args, LOG_REQUESTS] : args, {
    cwd: folder,
    env: childEnvironment(env),
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    detached: process.platform !== 'win32',
  });
  // execa would end only the first process, not its children.
  const abort = new AbortController();
  const release = killWithParent(child, AbortSignal.any([abort.signal, ...(signal === undefined ? [] : [signal])]));
  const watch = isWatched ? watchRegistry() : undefined;
  let unreachable: UnreachableRegistry | undefined;
  try {
    for await (const line of child.iterable({ from: 'all' })) {
      const text = stripVTControlCharacters(line).trim();
      if (text !== '') onLine?.(text);
      unreachable ??= watch?.(text);
      if (unreachable !== undefined) abort.abort();
    }
    const result = await child;
    const ms = performance.now() - started;
    if (signal?.aborted === true) return { kind: 'interrupted' };
    if (!result.failed) return { kind: 'installed', ms, ...(await findWorkspace(folder)) };
    const output = removeRequestLines(stripVTControlCharacters(result.all)).trim();
    const unpublished = isUnpublished(output);
    return {
      kind: 'failed',
      command: [program, ...args].join(' '),
      seen:
        unreachable !== undefined
          ? `no connection to the registry ${unreachable.registry}: ${unreachable.code}, twice`
          : unpublished
            ? `the registry does not have this version of ${PACKAGE_NAME}`
            : result.code === 'ENOENT'
              ? `${program} is not installed`
              : result.signal === undefined
                ? `exit status ${result.exitCode ?? 'unknown'}`
                : `ended by ${result.signal}`,
      ...(await shortenOutput(folder, output)),
      ...(unreachable === undefined ? {} : { registry: unreachable.registry }),
      ...(unpublished ? { unpublished } : {}),
      ms,
    };
  } finally {
    release();
  }
}

function setsLogLevel(env: NodeJS.ProcessEnv): boolean {
  return Object.entries(env).some(([name, value]) => /^npm_config_loglevel$/i.test(name) && (value ?? '') !== '');
}

/** Ends the process and its children when the signal aborts or this process exits. Returns a function that removes the handlers. */
function killWithParent(child: Pick<ChildProcess, 'pid' | 'once'>, signal: AbortSignal | undefined): () => void {
  const { pid } = child;
  if (pid === undefined) return () => undefined;
  let killTimer: NodeJS.Timeout | undefined;
  const kill = (): void => signalTree(pid, 'SIGKILL');
  const end = (): void => {
    signalTree(pid, 'SIGTERM');
    killTimer = setTimeout(kill, GRACE_MS);
    // Its children may have ignored SIGTERM.
    child.once('exit', kill);
  };
  process.once('exit', kill);
  signal?.addEventListener('abort', end, { once: true });
  return () => {
    process.off('exit', kill);
    signal?.removeEventListener('abort', end);
    clearTimeout(killTimer);
  };
}

/**
 * Yarn treats a project inside another one as a part of that project, rejects it if it is not listed there, and applies the settings of the
 * outer project. An empty lock file makes it a separate project. Returns the path of the lock file if it was created.
 */
async function claimYarnProject(folder: string): Promise<string | undefined> {
  const path = join(folder, 'yarn.lock');
  try {
    await writeFile(path, '', { flag: 'wx' });
    return path;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
}

/** npm, Bun and Yarn 1 install a project that is listed in an outer workspace into that workspace, and link it there. */
async function findWorkspace(folder: string): Promise<{ readonly workspace?: string }> {
  const { name } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { name?: string };
  if (name === undefined) return {};
  const itself = await realpath(folder);
  for (let at = dirname(folder); ; at = dirname(at)) {
    const link = await realpath(join(at, 'node_modules', name)).catch(() => undefined);
    if (link === itself) return { workspace: at };
    if (dirname(at) === at) return {};
  }
}

async function shortenOutput(
  folder: string,
  output: string,
): Promise<{ readonly output: string; readonly log?: string }> {
  const lines = output.split('\n');
  if (lines.length <= MAX_OUTPUT_LINES) return { output };
  const rest = lines.slice(-MAX_OUTPUT_LINES).join('\n');
  try {
    const path = join(folder, LOG_FILE);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${output}\n`, { mode: 0o600 });
    return { output: rest, log: LOG_FILE };
  } catch {
    // The install may have failed because the disk is full. The output must be enough then.
    return { output };
  }
}
