import type { ConnectionProblem } from '../connection/inspect.ts';
import type { CheckInput, CheckOutputs } from './check-input.ts';

/** Whether an application file could not be read. What it sets is then unknown, so nothing may be concluded from a missing setting. */
export function hasUnreadFile({ problems }: Pick<CheckInput, 'problems'>): boolean {
  return problems.some(({ kind }) => kind === 'file');
}

/** The problems without those that follow from an unreadable file or a misspelled key. */
export function withoutConsequences(
  problems: readonly ConnectionProblem[],
  input: Pick<CheckInput, 'problems'>,
  { settingsExplainedByFiles = [] }: CheckOutputs,
): readonly ConnectionProblem[] {
  const isAnyUnread = hasUnreadFile(input);
  const isConsequence = ({ key, missing }: ConnectionProblem): boolean =>
    missing === true && (isAnyUnread || settingsExplainedByFiles.includes(key));
  const isReported = ({ kind }: ConnectionProblem): boolean => kind === 'file' && settingsExplainedByFiles === 'all';
  return problems.filter((problem) => !isConsequence(problem) && !isReported(problem));
}
