import { messageOf } from '../base/errors.ts';
import { withoutUndefined } from '../base/json.ts';
import type { CheckOutputs } from './input.ts';
import {
  skippedBecauseOf,
  type Check,
  type CheckContext,
  type CheckEvent,
  type CheckResult,
  type CheckState,
  type Finding,
} from './check.ts';

type Outcome = Omit<Finding, 'state' | 'outputs'> & { readonly state: CheckState };

export interface RunOptions {
  /** Gets `check-started` as it happens, and `check-finished` in the order of the list, once all earlier results are known. */
  readonly report?: ((event: CheckEvent) => void) | undefined;
  /** Stops the run; unfinished checks become `unknown`. */
  readonly signal?: AbortSignal | undefined;
  /** Time limit of the whole run: when `signal` aborts, unfinished checks become `unknown` with `text` as the reason. */
  readonly deadline?: { readonly signal: AbortSignal; readonly text: string } | undefined;
  /** Checks to leave out, with the reason; checks that require them are skipped too. */
  readonly excluded?: ReadonlyMap<string, string> | undefined;
  /** Receives the outputs, and the function that closes the checks' connections. Without it, they are closed at the end of the run. */
  readonly keepOpen?: ((close: () => void, outputs: CheckOutputs) => void) | undefined;
  /** Results of an earlier run to use instead of running these checks again. */
  readonly earlier?: readonly CheckResult[] | undefined;
}

/** Checks with the given ids plus everything they require or wait for, in the order of the list. Throws on an unknown id. */
export function selectChecks<Input>(
  checks: readonly Check<Input>[],
  only: readonly string[] | undefined,
): readonly Check<Input>[] {
  if (only === undefined) return checks;
  const selected = new Set<string>();
  const add = (id: string): void => {
    if (selected.has(id)) return;
    const check = checks.find((candidate) => candidate.id === id);
    if (check === undefined) throw new Error(`check ${id} does not exist`);
    selected.add(id);
    check.requires?.forEach(add);
    // A check examines the results it waits for, so it has nothing to examine without them.
    check.after?.filter((other) => checks.some((candidate) => candidate.id === other)).forEach(add);
  };
  only.forEach(add);
  return checks.filter((check) => selected.has(check.id));
}

/** Whether dependents must be skipped. A check that was not applicable or was restricted by the engine blocks nothing. */
function blocksDependents(result: CheckResult): boolean {
  if (result.state === 'skip') return result.skipped === 'blocked' || result.skipped === 'excluded';
  return result.state === 'fail' || result.state === 'unknown' || result.state === 'crash';
}

/** The same result, without what the earlier run created. */
function reuseResult(result: CheckResult): CheckResult {
  return withoutUndefined({ ...result, created: undefined, earlier: true as const, ms: 0 });
}

/** Resolves when the check finishes, times out, or the run is stopped, whichever comes first. */
async function runWithTimeout<Input>(
  check: Check<Input>,
  context: Omit<CheckContext<Input>, 'signal'>,
  { signal, deadline }: Pick<RunOptions, 'signal' | 'deadline'>,
): Promise<Finding> {
  const stop = new AbortController();
  const stopReasons = [
    ...(signal === undefined ? [] : [{ signal, text: 'stopped before it finished' }]),
    ...(deadline === undefined ? [] : [deadline]),
  ];
  let timer: NodeJS.Timeout | undefined;
  const stopped = new Promise<Finding>((resolve) => {
    const { timeoutMs: ms } = check;
    if (ms !== undefined)
      timer = setTimeout(() => resolve({ state: 'unknown', summary: `no result within ${ms / 1000} s` }), ms);
    for (const reason of stopReasons) {
      const onAbort = (): void => resolve({ state: 'unknown', summary: reason.text });
      reason.signal.addEventListener('abort', onAbort, { once: true, signal: stop.signal });
      if (reason.signal.aborted) onAbort();
    }
  });
  try {
    const work = check.run({ ...context, signal: stop.signal });
    return await Promise.race([work, stopped]);
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

/**
 * Runs the checks in parallel, each as soon as the checks it requires have finished. A check that depends on a failed one is
 * skipped and names the first failure of its chain. A check that throws is a `crash`; one that does not finish in time is
 * `unknown`. Results are in the order of `checks`. Never rejects because of a check.
 */
export async function runChecks<Input>(
  checks: readonly Check<Input>[],
  input: Input,
  options: RunOptions = {},
): Promise<readonly CheckResult[]> {
  const running = new Map<string, Promise<CheckResult>>();
  const finished = new Map<string, CheckResult>();
  const releases: (() => void)[] = [];
  let outputs: CheckOutputs = {};
  let hasEnded = false;
  const onRunEnd = (release: () => void): void => {
    if (hasEnded) release();
    else releases.push(release);
  };

  const runCheck = async (
    check: Check<Input>,
    required: readonly Promise<CheckResult>[],
    awaited: readonly Promise<CheckResult>[],
  ): Promise<CheckResult> => {
    const { id, title, plane } = check;
    let started = performance.now();
    const result = ({ state, summary, facts = {}, advice = [], ...rest }: Outcome): CheckResult => {
      const { cause, skipped, blockedBy, fixes, created } = rest;
      return withoutUndefined({
        ...{ id, title, plane, docs: id.toLowerCase(), state, summary, facts, advice },
        ...{ cause, skipped, blockedBy, fixes, created, ms: performance.now() - started },
      });
    };
    const earlier = options.earlier?.find((one) => one.id === id);
    if (earlier !== undefined) return reuseResult(earlier);
    const notApplicable = check.notApplicable?.(input);
    if (notApplicable !== undefined)
      return result({ state: 'skip', summary: notApplicable, skipped: 'not-applicable' });
    const excluded = options.excluded?.get(id);
    if (excluded !== undefined) return result({ state: 'skip', summary: excluded, skipped: 'excluded' });
    const blocker = (await Promise.all(required)).find(blocksDependents);
    if (blocker !== undefined) {
      const blockedBy = blocker.blockedBy ?? blocker.id;
      return result(skippedBecauseOf(blockedBy));
    }
    await Promise.all(awaited);
    // The time spent waiting for others does not count.
    started = performance.now();
    options.report?.({ kind: 'check-started', id, title });
    try {
      const resultOf = (other: string): CheckResult | undefined => finished.get(other);
      const finding = await runWithTimeout(check, { input, outputs, onRunEnd, resultOf }, options);
      outputs = { ...outputs, ...finding.outputs };
      return result(finding);
    } catch (error) {
      return result({ state: 'crash', summary: `the check itself failed: ${messageOf(error)}` });
    }
  };

  for (const check of checks) {
    const required = (check.requires ?? []).map((id) => {
      const result = running.get(id);
      if (result === undefined) throw new Error(`${check.id} requires ${id}, which does not come before it`);
      return result;
    });
    const awaited = (check.after ?? []).flatMap((id) => running.get(id) ?? []);
    const pending = runCheck(check, required, awaited).then((result) => {
      finished.set(check.id, result);
      return result;
    });
    running.set(check.id, pending);
  }
  const results: CheckResult[] = [];
  try {
    for (const pending of running.values()) {
      const result = await pending;
      results.push(result);
      options.report?.({ kind: 'check-finished', result });
    }
  } finally {
    hasEnded = true;
    const close = (): void => releases.splice(0).forEach((release) => release());
    if (options.keepOpen === undefined) close();
    else options.keepOpen(close, outputs);
  }
  return results;
}
