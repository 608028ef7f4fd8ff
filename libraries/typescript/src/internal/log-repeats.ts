const MINUTE = 60_000;
/** How long a failure is remembered after the last time it happened. */
const MEMORY = 10 * MINUTE;
const MAX_FAILURES = 1_000;
const MAX_LENGTH = 500;

interface Failure<Line> {
  lastAt: number;
  /** Since the last report. */
  times: number;
  line?: Line;
}

/** Remembers failures, and reports once per minute how often each of them happened again. */
export function createRepeats<Line>(report: (line: Line, times: number) => void) {
  // The latest failure is the last one.
  const failures = new Map<string, Failure<Line>>();
  let timer: NodeJS.Timeout | undefined;

  const tick = (): void => {
    for (const [key, { lastAt }] of failures) {
      reportAgain(key);
      if (Date.now() - lastAt >= MEMORY) failures.delete(key);
    }
    if (failures.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const reportAgain = (key: string): void => {
    const failure = failures.get(key);
    if (failure?.line === undefined) return;
    report(failure.line, failure.times);
    failures.set(key, { lastAt: failure.lastAt, times: 0 });
  };
  /** Whether the failure was not remembered. */
  const remember = (key: string): boolean => {
    const known = failures.get(key);
    failures.delete(key);
    failures.set(key, { times: 0, ...known, lastAt: Date.now() });
    const [oldest] = failures.keys();
    if (failures.size > MAX_FAILURES && oldest !== undefined) {
      reportAgain(oldest);
      failures.delete(oldest);
    }
    timer ??= setInterval(tick, MINUTE).unref();
    return known === undefined;
  };

  return {
    /** Counts a failure that has happened before in the same process. Returns false for others, which must be logged. */
    isRepeated(key: string, processId: string, line: Line): boolean {
      const isNew = remember(key);
      const isNewInProcess = remember(`${key} ${processId}`);
      const counted = failures.get(key);
      if (isNew || isNewInProcess || counted === undefined) return false;
      counted.times++;
      counted.line = line;
      return true;
    },
    /** Whether something was not logged lately. */
    isNew: (key: string): boolean => remember(key),
  };
}

/** The same failure may name another item, port or time. If the engine is down, each call of Temporal's core fails. */
export function withoutIds(text: string): string {
  return text
    .slice(0, MAX_LENGTH)
    .replace(/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/gi, '#')
    .replace(/\d+/g, '#')
    .replace(/^gRPC call \w+/, 'gRPC call #');
}
