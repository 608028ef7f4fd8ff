import { worstExitStatus, type ExitStatus } from '../base/exit-status.ts';
import { type AdviceCommands, DEFAULT_ADVICE_COMMANDS, fillCommands } from './advice.ts';
import { formatAdvice } from '../base/advice.ts';
import type { CheckResult, CheckState } from './check.ts';

/** The outcome of a run: all results in order, and what a person needs first. */
export interface ConnectionReport {
  readonly results: readonly CheckResult[];
  /** The first check that did not pass and was not blocked by another one. */
  readonly firstFailure?: CheckResult;
  /** Advice about the first failure, then the command that checks again; empty if nothing failed. */
  readonly next: readonly string[];
  /** What the run created in KuFlow, e.g. `engine token`. */
  readonly created: readonly string[];
  /** 0 usable · 1 a check failed · 2 settings are missing or malformed · 4 inconclusive. */
  readonly status: ExitStatus;
  readonly ms: number;
}

const EXIT_STATUS: Readonly<Record<CheckState, ExitStatus>> = {
  ...{ pass: 0, warn: 0, skip: 0, fail: 1, crash: 1, unknown: 4 },
};

export const STEP_ENDS = {
  ...({ pass: 'done', warn: 'warning', fail: 'failed', crash: 'failed', unknown: 'unknown', skip: 'skipped' } as const),
} satisfies Readonly<Record<CheckState, string>>;

/** As in all other commands, missing and malformed settings are a mistake in how the tool is used. */
function exitStatusOf({ state, plane }: CheckResult): ExitStatus {
  return plane === 'settings' && state === 'fail' ? 2 : EXIT_STATUS[state];
}

/** A definite failure comes before an unknown result; within each, the order of the results decides. */
function findFirstFailure(results: readonly CheckResult[]): CheckResult | undefined {
  return (
    results.find(({ state }) => state === 'fail' || state === 'crash') ??
    results.find(({ state }) => state === 'unknown')
  );
}

export interface ReportOptions {
  readonly retry?: string | undefined;
  /** Overrides commands that work in any folder. */
  readonly commands?: Partial<AdviceCommands> | undefined;
}

export function createReport(
  checkResults: readonly CheckResult[],
  ms: number,
  { retry, commands }: ReportOptions = {},
): ConnectionReport {
  const adviceCommands = { ...DEFAULT_ADVICE_COMMANDS, ...commands };
  const results = checkResults.map((result) => ({ ...result, advice: fillCommands(result.advice, adviceCommands) }));
  const firstFailure = findFirstFailure(results);
  return {
    results,
    ...(firstFailure && { firstFailure }),
    next:
      firstFailure === undefined
        ? []
        : [...firstFailure.advice.map(formatAdvice), ...(retry === undefined ? [] : [`Then check again: ${retry}`])],
    created: results.flatMap(({ created }) => (created === undefined ? [] : [created])),
    status: worstExitStatus(results.map(exitStatusOf)),
    ms,
  };
}

export interface DoctorReport extends ConnectionReport {
  /** Every check that did not pass and was not blocked by another one: failures, then unknown results, then warnings. */
  readonly roots: readonly CheckResult[];
  readonly counts: Readonly<Record<CheckState, number>>;
}

const STATES_BY_SEVERITY: readonly CheckState[] = ['fail', 'crash', 'unknown', 'warn'];

export interface DoctorReportOptions extends ReportOptions {
  /** Warnings lead to status 3. */
  readonly failOnWarn: boolean;
}

export function createDoctorReport(
  checkResults: readonly CheckResult[],
  ms: number,
  options: DoctorReportOptions,
): DoctorReport {
  const report = createReport(checkResults, ms, options);
  const { results } = report;
  const counts = { pass: 0, warn: 0, fail: 0, skip: 0, unknown: 0, crash: 0 };
  for (const { state } of results) counts[state]++;
  return {
    ...report,
    roots: STATES_BY_SEVERITY.flatMap((state) => results.filter((result) => result.state === state)),
    counts,
    status: worstExitStatus([report.status, options.failOnWarn && counts.warn > 0 ? 3 : 0]),
  };
}
