import type { Clock } from './clock.ts';

/** Waits until `work` has settled, `ms` milliseconds at most; what goes on then is left to itself. Rejects as `work` does. */
export async function mapWithConcurrency(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  const late = clock.sleep(ms, settled.signal).catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    settled.abort();
  }
}
