import { systemClock } from '../../base/clock.ts';
import type { KuFlowSession } from '../../platform/client/kuflow-session.ts';

/** Milliseconds between two requests. */
const LOCAL_POLL_MS = 200;
const POLL_MS = 2_000;

/** Polls a process or an action until it has ended. Rejects when `signal` aborts. */
export async function waitForEnd<T>(
  { local }: KuFlowSession,
  read: () => Promise<T>,
  hasEnded: (latest: T) => boolean,
  signal: AbortSignal,
): Promise<T> {
  for (;;) {
    const latest = await read();
    if (hasEnded(latest)) return latest;
    await systemClock.sleep(local === undefined ? POLL_MS : LOCAL_POLL_MS, signal);
  }
}
