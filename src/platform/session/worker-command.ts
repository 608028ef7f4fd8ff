import { constants } from 'node:os';
import { join } from 'node:path';
import { codeOf, KnownError } from '../../base/errors.ts';
import { packageRoot } from '../../base/package-root.ts';
import { superviseProcess, type ProcessExit, type SupervisedProcess } from '../supervisor/client.ts';

/** Milliseconds that a worker may take to drain, its own limit of 45 s and some; then it is killed. */
const DRAIN_TIMEOUT_MS = 60_000;

export interface DevCommand {
  readonly pid: number;
  /** Never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Asks it to drain and waits for its end; kills it after 60 s. */
  drain(signal: 'SIGINT' | 'SIGTERM'): Promise<ProcessExit>;
  /** Sends a signal to it and what it started, and leaves the rest to them. On Windows any signal ends them. */
  signal(signal: NodeJS.Signals): void;
}

export interface FailedStart {
  /** 127: the command does not exist. 126: it can't be run. */
  readonly status: 126 | 127;
  readonly error: KnownError;
}

/** What to tell of a command that was not started; undefined when that was for another reason than the command. */
export function explainFailedStart(error: unknown, command: readonly [string, ...string[]]): FailedStart | undefined {
  const code = codeOf(error) ?? '';
  const [program] = command;
  const about = { tried: command.join(' '), seen: code, cause: error };
  if (code === 'ENOENT') {
    const next = ["Check its name; a program of the project's own dependencies is started by npx, a script by npm run"];
    return { status: 127, error: new KnownError({ message: `The command ${program} was not found`, ...about, next }) };
  }
  if (!['EACCES', 'EPERM', 'ENOEXEC'].includes(code)) return undefined;
  const next = ['Make it executable, or start it by its interpreter: node FILE'];
  return { status: 126, error: new KnownError({ message: `The command ${program} can't be run`, ...about, next }) };
}

/** The status to pass on: the command's own, or 128 and the number of the signal that ended it. */
export function toExitStatus(exit: ProcessExit): number {
  if (exit.code !== null) return exit.code;
  const numbers: Readonly<Record<string, number | undefined>> = constants.signals;
  return 128 + (numbers[exit.signal ?? ''] ?? 0);
}

/**
 * Runs a command that can't outlive this process. It lives in a process group of its own, so that Ctrl-C reaches it
 * once, through `drain`, while what it depends on still runs. Rejects with KnownError when it can't be started.
 */
export async function startDevCommand(options: {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** `pass`: this process's own streams. `stderr`: both outputs to stderr, no input. A path: both are appended to that file. */
  readonly output: 'pass' | 'stderr' | { readonly file: string };
}): Promise<DevCommand> {
  const [program, ...args] = options.command;
  const { output } = options;
  const supervised: SupervisedProcess = await superviseProcess({
    supervisorEntry: join(packageRoot(), 'dist', 'supervisor.js'),
    command: program,
    args,
    cwd: options.cwd,
    env: options.env,
    ...(output === 'pass'
      ? { stdio: [0, 1, 2] }
      : output === 'stderr'
        ? { stdio: ['ignore', 2, 2] }
        : { logFile: output.file }),
  });
  return {
    pid: supervised.pid,
    exited: supervised.exited,
    signal: (signal) => supervised.signal(signal),
    drain: async (signal) => {
      supervised.signal(signal);
      let late: NodeJS.Timeout | undefined;
      const limit = new Promise<'late'>((resolve) => {
        late = setTimeout(() => resolve('late'), DRAIN_TIMEOUT_MS);
      });
      const first = await Promise.race([supervised.exited, limit]);
      clearTimeout(late);
      if (first === 'late') await supervised.stop();
      return supervised.exited;
    },
  };
}
