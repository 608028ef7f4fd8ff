const INTERRUPTS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Signals that a terminal or a person sends to a command. Windows has only the first three. */
const FORWARDED: readonly NodeJS.Signals[] = [...INTERRUPTS, 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH'];

/** The part of `process` that receives signals. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface InterruptHandlers {
  /** Called once, for the first request to stop. */
  readonly first: (signal: NodeJS.Signals) => void;
  /** Called for each further request. */
  readonly again: () => void;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
}

/**
 * A script started by npm receives Ctrl-C twice: the terminal signals the whole process group, and npm forwards its own copy.
 * Signals less than this time apart count as one, because nobody presses Ctrl-C twice that fast.
 */
export const DOUBLE_SIGNAL_MS = 400;

/** Calls the handlers for requests to stop, counting doubled signals once. Returns a function that stops listening. */
export function handleInterrupts(source: SignalSource, handlers: InterruptHandlers): () => void {
  const now = handlers.now ?? (() => performance.now());
  let last: number | undefined;
  return listen(source, INTERRUPTS, (signal) => {
    const at = now();
    const previous = last;
    last = at;
    if (previous === undefined) handlers.first(signal);
    else if (at - previous >= DOUBLE_SIGNAL_MS) handlers.again();
  });
}

/** Longer than SIGTSTP takes to arrive. */
const SUSPEND_MS = 50;

/**
 * Forwards signals to a command in another session, which the terminal does not reach. A doubled SIGINT counts once; every other signal is
 * forwarded. Ctrl-Z suspends the command while this process is suspended. Returns a function that stops forwarding.
 */
export function forwardSignals(
  source: SignalSource,
  deliver: (signal: NodeJS.Signals) => void,
  now: () => number = () => performance.now(),
  suspend: () => void = () => void process.kill(process.pid, 'SIGTSTP'),
): () => void {
  let lastInterrupt = Number.NEGATIVE_INFINITY;
  const windows = process.platform === 'win32';
  const stopListening = listen(source, windows ? INTERRUPTS : FORWARDED, (signal) => {
    if (signal === 'SIGINT') {
      if (now() - lastInterrupt < DOUBLE_SIGNAL_MS) return;
      lastInterrupt = now();
    }
    deliver(signal);
  });
  let resuming: NodeJS.Timeout | undefined;
  const onSuspend = (): void => {
    deliver('SIGSTOP');
    // Without a listener, SIGTSTP suspends this process, unless the system ignores it because no shell could resume the process.
    source.off('SIGTSTP', onSuspend);
    suspend();
    resuming = setTimeout(() => {
      source.on('SIGTSTP', onSuspend);
      deliver('SIGCONT');
    }, SUSPEND_MS);
  };
  if (!windows) source.on('SIGTSTP', onSuspend);
  return () => {
    clearTimeout(resuming);
    source.off('SIGTSTP', onSuspend);
    stopListening();
  };
}

function listen(
  source: SignalSource,
  signals: readonly NodeJS.Signals[],
  receive: (signal: NodeJS.Signals) => void,
): () => void {
  const listeners = signals.map((signal) => [signal, () => receive(signal)] as const);
  for (const [signal, listener] of listeners) source.on(signal, listener);
  return () => {
    for (const [signal, listener] of listeners) source.off(signal, listener);
  };
}
