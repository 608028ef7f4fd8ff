import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as pty from '@lydell/node-pty';
import { Secret } from '../../src/base/secret.ts';
import type { PlatformState } from '../../src/platform/state/running-state.ts';
import { installedBin } from './generated-project.ts';
import { lane } from './lanes.ts';
import type { Mark } from './marked-processes.ts';
import { until } from './until.ts';

export interface Ending {
  readonly code: number | null;
  readonly signal: string | number | null;
}

/** A command started by this test, with or without a terminal. */
export interface RunningCommand {
  readonly pid: number;
  /** Both outputs so far. */
  readonly output: () => string;
  readonly ended: Promise<Ending>;
  kill(signal: NodeJS.Signals): void;
  /** Closes the pipe on stdin; only without a terminal. */
  closeInput?(): void;
}

export interface TerminalCommand extends RunningCommand {
  type(text: string): void;
  resize(columns: number, rows: number): void;
  /** Closes the terminal: the system sends SIGHUP to every process in it, and writing to it fails. */
  closeTerminal(): void;
}

export interface CommandOptions {
  readonly cwd: string;
  readonly mark: Mark;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: `/dev/null`. */
  readonly stdin?: 'pipe';
}

const environment = ({ mark, env = {} }: CommandOptions): NodeJS.ProcessEnv => ({
  ...process.env,
  ...mark.env,
  ...env,
});

/** Starts a command without a terminal. */
export function startCommand(words: readonly [string, ...string[]], options: CommandOptions): RunningCommand {
  const [program, ...args] = words;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: environment(options),
    stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    pid: child.pid ?? 0,
    output: () => output,
    ended: new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal }))),
    kill: (signal) => void child.kill(signal),
    closeInput: () => void child.stdin?.end(),
  };
}

/** Starts a command in its own terminal. */
export function startInTerminal(words: readonly [string, ...string[]], options: CommandOptions): TerminalCommand {
  const [program, ...args] = words;
  let output = '';
  const terminal = pty.spawn(program, args, {
    cwd: options.cwd,
    cols: 200,
    rows: 50,
    env: { ...environment(options), TERM: 'xterm' },
  });
  terminal.onData((data) => (output += data));
  return {
    pid: terminal.pid,
    output: () => output,
    ended: new Promise((resolve) =>
      terminal.onExit(({ exitCode, signal }) => resolve({ code: exitCode, signal: signal ?? null })),
    ),
    kill: (signal) => terminal.kill(signal),
    type: (text) => terminal.write(text),
    resize: (columns, rows) => terminal.resize(columns, rows),
    closeTerminal: () => {
      // The library's `kill` sends a signal first; a closed terminal does not.
      (terminal as unknown as { destroy(): void }).destroy();
    },
  };
}

/** The command line that starts `kuflow dev …` from the packed package. */
export function kuflowDev(...args: readonly string[]): [string, ...string[]] {
  return [process.execPath, installedBin('kuflow'), 'dev', ...args];
}

/** Waits for the state file of the platform that `command` runs; fails with its output if it ends first. */
export async function platformReady(command: RunningCommand, stateDir: string): Promise<PlatformState> {
  const ended: { how?: Ending } = {};
  void command.ended.then((how) => (ended.how = how));
  return until('the platform is ready', () => {
    if (ended.how !== undefined) throw new Error(`It ended (${JSON.stringify(ended.how)}): ${command.output()}`);
    const state = readState(stateDir);
    return state !== undefined && state.pid === command.pid && state;
  });
}

export function readState(stateDir: string): PlatformState | undefined {
  const path = join(stateDir, 'platform.json');
  if (!existsSync(path)) return undefined;
  const raw = JSON.parse(readFileSync(path, 'utf8')) as PlatformState & {
    application: { secret: string };
    user: { token: string };
  };
  return {
    ...raw,
    application: { ...raw.application, secret: new Secret(raw.application.secret) },
    user: { ...raw.user, token: new Secret(raw.user.token) },
  };
}

/** The ports of this machine that a platform listens on, including its Temporal server's. */
export function portsOf(state: PlatformState): readonly number[] {
  const { http, https, engine, temporal } = state.endpoints;
  return [
    new URL(http).port,
    new URL(https).port,
    // The Temporal server in a private network does not have one.
    ...[engine, temporal].flatMap((address) => /:(\d+)$/.exec(address)?.[1] ?? []),
  ].map(Number);
}

/** The ports that nobody listens on. */
export async function freePorts(ports: readonly number[]): Promise<number[]> {
  const free = await Promise.all(
    ports.map(
      (port) =>
        new Promise<boolean>((resolve) => {
          const server = createServer();
          server.once('error', () => resolve(false));
          server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
        }),
    ),
  );
  return ports.filter((_, index) => free[index]);
}

/**
 * Options for three ports that are free and stay free until they are requested: they are outside the range that systems use for outgoing
 * connections, and each lane has its own.
 */
export async function quietPorts(): Promise<string[]> {
  const found = await until('three free ports', async () => {
    const first = 12_000 + 4_000 * lane() + Math.floor(Math.random() * 3_900);
    const three = [first, first + 1, first + 2];
    return (await freePorts(three)).length === 3 && three;
  });
  return portOptions(found);
}

/** Options for exactly the ports of an earlier run. */
export function samePorts(state: PlatformState): string[] {
  return portOptions(portsOf(state));
}

function portOptions([http, https, engine]: readonly number[]): string[] {
  return ['--port', String(http), '--https-port', String(https), '--engine-port', String(engine)];
}
