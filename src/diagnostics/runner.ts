import { messageOf } from '../base/errors.ts';
import type { Check, CheckContext, CheckEvent, CheckResult, CheckState, Finding } from './check.ts';

type Outcome = Omit<Finding<unknown>, 'state' | 'found'> & { readonly state: CheckState };

export interface RunOptions {
  /** `check-started` as it happens; `check-finished` in the registry's order, each as soon as all before it are known. */
  readonly report?: (event: CheckEvent) => void;
  /** Stops the run: what has not ended is `unknown`. */
  readonly signal?: AbortSignal;
  /** The time of the whole run: what has not ended when `signal` fires is `unknown`, and `text` says why. */
  readonly deadline?: { readonly signal: AbortSignal; readonly text: string };
  /** Checks that are not made, with the reason; what requires them is skipped too. */
  readonly excluded?: ReadonlyMap<string, string>;
  /** Results of an earlier run that stand in place of making the check again. */
  readonly earlier?: readonly CheckResult[];
}

/** The registry cut down to the checks with these ids and everything they require or wait for, in its order. Throws on an id that is not there. */
export function selectChecks<Input, Found>(
  registry: readonly Check<Input, Found>[],
  only: readonly string[] | undefined,
): readonly Check<Input, Found>[] {
  if (only === undefined) return registry;
  const wanted = new Set<string>();
  const add = (id: string): void => {
    if (wanted.has(id)) return;
    const check = registry.find((candidate) => candidate.id === id);
    if (check === undefined) throw new Error(`there is no check ${id}`);
    wanted.add(id);
    check.requires.forEach(add);
    // What a check waits for it looks at, so that without it there is nothing to see.
    check.after?.filter((other) => registry.some((candidate) => candidate.id === other)).forEach(add);
  };
  only.forEach(add);
  return registry.filter((check) => wanted.has(check.id));
}

/** Whether what depends on this result can't be looked at. A check that had nothing to look at, or was not allowed to, blocks nothing. */
function blocks(result: CheckResult): boolean {
  if (result.state === 'skip') return result.skipped === 'blocked' || result.skipped === 'excluded';
  return result.state === 'fail' || result.state === 'unknown' || result.state === 'crash';
}

/** As it was, and nothing made this time. */
function earlierResult(before: CheckResult): CheckResult {
  const kept = Object.entries(before).filter(([name]) => name !== 'created');
  return { ...(Object.fromEntries(kept) as unknown as CheckResult), earlier: true, ms: 0 };
}

/** Ends with the check, when its time is up, or with the run's signal, whatever comes first. */
async function runInTime<Input, Found>(
  check: Check<Input, Found>,
  context: Omit<CheckContext<Input, Found>, 'signal'>,
  { signal, deadline }: RunOptions,
): Promise<Finding<Found>> {
  const stop = new AbortController();
  const ends = [
    ...(signal === undefined ? [] : [{ signal, text: 'stopped before it had a result' }]),
    ...(deadline === undefined ? [] : [deadline]),
  ];
  const listeners: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding<Found>>((resolve) => {
    const ms = typeof check.timeoutMs === 'number' ? check.timeoutMs : check.timeoutMs(context.input);
    timer = setTimeout(() => resolve({ state: 'unknown', summary: `no result within ${ms / 1000} s` }), ms);
    for (const end of ends) {
      const stopped = (): void => resolve({ state: 'unknown', summary: end.text });
      end.signal.addEventListener('abort', stopped, { once: true });
      listeners.push(() => end.signal.removeEventListener('abort', stopped));
      if (end.signal.aborted) stopped();
    }
  });
  try {
    const work = check.run({ ...context, signal: stop.signal });
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    for (const remove of listeners) remove();
    stop.abort();
  }
}

/**
 * Runs the checks: each as soon as those it requires have ended, side by side where possible. What depends on a failure is skipped
 * and names the first failure of its chain; a check that throws is a `crash`; one that does not end in time is `unknown`.
 * Results come in the order of `checks`. Never rejects because of a check.
 */
export async function runChecks<Input, Found extends object>(
  checks: readonly Check<Input, Found>[],
  input: Input,
  options: RunOptions = {},
): Promise<readonly CheckResult[]> {
  const running = new Map<string, Promise<CheckResult>>();
  const known = new Map<string, CheckResult>();
  const releases: (() => void)[] = [];
  let found: Partial<Found> = {};
  let ended = false;
  const atEnd = (release: () => void): void => {
    if (ended) release();
    else releases.push(release);
  };

  const runOne = async (
    check: Check<Input, Found>,
    required: readonly Promise<CheckResult>[],
    awaited: readonly Promise<CheckResult>[],
  ): Promise<CheckResult> => {
    const { id, title, plane, docs } = check;
    let started = performance.now();
    const result = (finding: Outcome, more: Partial<CheckResult> = {}): CheckResult => ({
      ...{ id, title, plane, docs, state: finding.state, summary: finding.summary },
      facts: finding.facts ?? {},
      advice: finding.advice ?? [],
      ...(finding.cause && { cause: finding.cause }),
      ...(finding.skipped && { skipped: finding.skipped }),
      ...(finding.blockedBy !== undefined && { blockedBy: finding.blockedBy }),
      ...(finding.fixes && { fixes: finding.fixes }),
      ms: performance.now() - started,
      ...more,
    });
    const before = options.earlier?.find((one) => one.id === id);
    if (before !== undefined) return earlierResult(before);
    const reason = check.notApplicable?.(input);
    if (reason !== undefined) return result({ state: 'skip', summary: reason, skipped: 'not-applicable' });
    const excluded = options.excluded?.get(id);
    if (excluded !== undefined) return result({ state: 'skip', summary: excluded, skipped: 'excluded' });
    const blocker = (await Promise.all(required)).find(blocks);
    if (blocker !== undefined) {
      const blockedBy = blocker.blockedBy ?? blocker.id;
      return result(
        { state: 'skip', summary: `not checked, because of ${blockedBy}`, skipped: 'blocked' },
        { blockedBy },
      );
    }
    await Promise.all(awaited);
    // Waiting for others is not this check's time.
    started = performance.now();
    options.report?.({ kind: 'check-started', id, title });
    try {
      const finding = await runInTime(check, { input, found, atEnd, ended: (other) => known.get(other) }, options);
      found = { ...found, ...finding.found };
      return result(finding, finding.created === undefined ? {} : { created: finding.created });
    } catch (error) {
      return result({ state: 'crash', summary: `the check itself failed: ${messageOf(error)}` });
    }
  };

  for (const check of checks) {
    const required = check.requires.map((id) => {
      const before = running.get(id);
      if (before === undefined) throw new Error(`${check.id} requires ${id}, which does not come before it`);
      return before;
    });
    const awaited = (check.after ?? []).flatMap((id) => running.get(id) ?? []);
    const result = runOne(check, required, awaited);
    running.set(
      check.id,
      result.then((ended) => {
        known.set(check.id, ended);
        return ended;
      }),
    );
  }
  const results: CheckResult[] = [];
  try {
    for (const ending of running.values()) {
      const result = await ending;
      results.push(result);
      options.report?.({ kind: 'check-finished', result });
    }
  } finally {
    ended = true;
    for (const release of releases) release();
  }
  return results;
}
