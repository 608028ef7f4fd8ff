import type { Clock } from '../../base/clock.ts';
import type { CheckResult } from '../../diagnostics/check.ts';
import type { IssuedCredentials } from './issued-cache.ts';
import type { DoctorRun } from './diagnose.ts';

export interface WatchRequest {
  /** One round, with what the rounds before it hand on. */
  readonly examine: (handedOn: {
    readonly issued: IssuedCredentials;
    readonly earlier: readonly CheckResult[];
  }) => Promise<DoctorRun>;
  /** Gets every round; `changed`: it is the first, or its roots are others than those of the one before. */
  readonly onRound: (examination: DoctorRun, changed: boolean) => void;
  readonly pauseMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const OF_THE_WORKER: readonly string[] = ['KF-WORK-001', 'KF-WORK-002'];

const seenIn = (roots: readonly CheckResult[]): string =>
  roots.map(({ id, state, cause }) => `${id} ${state} ${cause?.code ?? ''}`).join();

/**
 * `kuflow doctor --watch`: round after round with one token and one certificate. The worker's own check makes its own each time, so that its
 * result is taken over until something else changes, or as long as it got as far as making one. Rejects when `signal` fires, and as a round does.
 */
export async function watchDoctor({ examine, onRound, pauseMs, clock, signal }: WatchRequest): Promise<never> {
  const issued: IssuedCredentials = {};
  let ofWorker: readonly CheckResult[] = [];
  let before: { readonly all: string; readonly others: string } | undefined;
  for (;;) {
    const examination = await examine({ issued, earlier: ofWorker });
    const { roots, results } = examination.report;
    const seen = { all: seenIn(roots), others: seenIn(roots.filter(({ id }) => !OF_THE_WORKER.includes(id))) };
    onRound(examination, seen.all !== before?.all);
    const made = results.filter(({ id, state, earlier }) => OF_THE_WORKER.includes(id) && state !== 'skip' && !earlier);
    if (made.some(({ created }) => created !== undefined)) ofWorker = made;
    else if (before !== undefined && seen.others !== before.others) ofWorker = [];
    before = seen;
    await clock.sleep(pauseMs, signal);
  }
}
