import type { Clock } from '../../base/clock.ts';

/**
 * The time of processes and of everything that is shown: real time plus `ahead`, the milliseconds that were skipped. Sleeping takes real time.
 * `save` is called with the new `ahead` before the clock moves.
 */
export function createPlatformClock(real: Clock, ahead: number, save: (ahead: number) => void) {
  return {
    /** For what must not move: tokens, certificates and registrations of workers. */
    real,
    get ahead() {
      return ahead;
    },
    now: () => real.now() + ahead,
    sleep: (ms: number, signal?: AbortSignal) => real.sleep(ms, signal),
    /** Moves to a later time, in milliseconds since the epoch. Ignores an earlier one. */
    advanceTo: (time: number): void => {
      const next = Math.ceil(time - real.now());
      if (next <= ahead) return;
      save(next);
      ahead = next;
    },
  };
}

export type PlatformClock = ReturnType<typeof createPlatformClock>;
