/** What can be stopped, with one of these names. */
type Part = { stop(): Promise<void> | void } | { close(): Promise<void> | void };

export interface Parts {
  /** Waits until `part` has started. It is stopped when everything stops. */
  readonly add: <T extends Part>(part: T | Promise<T>) => Promise<T>;
  /** Stops all parts once, the last one first, even if one of them fails to stop. Then rejects with the first failure. */
  readonly stop: () => Promise<void>;
}

/** Starts parts in order. If one fails, stops those before it, and rejects with the failure of the start. */
export async function startParts<T>(start: (parts: Parts) => Promise<T>): Promise<T> {
  const stops: (() => Promise<void> | void)[] = [];
  let stopping: Promise<void> | undefined;
  const parts: Parts = {
    add: async (starting) => {
      const part = await starting;
      stops.push(() => ('stop' in part ? part.stop() : part.close()));
      return part;
    },
    stop: () => (stopping ??= runInReverse(stops)),
  };
  try {
    return await start(parts);
  } catch (error) {
    // The failure of the start is the one to report: what follows from it may fail too.
    await parts.stop().catch(() => undefined);
    throw error;
  }
}

async function runInReverse(stops: readonly (() => Promise<void> | void)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const stop of [...stops].reverse()) {
    try {
      await stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
