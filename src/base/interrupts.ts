const INTERRUPTS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
export type InterruptSignal = (typeof INTERRUPTS)[number];

/** Those of a terminal and of people that mean something to a command; Windows has only the first three. */
const PASSED = [...INTERRUPTS, 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'] as const;
export type ForwardedSignal = (typeof PASSED)[number] | 'SIGSTOP' | 'SIGCONT';

export type ReceivedSignal = (typeof PASSED)[number] | 'SIGTSTP';

/** The part of `process` that tells of signals. */
export interface SignalSource {
  on(signal: ReceivedSignal, listener: () => void): unknown;
  off(signal: ReceivedSignal, listener: () => void): unknown;
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
export function handleInterrupts(source: SignalSource, handlers: InterruptHandlers): () => void {
  const now = handlers.now ?? (() => performance.now());
  let last: number | undefined;
  const heard = (signal: InterruptSignal) => (): void => {
    const at = now();
    const previous = last;
    last = at;
    if (previous === undefined) handlers.first(signal);
    else if (at - previous >= DOUBLE_SIGNAL_MS) handlers.again(signal);
  };
  return listen(
    source,
    INTERRUPTS.map((signal) => [signal, heard(signal)]),
  );
}

export interface SignalForwarding {
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  /** Stops this process as Ctrl-Z does, where there is somebody who can let it go on. */
  readonly suspend?: () => void;
}

/** Longer than a stop takes to arrive. */
const SUSPENDED_MS = 50;

/**
 * Hands every signal to a command that lives in another session, where the terminal does not reach it. A doubled SIGINT counts once; nothing
 * else is left out. Ctrl-Z stops the command for as long as this process is stopped. Returns the function that ends it.
 */
export function forwardSignals(
  source: SignalSource,
  deliver: (signal: ForwardedSignal) => void,
  { now = () => performance.now(), suspend = () => void process.kill(process.pid, 'SIGTSTP') }: SignalForwarding = {},
): () => void {
  let counted = Number.NEGATIVE_INFINITY;
  const pass = (signal: (typeof PASSED)[number]) => (): void => {
    if (signal === 'SIGINT') {
      if (now() - counted < DOUBLE_SIGNAL_MS) return;
      counted = now();
    }
    deliver(signal);
  };
  const windows = process.platform === 'win32';
  const stopListening = listen(
    source,
    (windows ? INTERRUPTS : PASSED).map((signal) => [signal, pass(signal)]),
  );
  let goingOn: NodeJS.Timeout | undefined;
  const stopped = (): void => {
    deliver('SIGSTOP');
    // Without a listener it does what it does to others: it stops this process, unless nobody is there who could let it go on.
    source.off('SIGTSTP', stopped);
    suspend();
    goingOn = setTimeout(() => {
      source.on('SIGTSTP', stopped);
      deliver('SIGCONT');
    }, SUSPENDED_MS);
  };
  if (!windows) source.on('SIGTSTP', stopped);
  return () => {
    clearTimeout(goingOn);
    source.off('SIGTSTP', stopped);
    stopListening();
  };
}

function listen(source: SignalSource, listeners: readonly (readonly [ReceivedSignal, () => void])[]): () => void {
  for (const [signal, listener] of listeners) source.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) source.off(signal, listener);
  };
}
