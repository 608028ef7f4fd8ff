import type { Clock } from './clock.ts';

/** Like `Promise.withResolvers`, which Node 20 does not have. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Waits for `work` at most `ms` milliseconds, without canceling it afterward. Rejects if `work` rejects in that time. */
export async function waitAtMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  const settled = new AbortController();
  const late = clock.sleep(ms, settled.signal).catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    settled.abort();
  }
}

/** Calls `work` for each item, for `count` of them at a time. Rejects with the first failure, when the calls in progress have ended. */
export async function forEachInParallel<Item>(
  count: number,
  items: Iterable<Item>,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const waiting = [...items].reverse();
  const failures: unknown[] = [];
  const take = async (): Promise<void> => {
    while (waiting.length > 0 && failures.length === 0)
      await work(waiting.pop() as Item).catch((error: unknown) => failures.push(error));
  };
  await Promise.all(Array.from({ length: Math.min(count, waiting.length) }, take));
  if (failures.length > 0) throw failures[0];
}
