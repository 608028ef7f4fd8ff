export type InterruptSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/** The part of `process` that tells of signals. */
export interface SignalSource {
  on(signal: InterruptSignal, listener: () => void): unknown;
  off(signal: InterruptSignal, listener: () => void): unknown;
}

export interface InterruptHandlers {
  /** The user asked to stop: once. */
  readonly first: (signal: InterruptSignal) => void;
  /** The user insists: once for each further request. */
  readonly again: (signal: InterruptSignal) => void;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/**
 * One Ctrl-C reaches a script started by npm twice: the terminal signals the whole group and npm forwards its own copy.
 * Requests closer than this are one request; a person does not press twice that fast.
 */
export const DOUBLE_SIGNAL_MS = 400;

/** Calls back for requests to stop, doubled signals counted once. Returns the function that stops listening. */
export function listenForInterrupts(source: SignalSource, handlers: InterruptHandlers): () => void {
  const now = handlers.now ?? (() => performance.now());
  let last: number | undefined;
  const heard = (signal: InterruptSignal) => (): void => {
    const at = now();
    const previous = last;
    last = at;
    if (previous === undefined) handlers.first(signal);
    else if (at - previous >= DOUBLE_SIGNAL_MS) handlers.again(signal);
  };
  const listeners = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => ({ signal, listener: heard(signal) }));
  for (const { signal, listener } of listeners) source.on(signal, listener);
  return () => {
    for (const { signal, listener } of listeners) source.off(signal, listener);
  };
}
