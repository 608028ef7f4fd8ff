import { worstExitStatus, type ExitStatus } from '../base/errors.ts';
import type { CheckResult, CheckState } from './check.ts';
import { ANYWHERE, type OwnCommands, resultsWithOwnCommands } from './own-commands.ts';

/** The outcome of a run: every result in order, and what a person needs first. */
export interface ConnectionReport {
  readonly results: readonly CheckResult[];
  /** The first check that did not pass for a reason of its own. */
  readonly firstFailure?: CheckResult;
  /** What to do about it, then the command that checks again; empty when all is well. */
  readonly next: readonly string[];
  /** What the run made at KuFlow, e.g. `engine token`. */
  readonly created: readonly string[];
  /** 0 usable · 1 a check failed · 4 could not tell. */
  readonly status: ExitStatus;
  readonly ms: number;
}

const STATUS: Readonly<Record<CheckState, ExitStatus>> = { pass: 0, warn: 0, skip: 0, fail: 1, crash: 1, unknown: 4 };

/** 1 when a check failed or crashed, 4 when one could not tell, else 0: warnings and skips change nothing. */
export function statusOf(results: readonly CheckResult[]): ExitStatus {
  return worstExitStatus(results.map(({ state }) => STATUS[state]));
}

/** A definite failure comes before one that could only not be told, and each in the order of results. */
function firstFailureOf(results: readonly CheckResult[]): CheckResult | undefined {
  return (
    results.find(({ state }) => state === 'fail' || state === 'crash') ??
    results.find(({ state }) => state === 'unknown')
  );
}

export interface ReportOptions {
  /** The command that runs the check again. */
  readonly retry?: string;
  /** What works anywhere when absent. */
  readonly commands?: Partial<OwnCommands>;
}

/** Puts the results together. */
export function makeReport(seen: readonly CheckResult[], ms: number, options: ReportOptions = {}): ConnectionReport {
  const { retry, commands } = options;
  const results = resultsWithOwnCommands(seen, { ...ANYWHERE, ...commands });
  const firstFailure = firstFailureOf(results);
  const advice = firstFailure?.advice ?? [];
  const steps = advice.map(({ text, command }) => (command === undefined ? text : `${text}: ${command}`));
  return {
    results,
    ...(firstFailure && { firstFailure }),
    next: firstFailure === undefined ? [] : [...steps, ...(retry === undefined ? [] : [`Then check again: ${retry}`])],
    created: results.flatMap(({ created }) => (created === undefined ? [] : [created])),
    status: statusOf(results),
    ms,
  };
}

/** The outcome of a whole examination. */
export interface DoctorReport extends ConnectionReport {
  /** Every check that did not pass for a reason of its own, what failed first, then what could not be told, then warnings. */
  readonly roots: readonly CheckResult[];
  readonly counts: Readonly<Record<CheckState, number>>;
}

const WEIGHT: readonly CheckState[] = ['fail', 'crash', 'unknown', 'warn'];

/** As `makeReport`; with `failOnWarn` a warning gives status 3. */
export function makeDoctorReport(
  seen: readonly CheckResult[],
  ms: number,
  options: ReportOptions & { readonly failOnWarn: boolean },
): DoctorReport {
  const report = makeReport(seen, ms, options);
  const { results } = report;
  const count = (state: CheckState): number => results.filter((result) => result.state === state).length;
  const counts = { pass: 0, warn: 0, fail: 0, skip: 0, unknown: 0, crash: 0 };
  for (const state of Object.keys(counts) as CheckState[]) counts[state] = count(state);
  return {
    ...report,
    roots: WEIGHT.flatMap((state) => results.filter((result) => result.state === state)),
    counts,
    status: worstExitStatus([report.status, options.failOnWarn && counts.warn > 0 ? 3 : 0]),
  };
}
