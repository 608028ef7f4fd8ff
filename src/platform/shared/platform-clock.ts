import type { Clock } from '../../base/clock.ts';

/** The time of processes and of everything that is shown: real time plus what was skipped. Sleeping takes real time. */
export interface PlatformClock extends Clock {
  /** For what must not move: tokens, certificates and registrations of workers. */
  readonly real: Clock;
  /** Milliseconds that were skipped. */
  readonly ahead: number;
  /** Moves to a later time, in milliseconds since the epoch. Ignores an earlier one. */
  advanceTo(time: number): void;
}

/** `save` is called with the new `ahead` before the clock moves. */
export function createPlatformClock(real: Clock, ahead: number, save: (ahead: number) => void): PlatformClock {
  return {
    real,
    get ahead() {
      return ahead;
    },
    now: () => real.now() + ahead,
    sleep: (ms, signal) => real.sleep(ms, signal),
    advanceTo: (time) => {
      const next = Math.ceil(time - real.now());
      if (next <= ahead) return;
      save(next);
      ahead = next;
    },
  };
}
