import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { killWithParent } from '../base/process-tree.ts';
import { userShell } from '../base/shell.ts';
import { isNotInstalled } from '../files/find-on-path.ts';
import type { PackageManager } from './project-spec.ts';

export type ProjectToolResult =
  | { readonly kind: 'succeeded'; readonly ms: number }
  | (ToolFailure & { readonly kind: 'failed' })
  | { readonly kind: 'interrupted' };

export interface ToolFailure {
  /** Repeats the run. */
  readonly command: string;
  /** The exit status, the signal, or that the program is not installed. */
  readonly seen: string;
  /** The last lines of the output, without control sequences. */
  readonly output: string;
  /** Path of the file with the whole output, relative to the project. Absent if `output` is complete. */
  readonly log?: string;
  readonly ms: number;
  /** The registry that could not be reached. */
  readonly registry?: string;
  /** The registry does not have this tool, or not its version. */
  readonly unpublished?: true;
}

export type InstallResult =
  | {
      readonly kind: 'installed';
      readonly ms: number;
      /** Absolute path of the workspace that the project was installed into: modules and lock file are there, not in the project. */
      readonly workspace?: string;
    }
  | Exclude<ProjectToolResult, { readonly kind: 'succeeded' }>;

export interface ProjectCommandOptions {
  /** Absolute folder of the project. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly onLine?: ((line: string) => void) | undefined;
}

export interface InstallOptions extends ProjectCommandOptions {
  readonly packageManager: PackageManager;
  /** Whether the project is a member of a workspace, which has the lock file. */
  readonly isMember?: boolean | undefined;
}

interface ProjectTool {
  readonly program: string;
  readonly args: readonly string[];
  /** Further arguments, which the person who repeats the command does not need. */
  readonly outputArgs?: readonly string[] | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** The shell that `program` is a command line for, or `true` for the default one. */
  readonly shell?: boolean | string | undefined;
  /** For the whole output, if it is long; ignored by git, like every `*.log`. */
  readonly logFile: string;
  /** Looks at each line of output. An answer ends the program: its registry cannot be reached. */
  readonly watch?: ((line: string) => UnreachableRegistry | undefined) | undefined;
  /** The part of the output that people need. */
  readonly clean?: ((output: string) => string) | undefined;
  /** What this part means, if it is known. */
  readonly explain?: ((output: string) => InstallFailure | undefined) | undefined;
}

export interface UnreachableRegistry {
  readonly registry: string;
  /** What was observed, such as `ENOTFOUND`. */
  readonly code: string;
}

export type InstallFailure = Partial<Pick<ToolFailure, 'seen' | 'registry' | 'unpublished'>>;

const INSTALL_LOG = '.kuflow/install.log';
const COMMAND_LOG = '.kuflow/command.log';
const MAX_OUTPUT_LINES = 40;

/** Runs the installer in the folder of the project. Returns failures, because a project whose install failed is kept. */
export async function runInstaller(
  installer: Omit<ProjectTool, 'logFile' | 'shell'>,
  options: InstallOptions,
): Promise<InstallResult> {
  const result = await runProjectTool({ ...installer, logFile: INSTALL_LOG }, options);
  return result.kind === 'succeeded' ? { ...result, kind: 'installed' } : result;
}

/** Runs a command line of the user's shell in the folder of a project, such as one of `ProjectCommands`. Returns failures instead of throwing. */
export async function runCommandLine(command: string, options: ProjectCommandOptions): Promise<ProjectToolResult> {
  // Node's own choice on Windows is cmd.exe, which also reads commands for PowerShell that are not joined.
  const shell = process.platform === 'win32' && userShell() === 'posix' ? 'bash' : true;
  return runProjectTool({ program: command, args: [], env: options.env, shell, logFile: COMMAND_LOG }, options);
}

/**
 * Its stdin is closed, so a program that would prompt uses its default instead of waiting for an answer. It leads its own process group, so an
 * interruption ends everything it started.
 */
async function runProjectTool(
  tool: ProjectTool,
  { folder, signal, onLine }: ProjectCommandOptions,
): Promise<ProjectToolResult> {
  const { program, args, outputArgs = [], env, shell = false, logFile, watch, clean, explain } = tool;
  const started = performance.now();
  const child = execa(program, [...args, ...outputArgs], {
    cwd: folder,
    env,
    extendEnv: false,
    shell,
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
    if (!result.failed) return { kind: 'succeeded', ms };
    const plain = stripVTControlCharacters(result.all);
    const output = (clean?.(plain) ?? plain).trim();
    const seen = isNotInstalled(program, env, result)
      ? `${program} is not installed`
      : result.signal === undefined
        ? `exit status ${result.exitCode ?? 'unknown'}`
        : `ended by ${result.signal}`;
    return {
      kind: 'failed',
      command: [program, ...args].join(' '),
      seen,
      ...(await shortenOutput(join(folder, logFile), logFile, output)),
      ms,
      ...(unreachable === undefined ? explain?.(output) : describeUnreachable(unreachable)),
    };
  } finally {
    release();
  }
}

const describeUnreachable = ({ registry, code }: UnreachableRegistry): InstallFailure => ({
  seen: `no connection to the registry ${registry}: ${code}, twice`,
  registry,
});

async function shortenOutput(
  path: string,
  log: string,
  output: string,
): Promise<{ readonly output: string; readonly log?: string }> {
  const lines = output.split('\n');
  if (lines.length <= MAX_OUTPUT_LINES) return { output };
  const rest = lines.slice(-MAX_OUTPUT_LINES).join('\n');
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${output}\n`, { mode: 0o600 });
    return { output: rest, log };
  } catch {
    // The program may have failed because the disk is full. The output must be enough then.
    return { output };
  }
}
