import { execa } from 'execa';
import { stripVTControlCharacters } from 'node:util';
import type { PackageManager } from './answers.ts';
import { installArguments } from './package-manager.ts';

export type InstallResult =
  | { readonly kind: 'installed'; readonly ms: number }
  | {
      readonly kind: 'failed';
      readonly command: string;
      /** What was seen: an exit status, a signal, or that the program is not there. */
      readonly seen: string;
      /** What the package manager wrote, control sequences removed. */
      readonly output: string;
      readonly ms: number;
    }
  | { readonly kind: 'interrupted' };

export interface InstallOptions {
  readonly folder: string;
  readonly packageManager: PackageManager;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  /** Each line that the package manager writes. */
  readonly onLine?: (line: string) => void;
}

// What npm tells the scripts that it runs: our own start by `npx` must not steer the install of the new project.
const NOT_FOR_CHILD =
  /^(?:npm_(?:lifecycle|package|command|execpath|node_execpath)|npm_config_(?:package|call|yes|dry_run|local_prefix)$|INIT_CWD$|NODE_ENV$)/i;

function childEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !NOT_FOR_CHILD.test(name)));
}

/**
 * Installs the dependencies of the project in `folder`. Returns what happened instead of throwing: a project whose install failed is kept.
 * The child has no stdin: a package manager that wants to ask gets its end and falls back to a default, rather than hang unseen.
 */
export async function installDependencies(options: InstallOptions): Promise<InstallResult> {
  const started = performance.now();
  const args = installArguments(options.packageManager);
  const interrupted = (): boolean => options.signal?.aborted === true;
  if (interrupted()) return { kind: 'interrupted' };
  const child = execa(options.packageManager, args, {
    cwd: options.folder,
    env: childEnvironment(options.env),
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    forceKillAfterDelay: 5000,
    cancelSignal: options.signal ?? new AbortController().signal,
  });
  const { onLine } = options;
  if (onLine !== undefined) {
    for await (const line of child.iterable({ from: 'all' })) {
      const text = stripVTControlCharacters(line).trim();
      if (text !== '') onLine(text);
    }
  }
  const result = await child;
  const ms = performance.now() - started;
  if (result.isCanceled || interrupted()) return { kind: 'interrupted' };
  if (!result.failed) return { kind: 'installed', ms };
  const missing = result.code === 'ENOENT';
  return {
    kind: 'failed',
    command: [options.packageManager, ...args].join(' '),
    seen: missing
      ? `${options.packageManager} is not installed`
      : result.signal === undefined
        ? `exit status ${result.exitCode ?? 'unknown'}`
        : `ended by ${result.signal}`,
    output: stripVTControlCharacters(result.all).trim(),
    ms,
  };
}
