import { setTimeout as delay } from 'node:timers/promises';

/** Wall-clock time and waiting. Injected, so that tests control both. */
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
      // Node rejects with an AbortError that has the reason as its cause.
      signal?.throwIfAborted();
      throw error;
    }
  },
};

/** Blocks this thread. For code that can't wait for a promise. */
export function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/** Formats milliseconds since the epoch as ISO 8601. For NaN and times out of range, where `Date` throws, returns a phrase. */
export function isoTime(ms: number): string {
  if (Number.isNaN(ms)) return 'an unreadable date';
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'a date out of range';
}

/** With more keys than this, `atMostEvery` forgets them all, to limit its memory. */
const MAX_KEYS = 1000;

/** Returns a function that returns true for a key at most once every `ms` milliseconds. */
export function atMostEvery(ms: number, clock: Clock): (key: string) => boolean {
  const passedAt = new Map<string, number>();
  return (key) => {
    const now = clock.now();
    if (now - (passedAt.get(key) ?? -Infinity) < ms) return false;
    if (passedAt.size > MAX_KEYS) passedAt.clear();
    passedAt.set(key, now);
    return true;
  };
}
