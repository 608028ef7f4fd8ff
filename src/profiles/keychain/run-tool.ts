import { spawn } from 'node:child_process';
import { codeOf } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { signalTree } from '../../base/process-tree.ts';
import type { Secret } from '../../base/secret.ts';

export interface ToolCall {
  readonly program: string;
  /** Seen by every user of the machine: never a secret. */
  readonly args: readonly string[];
  /** What the tool reads, to its end; nothing when absent. */
  readonly input?: Secret;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds; the tool is killed then, with all that it started. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** `ended`: with any status. `failed`: it could not be run, or did not end in time; `why` completes "the keychain can't be used: …". */
export type ToolResult =
  | { readonly kind: 'ended'; readonly status: number; readonly output: Buffer; readonly complaint: string }
  | { readonly kind: 'failed'; readonly why: string };

const MOST_OUTPUT = 256 * 1024;
/** Ours are secrets or contradict a tool's own; a keychain needs none of them. */
const NOT_PASSED_ON = /^(KUFLOW|TEMPORAL)_/i;

/** Runs a tool of the system without a shell and without a terminal that it could ask on. Rejects with the signal's reason only. */
export async function runTool({ program, args, input, env, timeoutMs, signal }: ToolCall): Promise<ToolResult> {
  signal?.throwIfAborted();
  const child = spawn(program, args, {
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !NOT_PASSED_ON.test(name))),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A group of its own can be ended as a whole, and has no terminal to ask on.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const [output, complaint] = [collect(child.stdout), collect(child.stderr)];
  // One that ends before it has read all is judged by its status.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input?.reveal() ?? '');

  return await new Promise<ToolResult>((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupt);
    };
    const stop = (): void => {
      end();
      if (child.pid !== undefined) signalTree(child.pid, 'SIGKILL');
      // What it started may hold the pipes open for longer than it lives.
      for (const stream of child.stdio) stream?.destroy();
      child.unref();
    };
    const timer = setTimeout(() => {
      stop();
      resolve({ kind: 'failed', why: `${program} did not answer within ${timeoutMs / 1000} s` });
    }, timeoutMs);
    const interrupt = (): void => {
      stop();
      reject(signal?.reason instanceof Error ? signal.reason : new Error('Interrupted'));
    };
    signal?.addEventListener('abort', interrupt, { once: true });
    child.on('error', (error) => {
      end();
      const missing = codeOf(error) === 'ENOENT';
      resolve({
        kind: 'failed',
        why: missing ? `${program} is not installed` : `${program} can't be run (${codeOf(error) ?? 'unknown error'})`,
      });
    });
    child.on('close', (code, killedBy) => {
      end();
      if (code === null) resolve({ kind: 'failed', why: `${program} was ended by ${killedBy ?? 'a signal'}` });
      else resolve({ kind: 'ended', status: code, output: output(), complaint: firstLine(complaint(), input) });
    });
  });
}

function collect(stream: NodeJS.ReadableStream): () => Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  stream.on('data', (part: Buffer) => {
    size += part.length;
    if (size <= MOST_OUTPUT) parts.push(part);
  });
  return () => Buffer.concat(parts);
}

/** What a tool says of itself; a tool that repeats what it read gets no say. */
function firstLine(text: Buffer, input: Secret | undefined): string {
  const line =
    text
      .toString('utf8')
      .split('\n')
      .map((one) => one.trim())
      .find((one) => one !== '') ?? '';
  const told = input?.reveal() ?? '';
  return told !== '' && told.split('\n').some((part) => part !== '' && text.includes(part))
    ? ''
    : escapeForTerminal(line, 200);
}
