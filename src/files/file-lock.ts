import type { Clock } from '../base/clock.ts';
import { KnownError } from '../base/errors.ts';
import { ignoreSystemErrors } from '../base/system-error.ts';
import type { FileLock } from './node-file-system.ts';

const POLL_MS = 50;

export interface LockWaitOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Called once, if another run has the lock. `pid` is its process, if known. */
  readonly onWait?: (pid: number | undefined) => void;
}

export interface LockRequest {
  readonly take: () => Promise<FileLock>;
  /** Milliseconds. */
  readonly within: number;
  /** What the other run is doing, to complete `Another run is …`. */
  readonly busyWith: string;
  /** Absolute path of the lock. */
  readonly path: string;
}

/** Runs `work` while holding a lock. Waits for another run to release it; rejects with a KnownError of status 4 if that takes too long. */
export async function withLock<T>(
  { take, within, busyWith, path }: LockRequest,
  { clock, signal, onWait }: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  const until = clock.now() + within;
  for (let waiting = false; ; waiting = true) {
    const locking = await take();
    if (locking.kind === 'taken') {
      try {
        return await work();
      } finally {
        // A lock that can't be released ends with this process.
        await ignoreSystemErrors(locking.release);
      }
    }
    if (!waiting) onWait?.(locking.pid);
    if (clock.now() > until) {
      throw new KnownError({
        message: `Another run is still ${busyWith}`,
        tried: path,
        seen: locking.pid === undefined ? undefined : `process ${locking.pid} is running`,
        next: ['Wait for it to finish, or stop it, then try again'],
        status: 4,
      });
    }
    await clock.sleep(POLL_MS, signal);
  }
}
