import { spawn } from 'node:child_process';
import { codeOf } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { signalTree } from '../../base/process-tree.ts';
import type { Secret } from '../../base/secret.ts';
import type { Environment } from '../../settings/environment.ts';

/** The supported keychains, as named in the profile file. */
export const KEYCHAINS = ['secret-service', 'macos-keychain', 'windows-vault'] as const;
export type KeychainName = (typeof KEYCHAINS)[number];

/** A tool that takes longer is waiting for a user who is not there: a locked keychain without a display. */
export const KEYCHAIN_MS = 3_000;

export interface Keychain {
  readonly name: KeychainName;
  /** For use in a sentence: `the system's keychain (secret-tool)`. */
  readonly title: string;
  /** Stores or replaces the secret under this key. `label` is shown to people. */
  store(key: string, secret: Secret, label: string): Promise<KeychainResult>;
  read(key: string): Promise<KeychainRead>;
  /** Removes the secret; succeeds if it does not exist. */
  remove(key: string): Promise<KeychainResult>;
  /** How a person can remove the secret. */
  removeCommand(key: string): string;
}

export type KeychainResult = { readonly kind: 'done' } | KeychainFailure;
export type KeychainRead =
  | { readonly kind: 'found'; readonly secret: Secret }
  | { readonly kind: 'absent' }
  | KeychainFailure;

interface KeychainFailure {
  readonly kind: 'failed';
  /** Completes "the keychain cannot be used: …". */
  readonly why: string;
}

export interface KeychainContext {
  readonly env: Environment;
  /** Milliseconds, after which the tool and all its child processes are killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The service name of all entries, in addition to their key. */
export const KEYCHAIN_SERVICE = 'create-kuflow-worker';

interface ToolCall extends KeychainContext {
  readonly program: string;
  /** Visible to every user of the machine: never a secret. */
  readonly args: readonly string[];
  /** The tool's whole standard input; empty if absent. */
  readonly input?: Secret | undefined;
}

/** `ended`: with any status. `failed`: it could not run or timed out. */
type ToolResult =
  | { readonly kind: 'ended'; readonly status: number; readonly output: Buffer; readonly message: string }
  | KeychainFailure;

const MOST_OUTPUT = 256 * 1024;
/** A keychain tool does not need these variables, and some of them are secrets. */
const NOT_INHERITED = /^(KUFLOW|TEMPORAL)_/i;

/** Runs a system tool without a shell or a terminal. Rejects only with the reason of the signal. */
export async function runTool({ program, args, input, env, timeoutMs, signal }: ToolCall): Promise<ToolResult> {
  signal?.throwIfAborted();
  const child = spawn(program, args, {
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !NOT_INHERITED.test(name))),
    stdio: ['pipe', 'pipe', 'pipe'],
    // A separate process group can be killed as a whole, and has no terminal.
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  const [stdout, stderr] = [collectOutput(child.stdout), collectOutput(child.stderr)];
  // If the tool ends before it has read everything, its status counts.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input?.reveal() ?? '');

  return await new Promise<ToolResult>((resolve, reject) => {
    const cleanUp = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupt);
    };
    const kill = (): void => {
      cleanUp();
      if (child.pid !== undefined) signalTree(child.pid, 'SIGKILL');
      // Its child processes may keep the pipes open after it has ended.
      for (const stream of child.stdio) stream?.destroy();
      child.unref();
    };
    const timer = setTimeout(() => {
      kill();
      resolve({ kind: 'failed', why: `${program} did not answer within ${timeoutMs / 1000} s` });
    }, timeoutMs);
    const interrupt = (): void => {
      kill();
      reject(signal?.reason instanceof Error ? signal.reason : new Error('Interrupted'));
    };
    signal?.addEventListener('abort', interrupt, { once: true });
    child.on('error', (error) => {
      cleanUp();
      const missing = codeOf(error) === 'ENOENT';
      resolve({
        kind: 'failed',
        why: missing ? `${program} is not installed` : `${program} cannot be run (${codeOf(error) ?? 'unknown error'})`,
      });
    });
    child.on('close', (code, killedBy) => {
      cleanUp();
      if (code === null) resolve({ kind: 'failed', why: `${program} was killed by ${killedBy ?? 'a signal'}` });
      else resolve({ kind: 'ended', status: code, output: stdout(), message: firstSafeLine(stderr(), input) });
    });
  });
}

function collectOutput(stream: NodeJS.ReadableStream): () => Buffer {
  const parts: Buffer[] = [];
  let size = 0;
  stream.on('data', (part: Buffer) => {
    size += part.length;
    if (size <= MOST_OUTPUT) parts.push(part);
  });
  return () => Buffer.concat(parts);
}

/** The first line of an error message; empty if the tool repeats any line of its input, which may be a secret. */
function firstSafeLine(text: Buffer, input: Secret | undefined): string {
  const inputLines = (input?.reveal() ?? '').split('\n');
  if (inputLines.some((part) => part !== '' && text.includes(part))) return '';
  const lines = text.toString('utf8').split('\n');
  const line = lines.map((part) => part.trim()).find((part) => part !== '');
  return escapeForTerminal(line ?? '', 200);
}

export function toolResult(
  end: ToolResult,
  program: string,
  isDone: (ended: Extract<ToolResult, { kind: 'ended' }>) => boolean,
): KeychainResult {
  return end.kind === 'ended' && isDone(end) ? { kind: 'done' } : toolFailure(end, program);
}

/** The failure of a tool that ended with an unexpected status. */
export function toolFailure(end: ToolResult, program: string): KeychainFailure {
  if (end.kind === 'failed') return end;
  return { kind: 'failed', why: end.message === '' ? `${program} exited with ${end.status}` : end.message };
}
