import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { kuflowCommand } from './test-server.ts';

const MAX_STOP_MS = 10_000;
const KEPT_LINES = 20;

/** A process whose stdin closes when this one ends in any way. */
export interface Child {
  readonly process: ChildProcess;
  /** Aborted when it ends. The reason is an error with the end of its output. */
  readonly ended: AbortSignal;
  /** Asks it to stop, and kills it if it does not. */
  stop(ask: (process: ChildProcess) => void): Promise<void>;
}

/** Starts a program. `name` is for the error. */
function startChild(
  name: string,
  [program, ...args]: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Child {
  const child = spawn(program, args, { ...options, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new AbortController();
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).split('\n').slice(-KEPT_LINES).join('\n');
    });
  // It has ended, which is reported with its output.
  child.stdin.on('error', () => undefined);
  child.once('error', (cause) => ended.abort(new Error(`Could not start ${name}: ${cause.message}`, { cause })));
  child.once('close', (status, signal) =>
    ended.abort(new Error(`${name} ended with ${signal ?? `status ${status}`}\n${output.trimEnd()}`)),
  );
  return {
    process: child,
    ended: ended.signal,
    stop: async (ask) => {
      if (ended.signal.aborted) return;
      const timer = setTimeout(() => child.kill('SIGKILL'), MAX_STOP_MS);
      const closed = once(ended.signal, 'abort');
      ask(child);
      await closed;
      clearTimeout(timer);
    },
  };
}

/** What `kuflow dev` writes to `platform.json`. */
export interface PlatformState {
  readonly tenantId: string;
  readonly loopback: { readonly http: string };
  readonly user: { readonly token: string };
}

export async function readPlatformState(file: string): Promise<PlatformState> {
  return JSON.parse(await readFile(file, 'utf8')) as PlatformState;
}

/** Starts a local KuFlow for the project in `folder`. It stops when its stdin closes. */
export async function startPlatform(folder: string): Promise<{ readonly child: Child; readonly stateFile: string }> {
  const kuflow = kuflowCommand(pathToFileURL(join(folder, 'package.json')));
  if (kuflow === undefined)
    throw new Error(`${folder} has no create-kuflow-worker: npm install --save-dev create-kuflow-worker`);
  const child = startChild('The local KuFlow', [process.execPath, kuflow, 'dev', '--json', '--ephemeral'], {
    cwd: folder,
    env: process.env,
  });
  const stateFile = await new Promise<string>((resolve, reject) => {
    child.ended.addEventListener('abort', () => reject(child.ended.reason as Error));
    if (child.process.stdout === null) return;
    createInterface(child.process.stdout).on('line', (line) => {
      const event = JSON.parse(line) as { readonly kind?: string; readonly stateFile?: string };
      if (event.kind === 'ready' && event.stateFile !== undefined) resolve(event.stateFile);
    });
  });
  return { child, stateFile };
}

// The worker must not outlive a test runner that is killed. Its threads load this module too.
const END_WITH_STDIN = `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.stdin.on('error', () => {}).on('close', () => process.exit(1)).resume().unref();
`;

/** Starts a worker, which ends with this process. `main` are arguments of Node.js. */
export function startLocalWorker(main: readonly string[], folder: string, variables: Record<string, string>): Child {
  const preload = `data:text/javascript,${encodeURIComponent(END_WITH_STDIN)}`;
  return startChild('The worker', [process.execPath, '--import', preload, ...main, '--dev'], {
    cwd: folder,
    env: { ...process.env, WORKER_HEALTHPORT: '0', WORKER_METRICSPORT: '0', ...variables },
  });
}
