/** Milliseconds. Doubled for each further restart. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

/** After a run of this length, in milliseconds, the pauses are short again. */
const STEADY_MS = 60_000;

/** After this many starts in a row that end before the worker connects, the cause is unlikely to be a temporary outage. */
const FAILED_STARTS = 10;

/** What workers exit with when their settings are missing or invalid, or their options are wrong. */
const INVALID_SETTINGS = 2;

/** A command that ended although nobody interrupted it. */
interface EndedRun {
  readonly status: number;
  /** Whether it was a worker that connected: it registered with KuFlow. */
  readonly connected: boolean;
  /** Milliseconds. */
  readonly duration: number;
}

/**
 * Returns a function that decides after each run: the milliseconds to wait before the command is started again, or undefined if it is not.
 * Only a command that was a connected worker is started again: the failure of a test, a build or a first start is final.
 */
export function planRestarts(): (run: EndedRun) => number | undefined {
  let wasConnected = false;
  let failedStarts = 0;
  let pauseMs = FIRST_PAUSE_MS;
  return ({ status, connected, duration }) => {
    wasConnected ||= connected;
    failedStarts = connected ? 0 : failedStarts + 1;
    if (status === 0 || status === INVALID_SETTINGS || !wasConnected || failedStarts === FAILED_STARTS)
      return undefined;
    if (connected && duration >= STEADY_MS) pauseMs = FIRST_PAUSE_MS;
    const current = pauseMs;
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    return current;
  };
}
