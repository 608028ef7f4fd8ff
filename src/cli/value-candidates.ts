import type { Argument, Option } from 'commander';

/**
 * Values that completion looks up:
 * - `processes`: codes of the project's processes and of those remembered from the API
 * - `project-processes`, `project-tasks`: codes in the project's definition files
 * - `served-processes`, `served-tasks`: codes that the local KuFlow serves
 * - `process-ids`, `running-process-ids`, `task-ids`, `open-task-ids`: the newest ones on the local KuFlow, and `latest`
 * - `users`: email addresses of the users of the local KuFlow
 * - `profiles`: names of stored profiles
 * - `checks`: IDs of the checks of `kuflow doctor`
 * - `docs-topics`: topics of `kuflow docs`
 */
export type CandidateSource =
  | 'processes'
  | 'project-processes'
  | 'project-tasks'
  | 'served-processes'
  | 'served-tasks'
  | 'process-ids'
  | 'running-process-ids'
  | 'task-ids'
  | 'open-task-ids'
  | 'users'
  | 'profiles'
  | 'checks'
  | 'docs-topics';

/** Where the values come from, or the values themselves. */
export type ValueCandidates = CandidateSource | readonly string[];

const declared = new WeakMap<Argument | Option, ValueCandidates>();

/** Declares what completion offers for the value of an argument or option. The command still accepts other values. */
export function withCandidates<Valued extends Argument | Option>(valued: Valued, candidates: ValueCandidates): Valued {
  declared.set(valued, candidates);
  return valued;
}

export function declaredCandidates(valued: Argument | Option): ValueCandidates | undefined {
  return declared.get(valued);
}
