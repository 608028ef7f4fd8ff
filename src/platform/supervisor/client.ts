import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { KnownError } from '../../base/errors.ts';
import { signalTree } from '../../base/process-tree.ts';
import { KEPT_NODE_OPTIONS, type SupervisorMessage, type SupervisorRequest } from './protocol.ts';

export interface SuperviseOptions {
  /** The supervisor's own JavaScript file (`dist/supervisor.js`). */
  readonly supervisorEntry: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly logFile?: string;
  /** File descriptors of this process that become stdin, stdout and stderr of the command; without it there is no input, and output goes to `logFile`. */
  readonly stdio?: readonly [stdin: number | 'ignore', stdout: number, stderr: number];
  /** A file that keeps two such processes from running at the same time: the new one begins when the one before is gone. */
  readonly pidFile?: string;
  /** Milliseconds between the polite signal and the hard one; 10 s by default. */
  readonly stopGrace?: number;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface SupervisedProcess {
  readonly pid: number;
  readonly supervisorPid: number;
  /** Resolves when the process has ended, for whatever reason; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** Sends a signal to the process and its children, once. On Windows only ends them. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM to the process and its children, SIGKILL after the grace; resolves when they are gone. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts a process that can't outlive this one: not after Ctrl-C, a closed terminal or `kill -9`. Rejects with
 * KnownError when it can't be started.
 */
export async function superviseProcess(options: SuperviseOptions): Promise<SupervisedProcess> {
  const stopGrace = options.stopGrace ?? 10_000;
  const env = options.env ?? process.env;
  const order: SupervisorRequest = {
    command: options.command,
    args: options.args,
    ownerPid: process.pid,
    stopGrace,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.logFile === undefined ? {} : { logFile: options.logFile }),
    ...(options.pidFile === undefined ? {} : { pidFile: options.pidFile }),
    ...(options.stdio === undefined ? {} : { inheritStdio: true }),
  };
  const supervisor = spawn(process.execPath, [options.supervisorEntry, JSON.stringify(order)], {
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe', ...(options.stdio ?? [])],
    // Options meant for the command (an inspector's port, a loader) are not for the supervisor.
    env: { ...env, NODE_OPTIONS: '', ...(env.NODE_OPTIONS ? { [KEPT_NODE_OPTIONS]: env.NODE_OPTIONS } : {}) },
  });
  const { stdin, stdout, stderr } = supervisor;
  if (stdin === null || stdout === null || stderr === null) throw new Error('A supervisor without its pipes');
  stdin.on('error', () => undefined);
  let complaint = '';
  stderr.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString('utf8')).slice(-2000);
  });

  let pid = 0;
  let exit: ProcessExit | undefined;
  // Whoever ends this process without a stop (a second Ctrl-C, a crash) does not want to wait for a polite end.
  const onExit = (): void => {
    if (pid !== 0) signalTree(pid, 'SIGKILL');
  };
  process.on('exit', onExit);
  const gone = new Promise<void>((resolve) => {
    supervisor.once('close', () => resolve());
    supervisor.once('error', () => resolve());
  });
  const exited = gone.then(() => {
    process.off('exit', onExit);
    // The supervisor itself was killed: nobody else is left to end what it kept.
    if (exit === undefined && pid !== 0) signalTree(pid, 'SIGKILL');
    return exit ?? { code: null, signal: null };
  });

  await new Promise<void>((resolve, reject) => {
    const failed = (seen: string, code?: string): void =>
      reject(
        new KnownError({
          message: `${options.command} could not be started`,
          tried: [options.command, ...options.args].join(' '),
          seen,
          ...(code === undefined ? {} : { cause: Object.assign(new Error(seen), { code }) }),
        }),
      );
    supervisor.once('error', (error) => failed(error.message));
    void gone.then(() => failed(complaint.trim() === '' ? 'its supervisor ended at once' : complaint.trim()));
    createInterface({ input: stdout }).on('line', (text) => {
      const line = JSON.parse(text) as SupervisorMessage;
      if (line.kind === 'failed') failed(line.message, line.code);
      else if (line.kind === 'exited') exit = { code: line.code, signal: line.signal };
      else {
        pid = line.pid;
        resolve();
      }
    });
  });

  return {
    pid,
    supervisorPid: supervisor.pid ?? 0,
    exited,
    signal: (signal) => signalTree(pid, signal),
    stop: async () => {
      stdin.end();
      const late = setTimeout(() => {
        supervisor.kill('SIGKILL');
        signalTree(pid, 'SIGKILL');
      }, stopGrace + 8000);
      await exited;
      clearTimeout(late);
    },
  };
}
