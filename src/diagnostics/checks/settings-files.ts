import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { formatAlternatives } from '../../base/near-match.ts';
import type { ConnectionProblem } from '../../connection/inspect.ts';
import { APPLICATION_FILES } from '../../settings/keys.ts';
import { passed, skippedAs, type Finding, type DoctorCheck } from '../check.ts';
import type { CheckInput, CheckOutputs, DoctorInput } from '../input.ts';
import { toFinding } from '../explain-finding.ts';

export const applicationFilesCheck: DoctorCheck = {
  id: 'KF-SET-003',
  title: 'Settings files',
  plane: 'settings',
  offline: true,
  timeoutMs: 1_000,
  run: ({ input }) => findUnreadFile(input) ?? findMisspelledKey(input) ?? evaluateNotes(input),
};

function findUnreadFile({ problems }: DoctorInput): Finding | undefined {
  const unread = problems.filter(({ kind }) => kind === 'file');
  if (unread.length === 0) return undefined;
  const text = unread.map(({ key, source, problem }) => `${source ?? key}: ${problem}`).join('; ');
  const finding = toFinding('KF-SET-003', 'settings-file-unreadable', text, {
    facts: { files: unread.map(({ key }) => key) },
    values: { file: unread.map(({ source, key }) => source ?? key).join(', ') },
  });
  return { ...withNextSteps(finding, unread), outputs: { settingsExplainedByFiles: 'all' } };
}

/** A misspelled key is the root cause if the setting that was meant is required and missing. */
function findMisspelledKey(input: DoctorInput): Finding | undefined {
  const missing = [...input.problems, ...input.workerProblems].flatMap((one) => (one.missing === true ? one.key : []));
  const misspelled = input.settingWarnings.filter(({ meant }) => meant !== undefined && missing.includes(meant));
  if (misspelled.length === 0) return undefined;
  const text = misspelled
    .map(
      ({ key, source, meant = '' }) => `${source}: ${key} is not a setting; did you mean ${meant}, which is missing?`,
    )
    .join('; ');
  const finding = toFinding('KF-SET-003', 'settings-misspelled-key', text, {
    facts: { keys: misspelled.map(({ key }) => key) },
    values: {
      key: misspelled.map(({ key }) => key).join(', '),
      meant: misspelled.map(({ meant = '' }) => meant).join(', '),
      file: misspelled.map(({ source }) => source).join(', '),
    },
  });
  return { ...finding, outputs: { settingsExplainedByFiles: misspelled.map(({ meant = '' }) => meant) } };
}

function evaluateNotes({ settingWarnings, folder }: DoctorInput): Finding {
  const notes = settingWarnings.filter(({ code }) => code !== 'readable-by-others');
  const [first] = notes;
  if (first === undefined) {
    if (!APPLICATION_FILES.some((name) => existsSync(join(folder, name))))
      return skippedAs('not-applicable', `there is no ${formatAlternatives(APPLICATION_FILES)}`);
    return passed('readable; no misspelled keys; no secrets in application.yaml');
  }
  // A leaked secret is more severe than a key without effect.
  const secret = notes.find(({ code }) => code === 'secret-in-tracked-file');
  const messages = notes.map(({ message, source }) => `${message} (${source})`);
  const text = messages.join('; ');
  return toFinding('KF-SET-003', secret === undefined ? 'settings-unknown-key' : 'settings-secret-tracked', text, {
    facts: { notes: messages },
    values: { file: first.source },
  });
}

/** The finding with the next steps of its problems instead of general advice, if each has one. */
export function withNextSteps(finding: Finding, problems: readonly ConnectionProblem[]): Finding {
  const steps = problems.flatMap(({ next }) => next ?? []);
  return steps.length === problems.length ? { ...finding, advice: steps } : finding;
}

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
