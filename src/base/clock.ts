import { setTimeout as delay } from 'node:timers/promises';

/** Wall-clock time and waiting, injected so that tests decide both. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // Node has an error of its own for it, with the reason as its cause.
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** A time as ISO 8601. What no date can hold, and what is no time at all, is told in words: `Date` throws for both. Milliseconds since the epoch. */
export function isoTime(ms: number): string {
  if (Number.isNaN(ms)) return 'no readable date';
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'beyond any date';
}
