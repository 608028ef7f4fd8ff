import { PassThrough } from 'node:stream';
import type { SignalSource } from '../../src/base/interrupts.ts';
import type { Host } from '../../src/cli/run-program.ts';

export interface FakeHost {
  readonly host: Host;
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Called with each piece written to stderr. */
  readonly onStderr: (listener: (text: string) => void) => void;
  /** Statuses with which the host had to exit immediately. */
  readonly exits: readonly number[];
}

/** A host without a terminal that records its streams, signals and exits. */
export function fakeHost(
  argv: readonly string[],
  over: {
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly tty?: boolean;
    readonly columns?: number;
  } = {},
): FakeHost {
  const collect = (): { stream: PassThrough; text: () => string } => {
    const stream = Object.assign(new PassThrough(), { isTTY: over.tty === true, columns: over.columns ?? 80 });
    let text = '';
    stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
    return { stream, text: () => text };
  };
  const stdout = collect();
  const stderr = collect();
  const listeners = new Map<NodeJS.Signals, Set<() => void>>();
  const signals: SignalSource = {
    on: (signal, listener) => {
      const known = listeners.get(signal) ?? new Set();
      listeners.set(signal, known.add(listener));
    },
    off: (signal, listener) => listeners.get(signal)?.delete(listener),
  };
  const exits: number[] = [];
  const stdin = Object.assign(new PassThrough(), { isTTY: over.tty === true });
  stdin.end();
  return {
    host: {
      argv,
      // Without this, the Windows console supports few characters.
      env: process.platform === 'win32' ? { WT_SESSION: '1', ...over.env } : (over.env ?? {}),
      cwd: over.cwd ?? process.cwd(),
      stdin,
      stdout: stdout.stream,
      stderr: stderr.stream,
      signals,
      exit: (status) => exits.push(status),
    },
    stdout: stdout.text,
    stderr: stderr.text,
    signal: (signal) => listeners.get(signal)?.forEach((listener) => listener()),
    onStderr: (listener) => stderr.stream.on('data', (chunk: Buffer) => listener(chunk.toString())),
    exits,
  };
}
