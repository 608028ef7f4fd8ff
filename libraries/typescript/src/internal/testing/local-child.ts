import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

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
export function startChild(
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
