import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { RunningPlatform } from '../../src/platform/start.ts';
import { archivedJavaCommand, hasArchivedClasses, javaCommand } from './java-project.ts';
import { pythonCommand } from './python-project.ts';
import { until } from './until.ts';
import { workerProject } from './worker-project.ts';

export interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly message: string;
  readonly error?: string;
  readonly [field: string]: unknown;
}

export interface WorkerProcess {
  readonly pid: number;
  /** Everything it wrote to both streams. */
  output(): string;
  /** Its log so far. */
  readonly log: readonly LogLine[];
  /** Its exit status, or the name of the signal that ended it. */
  readonly exited: Promise<number | string>;
  /** Whether it is still running. */
  running(): boolean;
  /** Resolves when `/readyz` reports ready; rejects with its output if it ends first. */
  ready(): Promise<void>;
  /** `http://127.0.0.1:PORT` of its probes, once it has started. */
  health(): string;
  signal(name: NodeJS.Signals): void;
  /** Kills it if it is still running. */
  kill(): Promise<void>;
}

/** An environment that connects a worker to the platform by loopback addresses, with only those variables of this process that a program needs. */
export function workerEnvironment(
  platform: RunningPlatform,
  more: Record<string, string> = {},
): Record<string, string> {
  return {
    ...bareEnvironment(),
    KUFLOW_API_ENDPOINT: platform.loopback.http,
    KUFLOW_API_CLIENTID: platform.identity.application.id,
    KUFLOW_API_CLIENTSECRET: platform.identity.application.secret.reveal(),
    KUFLOW_API_TENANTID: platform.identity.tenantId,
    TEMPORAL_TARGET: `127.0.0.1:${platform.endpoints.engine.split(':').at(-1) ?? ''}`,
    WORKER_HEALTHPORT: '0',
    WORKER_METRICSPORT: '0',
    ...more,
  };
}

/** Without KuFlow, Temporal and proxy variables. */
export function bareEnvironment(): Record<string, string> {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'SystemRoot', 'TEMP', 'USERPROFILE', 'JAVA_HOME', 'NODE_OPTIONS'];
  return Object.fromEntries(
    kept.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
}

function spawnWorker(
  environment: Record<string, string>,
  args: readonly string[],
  folder = workerProject(),
): ChildProcess {
  const [command, ...start] = workerCommand(folder);
  return spawn(command, [...start, ...args], { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** How the image of the project starts its worker. */
function workerCommand(folder: string): readonly [string, ...string[]] {
  if (existsSync(join(folder, 'pom.xml')))
    return hasArchivedClasses(folder) ? archivedJavaCommand(folder) : javaCommand(folder);
  if (existsSync(join(folder, 'pyproject.toml'))) return pythonCommand(folder);
  return [process.execPath, '--enable-source-maps', join(folder, 'dist', 'main.js')];
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
}

/** Starts the built worker of the generated project, or of another built project, as the image does. */
export function startWorkerProcess(environment: Record<string, string>, folder?: string): WorkerProcess {
  const child = spawnWorker(environment, [], folder);
  const exited = exitOf(child);
  const log: LogLine[] = [];
  let output = '';
  let unfinished = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    const lines = (unfinished + chunk.toString()).split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines) if (line.startsWith('{')) log.push(JSON.parse(line) as LogLine);
  });
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  const started = (): LogLine | undefined => log.find(({ message }) => message === 'Worker started');
  const health = (): string => `http://127.0.0.1:${String(started()?.['port'])}`;
  return {
    pid: child.pid ?? 0,
    output: () => output,
    log,
    exited,
    running,
    health,
    ready: async () => {
      await until('the worker is ready', async () => {
        if (!running()) throw new Error(`The worker ended before it was ready: ${output}`);
        if (started() === undefined) return false;
        return (await fetch(`${health()}/readyz`)).ok;
      });
    },
    signal: (name) => void child.kill(name),
    kill: async () => {
      if (running()) child.kill('SIGKILL');
      await exited;
    },
  };
}

export interface CommandOutcome {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the worker with options such as `--check`, with which it ends by itself. */
export async function runWorkerCommand(
  environment: Record<string, string>,
  args: readonly string[],
  folder?: string,
): Promise<CommandOutcome> {
  const child = spawnWorker(environment, args, folder);
  const read = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => (read.stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (read.stderr += chunk.toString()));
  return { status: await exitOf(child), ...read };
}
