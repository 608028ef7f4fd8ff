import type { Clock } from '../base/clock.ts';
import { KnownError } from '../base/errors.ts';
import { ignoreSystemErrors } from '../base/system-error.ts';
import type { FileLock } from './file-system.ts';

const POLL_MS = 50;

export interface LockWaitOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Called once, when another run has the lock; its process where that is known. */
  readonly onWait?: (pid: number | undefined) => void;
}

export interface LockRequest {
  readonly take: () => Promise<FileLock>;
  /** Milliseconds. */
  readonly within: number;
  /** What another run is at, for `Another run … and does not end`. */
  readonly busyWith: string;
  /** Absolute path of the lock. */
  readonly path: string;
}

/** Runs `work` with a lock that only one run has at a time. Waits for another one, in the end rejects with a KnownError of status 4. */
export async function withLock<T>(
  { take, within, busyWith, path }: LockRequest,
  { clock, signal, onWait }: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  const until = clock.now() + within;
  for (let asked = false; ; asked = true) {
    const locking = await take();
    if (locking.kind === 'taken') {
      try {
        return await work();
      } finally {
        // What can't be given back ends with this process.
        await ignoreSystemErrors(locking.release);
      }
    }
    if (!asked) onWait?.(locking.pid);
    if (clock.now() > until) {
      throw new KnownError({
        message: `Another run is ${busyWith} and does not end`,
        tried: path,
        ...(locking.pid !== undefined && { seen: `process ${locking.pid} is running` }),
        next: ['Wait for it or end it, then try again'],
        status: 4,
      });
    }
    await clock.sleep(POLL_MS, signal);
  }
}
