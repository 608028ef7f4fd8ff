import { setMaxListeners } from 'node:events';
import { waitAtMost } from '../../base/async.ts';
import type { Domain } from './context.ts';

export interface RetryQueueOptions {
  /** `clock` sleeps in real time. `commands` tells when work was added. */
  readonly domain: Pick<Domain, 'clock' | 'commands'>;
  /** The keys with work, the longest waiting first. */
  readonly listKeys: () => readonly string[];
  /** Does the oldest work of a key. Resolves to false if there was not any. If it rejects, it is called again after a pause. */
  readonly perform: (key: string, work: RetriedWork) => Promise<boolean>;
  /** Called before the pause after the first and every 20th failure in a row. */
  readonly onFailure: (key: string, failures: number, error: unknown) => void;
  /** Milliseconds of the first pause, which doubles after each failure, and of the longest one. */
  readonly pauses: { readonly first: number; readonly longest: number };
}

export interface RetriedWork {
  /** Aborts when the queue stops. */
  readonly signal: AbortSignal;
  /** Whether the key only waits from now on, so that another one can be served. */
  readonly setWaiting: (isWaiting: boolean) => void;
}

/** How many keys are served at a time, not counting those that wait. */
const CONCURRENCY = 16;
const STOP_WITHIN_MS = 2_000;
/** Failures in a row. */
const REPORT_EVERY = 20;

/** Does work that is in the store: in order for each key, a few keys at a time, each piece repeated until it succeeds. */
export function createRetryQueue(options: RetryQueueOptions) {
  const { clock, commands } = options.domain;
  const { listKeys, perform, onFailure, pauses } = options;
  const running = new Map<string, Promise<void>>();
  /** Those of `running` that only wait. */
  const waiting = new Set<string>();
  const pausing = new Map<string, AbortController>();
  const stopping = new AbortController();
  // Every waiting key may add a listener, and their number is not limited.
  setMaxListeners(0, stopping.signal);
  const stopped = (): boolean => stopping.signal.aborted;

  const wake = (): void => {
    if (stopped()) return;
    for (const key of listKeys()) {
      if (running.size - waiting.size >= CONCURRENCY) break;
      if (running.has(key)) continue;
      // In a later turn: a call that wakes the queue must find this key in `running`.
      const work = Promise.resolve()
        .then(() => drain(key))
        .finally(() => {
          running.delete(key);
          waiting.delete(key);
          // Work may have been added in the meantime, and another key can be served now.
          wake();
        });
      running.set(key, work);
    }
  };

  async function drain(key: string): Promise<void> {
    const setWaiting = (isWaiting: boolean): void => {
      if (!isWaiting) waiting.delete(key);
      else {
        waiting.add(key);
        wake();
      }
    };
    for (let failures = 0; !stopped();) {
      try {
        if (!(await perform(key, { signal: stopping.signal, setWaiting }))) return;
        failures = 0;
      } catch (error) {
        if (stopped()) return;
        failures++;
        if (failures === 1 || failures % REPORT_EVERY === 0) onFailure(key, failures, error);
        await pause(key, Math.min(pauses.first * 2 ** (failures - 1), pauses.longest));
      }
    }
  }

  async function pause(key: string, ms: number): Promise<void> {
    const ending = new AbortController();
    pausing.set(key, ending);
    await clock.sleep(ms, ending.signal).catch(() => undefined);
    pausing.delete(key);
  }

  commands.on('queued', wake);

  return {
    /** Begins with the work in the store. Call it once at the start: later it is called after each commit that added some. */
    wake,
    retryNow: (key: string): void => pausing.get(key)?.abort(),
    /** Resolves when all work is done. */
    whenIdle: async (): Promise<void> => {
      wake();
      while (running.size > 0) await Promise.all(running.values());
    },
    /** Stops after the work in progress, and after two seconds at most. What is left is done after the next start. */
    stop: async (): Promise<void> => {
      commands.off('queued', wake);
      stopping.abort();
      for (const ending of pausing.values()) ending.abort();
      await waitAtMost(clock, STOP_WITHIN_MS, Promise.all(running.values()));
    },
  };
}

export type RetryQueue = ReturnType<typeof createRetryQueue>;
