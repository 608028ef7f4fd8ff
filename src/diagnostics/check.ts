import type { Advice } from '../base/advice.ts';
import type { CheckOutputs, DoctorInput } from './input.ts';

/** `unknown`: inconclusive, e.g. a timeout or a busy server. `crash`: the check itself failed. */
export type CheckState = 'pass' | 'warn' | 'fail' | 'skip' | 'unknown' | 'crash';

/** The part of the setup that a check examines. */
export type Plane = 'settings' | 'files' | 'rest' | 'clock' | 'token' | 'tls' | 'engine' | 'pollers' | 'project';

export type Fact = string | number | boolean | readonly string[];
/** Named observations; never a secret. Text may come from a server, so whoever prints it must escape it. */
export type Facts = Readonly<Record<string, Fact>>;

/** The single reason for what was observed. `verdict` is the state it leads to. */
export interface Cause {
  /** Permanent, kebab case, e.g. `engine-host-not-found`. */
  readonly code: string;
  readonly verdict: 'fail' | 'warn' | 'unknown';
  /** One sentence. */
  readonly text: string;
}

/**
 * Why a check did not run: a dependency did not pass, there is nothing to check, the engine restricts the call, or the caller
 * excluded it.
 */
export type SkipReason = 'blocked' | 'not-applicable' | 'restricted' | 'excluded';

/** A change that `--fix` makes; nothing else changes files. Paths are absolute. */
export type Fix =
  | { readonly kind: 'chmod'; readonly path: string; readonly mode: number }
  /** Adds a line to the `.gitignore` of that folder. */
  | { readonly kind: 'gitignore'; readonly folder: string; readonly line: string };

export interface Finding {
  readonly state: Exclude<CheckState, 'crash'>;
  /** One line for the report. */
  readonly summary: string;
  readonly facts?: Facts | undefined;
  readonly cause?: Cause | undefined;
  readonly advice?: readonly Advice[] | undefined;
  readonly skipped?: SkipReason | undefined;
  /** With `skipped: 'blocked'`: id of the first check in the chain that explains this result, so that a root cause is reported once. */
  readonly blockedBy?: string | undefined;
  readonly fixes?: readonly Fix[] | undefined;
  /** What the check created in KuFlow, whether or not it turned out to be usable. */
  readonly created?: string | undefined;
  readonly outputs?: CheckOutputs | undefined;
}

export interface CheckContext<Input> {
  readonly input: Input;
  /** Outputs of earlier checks; only those in `requires` and `after` are certain to have finished. */
  readonly outputs: CheckOutputs;
  /** The result of a finished check; those in `requires` and `after` have finished. */
  readonly resultOf: (id: string) => CheckResult | undefined;
  /** Aborts when the check times out or the whole run is stopped. */
  readonly signal: AbortSignal;
  /** Registers a function to call when the run ends; called immediately if the run has already ended. */
  readonly onRunEnd: (release: () => void) => void;
}

export interface Check<Input> {
  /** `KF-PLANE-nnn`, never reused for another check. */
  readonly id: string;
  readonly title: string;
  readonly plane: Plane;
  /** Ids of checks earlier in the list that must not have failed. */
  readonly requires?: readonly string[];
  /** Ids of earlier checks to wait for, whatever their result; ids that are not part of the run are ignored. */
  readonly after?: readonly string[];
  /** Needs no network. */
  readonly offline?: true;
  readonly creates?: string;
  /** Absent: limited only by the time of the whole run. */
  readonly timeoutMs?: number;
  /** Returns why there is nothing to check with this input; called before waiting for dependencies. */
  readonly notApplicable?: (input: Input) => string | undefined;
  readonly run: (context: CheckContext<Input>) => Finding | Promise<Finding>;
}

export type DoctorCheck = Check<DoctorInput>;

export interface CheckResult
  extends
    Pick<Check<never>, 'id' | 'title' | 'plane'>,
    Pick<Finding, 'summary' | 'cause' | 'skipped' | 'blockedBy' | 'fixes' | 'created'> {
  /** Anchor of the explanation in docs/reference/doctor.md. */
  readonly docs: string;
  readonly state: CheckState;
  readonly facts: Facts;
  readonly advice: readonly Advice[];
  /** The result comes from an earlier run. */
  readonly earlier?: true;
  /** Milliseconds, without the time spent waiting for other checks. */
  readonly ms: number;
}

export type CheckEvent =
  | { readonly kind: 'check-started'; readonly id: string; readonly title: string }
  | { readonly kind: 'check-finished'; readonly result: CheckResult };

export function passed(summary: string, facts?: Facts, outputs?: CheckOutputs): Finding {
  return { state: 'pass', summary, facts, outputs };
}

/** The result of a check that has nothing to check, or whose call the engine or KuFlow restricts. */
export function skippedAs(skipped: 'not-applicable' | 'restricted', summary: string, facts?: Facts): Finding {
  return { state: 'skip', skipped, summary, facts };
}

/** The result of a check that cannot tell because of what another check reports. `detail` is a sentence without a period. */
export function skippedBecauseOf(id: string, detail?: string): Finding & { readonly summary: string } {
  const reason = `skipped because of ${id}`;
  return {
    state: 'skip',
    skipped: 'blocked',
    blockedBy: id,
    summary: detail === undefined ? reason : `${reason}. ${detail}`,
  };
}
