import { constants } from 'node:os';
import { join } from 'node:path';
import { codeOf, KnownError, type KnownErrorParts } from '../../base/errors.ts';
import { packageRoot } from '../../base/package-root.ts';
import { userShell } from '../../base/shell.ts';
import { superviseProcess, type ProcessExit } from '../supervisor/client.ts';

/** A worker's own drain limit is 45 s; after 60 s it is killed. */
const DRAIN_TIMEOUT_MS = 60_000;

/** A command that could not be started. */
export class CommandStartError extends KnownError {
  /** 127: the command does not exist. 126: it can't be run. */
  readonly exitStatus: 126 | 127;

  constructor(exitStatus: 126 | 127, parts: KnownErrorParts) {
    super(parts);
    this.exitStatus = exitStatus;
  }
}

/** Converts the error of a command that could not be started to a CommandStartError. Returns it unchanged if the cause is not the command itself. */
export function explainFailedStart(error: unknown, command: readonly [string, ...string[]]): unknown {
  const code = codeOf(error) ?? '';
  const [program] = command;
  if (code === 'ENOENT') return commandNotFound(program, error);
  const about = { tried: command.join(' '), seen: code, cause: error };
  if (!['EACCES', 'EPERM', 'ENOEXEC'].includes(code)) return error;
  const next = ['Make it executable, or run it with its interpreter: node <file>'];
  return new CommandStartError(126, { message: `Cannot run the command ${program}`, ...about, next });
}

export function commandNotFound(program: string, cause?: unknown): CommandStartError {
  const slash = userShell() === 'posix' ? '/' : '\\';
  const programs = ['.venv', process.platform === 'win32' ? 'Scripts' : 'bin', ''].join(slash);
  const next = [
    `Check the spelling. For a local file, use .${slash}<name>. For an npm script, use npm run <name>. For an installed program, use npx <name>, uv run <name> or ${programs}<name>`,
  ];
  return new CommandStartError(127, { message: `Command not found: ${program}`, next, cause });
}

/** The command's own exit status, or 128 plus the number of the signal that ended it. */
export function toExitStatus(exit: ProcessExit): number {
  if (exit.code !== null) return exit.code;
  const numbers: Readonly<Record<string, number | undefined>> = constants.signals;
  return 128 + (numbers[exit.signal ?? ''] ?? 0);
}

/**
 * Runs a command that cannot outlive this process. It has its own process group, so that Ctrl-C reaches it once, through `drain`, while the
 * platform still runs. Rejects if it cannot be started, with a CommandStartError if the cause is the command itself.
 */
export async function startDevCommand(options: {
  readonly command: readonly [string, ...string[]];
  /** Whether the command is one command line for `/bin/sh` or cmd.exe. */
  readonly shell?: boolean | undefined;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** `pass`: the streams of this process. `stderr`: both outputs to stderr, no input. `file`: both outputs are appended to it. */
  readonly output: 'pass' | 'stderr' | { readonly file: string };
}) {
  const [program, ...args] = options.command;
  const { output } = options;
  const supervised = await superviseProcess({
    supervisorEntry: join(packageRoot(), 'dist', 'supervisor.js'),
    command: program,
    args,
    shell: options.shell,
    cwd: options.cwd,
    env: options.env,
    ...(output === 'pass'
      ? { stdio: [0, 1, 2] }
      : output === 'stderr'
        ? { stdio: ['ignore', 2, 2] }
        : { logFile: output.file }),
  }).catch((error: unknown) => {
    // A command line always starts: what cannot be started is its shell.
    throw options.shell === true ? error : explainFailedStart(error, options.command);
  });
  return {
    pid: supervised.pid,
    /** Never rejects. */
    exited: supervised.exited,
    /** Sends a signal to the command and its children, and returns at once. See `superviseProcess`. */
    signal: (signal: NodeJS.Signals): void => supervised.signal(signal),
    /** Asks the command to drain and waits until it exits; kills it after 60 s. */
    drain: async (signal: 'SIGINT' | 'SIGTERM'): Promise<ProcessExit> => {
      supervised.signal(signal);
      const timer = setTimeout(() => void supervised.stop(), DRAIN_TIMEOUT_MS);
      const exit = await supervised.exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

export type DevCommand = Awaited<ReturnType<typeof startDevCommand>>;
