import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { killWithParent } from '../base/process-tree.ts';
import type { PackageManager } from './project-spec.ts';

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
  /** Whether the project is a member of a workspace, which has the lock file. */
  readonly isMember?: boolean | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Called with each line of output. */
  readonly onLine?: ((line: string) => void) | undefined;
}

/** How one tool installs dependencies. */
export interface Installer {
  readonly program: string;
  readonly args: readonly string[];
  /** Further arguments, which the person who repeats the command does not need. */
  readonly outputArgs?: readonly string[] | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Looks at each line of output. An answer ends the installation: its registry cannot be reached. */
  readonly watch?: ((line: string) => UnreachableRegistry | undefined) | undefined;
  /** The part of the output that people need. */
  readonly clean?: ((output: string) => string) | undefined;
  /** What the output of a failure means, if it is known. */
  readonly explain?: ((output: string) => InstallFailure | undefined) | undefined;
}

export interface UnreachableRegistry {
  readonly registry: string;
  /** What was observed, such as `ENOTFOUND`. */
  readonly code: string;
}

export type InstallFailure = Pick<Extract<InstallResult, { kind: 'failed' }>, 'seen' | 'registry' | 'unpublished'>;

/** Ignored by git, like every `*.log`. */
const LOG_FILE = '.kuflow/install.log';
const MAX_OUTPUT_LINES = 40;

/**
 * Runs the installer in the folder of the project. Returns failures instead of throwing, because a project whose install failed is kept.
 * The child process has no stdin, so that a program that prompts uses its default instead of hanging. It leads a separate process group, so
 * that an interruption ends everything it started.
 */
export async function runInstaller(installer: Installer, options: InstallOptions): Promise<InstallResult> {
  const {
    program,
    args,
    outputArgs = [],
    env,
    watch,
    clean = (output: string) => output,
    explain = () => undefined,
  } = installer;
  const { folder, signal, onLine } = options;
  const started = performance.now();
  const child = execa(program, [...args, ...outputArgs], {
    cwd: folder,
    env,
    extendEnv: false,
    stdin: 'ignore',
    all: true,
    reject: false,
    detached: process.platform !== 'win32',
  });
  // execa would end only the first process, not its children.
  const abort = new AbortController();
  const release = killWithParent(child, AbortSignal.any([abort.signal, ...(signal === undefined ? [] : [signal])]));
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
    if (!result.failed) return { kind: 'installed', ms };
    const output = clean(stripVTControlCharacters(result.all)).trim();
    const failure: InstallFailure =
      unreachable !== undefined
        ? {
            registry: unreachable.registry,
            seen: `no connection to the registry ${unreachable.registry}: ${unreachable.code}, twice`,
          }
        : (explain(output) ?? {
            seen:
              result.code === 'ENOENT'
                ? `${program} is not installed`
                : result.signal === undefined
                  ? `exit status ${result.exitCode ?? 'unknown'}`
                  : `ended by ${result.signal}`,
          });
    return {
      kind: 'failed',
      command: [program, ...args].join(' '),
      ...(await shortenOutput(folder, output)),
      ...failure,
      ms,
    };
  } finally {
    release();
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
