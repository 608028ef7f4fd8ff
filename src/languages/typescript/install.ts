import { execa } from 'execa';
import type { ChildProcess } from 'node:child_process';
import { mkdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { codeOf } from '../../base/errors.ts';
import { signalTree } from '../../base/process-tree.ts';
import type { PackageManager } from '../project-spec.ts';
import { installArguments, programOf } from './package-manager.ts';
import { LOG_REQUESTS, watchRegistry, removeRequestLines, type UnreachableRegistry } from './registry-log.ts';

export type InstallResult =
  | {
      readonly kind: 'installed';
      readonly ms: number;
      /** Absolute folder of the workspace that the project became a part of: modules and lock file are there, not in the project. */
      readonly workspace?: string;
    }
  | {
      readonly kind: 'failed';
      readonly command: string;
      /** What was seen: an exit status, a signal, or that the program is not there. */
      readonly seen: string;
      /** The end of what the package manager wrote, control sequences removed. */
      readonly output: string;
      /** Path of the file that holds all of it, relative to the project; absent when `output` is all. */
      readonly log?: string;
      /** The package manager is not on this machine. */
      readonly missing?: true;
      /** The registry that no connection could be made to. */
      readonly registry?: string;
      readonly ms: number;
    }
  | { readonly kind: 'interrupted' };

export interface InstallOptions {
  readonly folder: string;
  readonly packageManager: PackageManager;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Each line that the package manager writes. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** Ignored by git, as every `*.log`. */
const LOG_FILE = '.kuflow/install.log';
const SHOWN_LINES = 40;
const GRACE_MS = 5000;

// What npm tells the scripts that it runs: our own start by `npx` must not steer the install of the new project.
const NOT_FOR_CHILD =
  /^(?:npm_(?:lifecycle|package|command|execpath|node_execpath)|npm_config_(?:package|call|yes|dry_run|local_prefix)$|INIT_CWD$|NODE_ENV$)/i;

function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(([name]) => !NOT_FOR_CHILD.test(name));
  // `yarn dlx` makes every Node.js below it look for modules in its own temporary folder.
  const options = env['NODE_OPTIONS']?.replaceAll(
    /(?:^|\s)--(?:require|(?:experimental-)?loader)[ =]\S*\.pnp\.\S*/g,
    '',
  );
  return {
    ...Object.fromEntries(kept),
    ...(options === undefined ? {} : { NODE_OPTIONS: options.trim() }),
    // A newer npm is not our news, and asking for it is one request more.
    npm_config_update_notifier: 'false',
    // Corepack, which stands in for pnpm and Yarn on many machines: nobody sees its question, and package.json is not its to change.
    COREPACK_ENABLE_DOWNLOAD_PROMPT: '0',
    COREPACK_ENABLE_AUTO_PIN: '0',
  };
}

/**
 * Installs the dependencies of the project in `folder`. Returns what happened instead of throwing: a project whose install failed is kept.
 * The child has no stdin: a package manager that wants to ask gets its end and falls back to a default, rather than hang unseen. It leads
 * a process group of its own, so that an interruption ends all that it started. An npm that can't reach its registry is ended after its
 * second try, since it would go on for a quarter of an hour.
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
  const watched = packageManager === 'npm' && !setsLogLevel(env);
  const child = execa(program, watched ? [...args, LOG_REQUESTS] : args, {
    cwd: folder,
    env: childEnvironment(env),
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    detached: process.platform !== 'win32',
  });
  // execa's own ways to end it reach the first process only.
  const giveUp = new AbortController();
  const release = killWithParent(child, AbortSignal.any([giveUp.signal, ...(signal === undefined ? [] : [signal])]));
  const watch = watched ? watchRegistry() : undefined;
  let unreached: UnreachableRegistry | undefined;
  try {
    for await (const line of child.iterable({ from: 'all' })) {
      const text = stripVTControlCharacters(line).trim();
      if (text !== '') onLine?.(text);
      unreached ??= watch?.(text);
      if (unreached !== undefined) giveUp.abort();
    }
    const result = await child;
    const ms = performance.now() - started;
    if (signal?.aborted === true) return { kind: 'interrupted' };
    if (!result.failed) return { kind: 'installed', ms, ...(await findWorkspace(folder)) };
    const missing = result.code === 'ENOENT';
    return {
      kind: 'failed',
      command: [program, ...args].join(' '),
      seen:
        unreached !== undefined
          ? `no connection to the registry ${unreached.registry}: ${unreached.code}, twice`
          : missing
            ? `${program} is not installed`
            : result.signal === undefined
              ? `exit status ${result.exitCode ?? 'unknown'}`
              : `ended by ${result.signal}`,
      ...(await shortenOutput(folder, removeRequestLines(stripVTControlCharacters(result.all)).trim())),
      ...(unreached === undefined ? {} : { registry: unreached.registry }),
      ...(missing ? { missing } : {}),
      ms,
    };
  } finally {
    release();
  }
}

function setsLogLevel(env: NodeJS.ProcessEnv): boolean {
  return Object.entries(env).some(([name, value]) => /^npm_config_loglevel$/i.test(name) && (value ?? '') !== '');
}

/** Ends the process and all that it started when the signal aborts, or with this process. Returns the function that lets it go. */
function killWithParent(child: Pick<ChildProcess, 'pid' | 'once'>, signal: AbortSignal | undefined): () => void {
  const { pid } = child;
  if (pid === undefined) return () => undefined;
  let late: NodeJS.Timeout | undefined;
  const kill = (): void => signalTree(pid, 'SIGKILL');
  const end = (): void => {
    signalTree(pid, 'SIGTERM');
    late = setTimeout(kill, GRACE_MS);
    // What it started may have taken SIGTERM for no reason to end.
    child.once('exit', kill);
  };
  process.once('exit', kill);
  signal?.addEventListener('abort', end, { once: true });
  return () => {
    process.off('exit', kill);
    signal?.removeEventListener('abort', end);
    clearTimeout(late);
  };
}

/**
 * Yarn takes a project below another one for a part of that, refuses it when it is not listed there, and else applies its settings to the
 * whole. An empty lock file says that it stands on its own. Returns its path when it was made.
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

/** npm, Bun and Yarn 1 install a project that a workspace above lists into that workspace, and link it there. */
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
  if (lines.length <= SHOWN_LINES) return { output };
  const rest = lines.slice(-SHOWN_LINES).join('\n');
  try {
    const path = join(folder, LOG_FILE);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${output}\n`, { mode: 0o600 });
    return { output: rest, log: LOG_FILE };
  } catch {
    // A full disk may be why the install failed. What is shown then has to do.
    return { output };
  }
}
