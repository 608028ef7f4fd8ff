import { Argument, Option } from 'commander';

/** Values that completion looks up. */
export type CandidateSource =
  /** Codes of the project's processes and of those remembered from the API. */
  | 'processes'
  /** Codes in the project's definition files. */
  | 'project-processes'
  | 'project-tasks'
  /** Codes that the local KuFlow serves. */
  | 'served-processes'
  | 'served-tasks'
  /** The newest ones on the local KuFlow, and `latest`. */
  | 'process-ids'
  | 'running-process-ids'
  | 'task-ids'
  | 'open-task-ids'
  /** Email addresses of the users of the local KuFlow. */
  | 'users'
  /** Names of stored profiles. */
  | 'profiles'
  /** IDs of the checks of `kuflow doctor`. */
  | 'checks'
  /** Topics of `kuflow docs`. */
  | 'docs-topics';

/** Where the values come from, or the values themselves. */
export type ValueCandidates = CandidateSource | readonly string[];

const declared = new WeakMap<Argument | Option, ValueCandidates>();

/** Declares what completion offers for the value of an argument or option. The command still accepts other values. */
export function withCandidates<Valued extends Argument | Option>(valued: Valued, candidates: ValueCandidates): Valued {
  declared.set(valued, candidates);
  return valued;
}

export const completedOption = (flags: string, description: string, candidates: ValueCandidates): Option =>
  withCandidates(new Option(flags, description), candidates);

export const completedArgument = (flags: string, description: string, candidates: ValueCandidates): Argument =>
  withCandidates(new Argument(flags, description), candidates);

export function declaredCandidates(valued: Argument | Option): ValueCandidates | undefined {
  return declared.get(valued);
}
