import { systemClock } from '../../base/clock.ts';
import type { CheckResult } from '../../diagnostics/check.ts';
import type { IssuedCredentials } from './issued-cache.ts';
import type { DoctorRun } from './run-doctor.ts';

interface WatchRequest {
  /** Runs one round, reusing credentials and results of previous rounds. */
  readonly runOnce: (previous: {
    readonly issued: IssuedCredentials;
    readonly earlier: readonly CheckResult[];
  }) => Promise<DoctorRun>;
  /** Called after every round; `changed` is true for the first round and if the root causes differ from the previous round. */
  readonly onRound: (run: DoctorRun, changed: boolean) => void;
  readonly pauseMs: number;
  readonly signal: AbortSignal;
}

const WORKER_CHECK_IDS: readonly string[] = ['KF-WORK-001', 'KF-WORK-002'];

const fingerprintRoots = (roots: readonly CheckResult[]): string =>
  roots.map(({ id, state, cause }) => `${id} ${state} ${cause?.code ?? ''}`).join();

/**
 * `kuflow doctor --watch`: repeats the checks with one token and one certificate. The worker's own check creates its own, so once it
 * has created something, its result is reused until another check changes. Rejects when `signal` aborts or a round rejects.
 */
export async function watchDoctor({ runOnce, onRound, pauseMs, signal }: WatchRequest): Promise<never> {
  const issued: IssuedCredentials = {};
  let workerResults: readonly CheckResult[] = [];
  let previous: { readonly all: string; readonly others: string } | undefined;
  for (;;) {
    const run = await runOnce({ issued, earlier: workerResults });
    const { roots, results } = run.report;
    const current = {
      all: fingerprintRoots(roots),
      others: fingerprintRoots(roots.filter(({ id }) => !WORKER_CHECK_IDS.includes(id))),
    };
    onRound(run, current.all !== previous?.all);
    const fresh = results.filter(
      ({ id, state, earlier }) => WORKER_CHECK_IDS.includes(id) && state !== 'skip' && !earlier,
    );
    if (fresh.some(({ created }) => created !== undefined)) workerResults = fresh;
    else if (previous !== undefined && current.others !== previous.others) workerResults = [];
    previous = current;
    await systemClock.sleep(pauseMs, signal);
  }
}
