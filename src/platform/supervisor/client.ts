import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { devNull } from 'node:os';
import { createInterface } from 'node:readline';
import crossSpawn from 'cross-spawn';
import { KnownError } from '../../base/errors.ts';
import { signalTree } from '../../base/process-tree.ts';
import { KEPT_NODE_OPTIONS, type SupervisorMessage, type SupervisorRequest } from './protocol.ts';

/** `pidFile`: the new process starts once the previous one with this file is gone. `temporaryFolder`: removed if this process is killed. */
export interface SuperviseOptions extends Pick<
  SupervisorRequest,
  'command' | 'args' | 'shell' | 'cwd' | 'logFile' | 'pidFile' | 'temporaryFolder' | 'network'
> {
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly stopGrace?: number | undefined;
  /** The supervisor's JavaScript file (`dist/supervisor.js`). */
  readonly supervisorEntry: string;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** File descriptors of this process for the command. By default, it has no input, and its output goes to `logFile`. */
  readonly stdio?: readonly [stdin: number | 'ignore', stdout: number, stderr: number] | undefined;
}

export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Starts a process that can't outlive this one, even after `kill -9`. Rejects with KnownError if it can't be started. */
export async function superviseProcess(options: SuperviseOptions) {
  const { shell = false, cwd, logFile, pidFile, temporaryFolder, network, stopGrace = 10_000 } = options;
  const env = options.env ?? process.env;
  // On Windows, npm and the programs of npm packages are `.cmd` files, which only cmd.exe starts.
  const parsed = crossSpawn._parse(options.command, options.args, { shell, cwd, env });
  if (process.platform === 'win32' && !shell && parsed.file === undefined)
    // cmd.exe would start even so, and exit with status 1.
    throw notStartedError(options, `spawn ${options.command} ENOENT`, 'ENOENT');
  const request: SupervisorRequest = {
    command: parsed.command,
    args: parsed.args,
    shell,
    isQuoted: parsed.options.windowsVerbatimArguments,
    inheritStdio: options.stdio !== undefined,
    ownerPid: process.pid,
    ...{ cwd, logFile, pidFile, temporaryFolder, network, stopGrace },
  };
  // An ignored descriptor above 2 would be closed in the supervisor.
  const unread = options.stdio?.includes('ignore') === true ? openSync(devNull, 'r') : undefined;
  const stdio = options.stdio?.map((fd) => (fd === 'ignore' ? unread : fd)) ?? [];
  const node = [process.execPath, options.supervisorEntry, JSON.stringify(request)];
  const [program = '', ...args] = [...(network?.enter ?? []), ...node];
  // Windows has no signals. The only way to ask a command to end is Ctrl-C in the console that it shares with this process.
  const sharesConsole = process.platform === 'win32' && options.stdio !== undefined;
  const supervisor = spawn(program, args, {
    detached: !sharesConsole,
    windowsHide: !sharesConsole,
    stdio: ['pipe', 'pipe', 'pipe', ...stdio],
    // NODE_OPTIONS, such as an inspector's port or a loader, are meant for the command and not for the supervisor.
    env: { ...env, NODE_OPTIONS: '', ...(env.NODE_OPTIONS ? { [KEPT_NODE_OPTIONS]: env.NODE_OPTIONS } : {}) },
  });
  if (unread !== undefined) closeSync(unread);
  const { stdin, stdout, stderr } = supervisor;
  if (stdin === null || stdout === null || stderr === null) throw new Error('The supervisor was started without pipes');
  stdin.on('error', () => undefined);
  let errorOutput = '';
  stderr.on('data', (chunk: Buffer) => {
    errorOutput = (errorOutput + chunk.toString('utf8')).slice(-2000);
  });

  let pid = 0;
  let exit: ProcessExit | undefined;
  // If this process exits without calling `stop` (a second Ctrl-C, a crash), nobody waits for a graceful end.
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
    // The supervisor was killed, so nobody else ends its process.
    if (exit === undefined && pid !== 0) signalTree(pid, 'SIGKILL');
    return exit ?? { code: null, signal: null };
  });

  await new Promise<void>((resolve, reject) => {
    const fail = (seen: string, code?: string): void => reject(notStartedError(options, seen, code));
    supervisor.once('error', (error) => fail(error.message));
    void gone.then(() => fail(errorOutput.trim() === '' ? 'its supervisor exited at once' : errorOutput.trim()));
    createInterface({ input: stdout }).on('line', (line) => {
      const message = JSON.parse(line) as SupervisorMessage;
      if (message.kind === 'failed') fail(message.message, message.code);
      else if (message.kind === 'exited') exit = { code: message.code, signal: message.signal };
      else {
        pid = message.pid;
        resolve();
      }
    });
  });

  return {
    pid,
    supervisorPid: supervisor.pid ?? 0,
    /** Resolves when the process has exited, for whatever reason; never rejects. */
    exited,
    /**
     * Sends a signal to the process and its children. On Windows, SIGINT reaches a process with `stdio` through the console. A worker that has
     * connected to the supervisor shuts down at any other signal except SIGKILL; other processes are terminated.
     */
    signal: (signal: NodeJS.Signals): void => {
      // Every process on the console has received it.
      if (sharesConsole && signal === 'SIGINT') return;
      if (process.platform === 'win32' && signal !== 'SIGKILL') stdin.write('\n');
      else signalTree(pid, signal);
    },
    /** Sends SIGTERM to the process and its children, then SIGKILL after `stopGrace`. Resolves when they are gone. Safe to call twice. */
    stop: async (): Promise<void> => {
      stdin.end();
      const timer = setTimeout(() => {
        supervisor.kill('SIGKILL');
        signalTree(pid, 'SIGKILL');
      }, stopGrace + 8000);
      await exited;
      clearTimeout(timer);
    },
  };
}

export type SupervisedProcess = Awaited<ReturnType<typeof superviseProcess>>;

function notStartedError({ command, args }: SuperviseOptions, seen: string, code: string | undefined): KnownError {
  return new KnownError({
    message: `${command} could not be started`,
    tried: [command, ...args].join(' '),
    seen,
    ...(code === undefined ? {} : { cause: Object.assign(new Error(seen), { code }) }),
  });
}
