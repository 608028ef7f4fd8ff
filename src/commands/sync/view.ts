import { countOf } from '../../base/count-of.ts';
import type { ExitStatus } from '../../base/exit-status.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { PlannedEdit } from '../../project/edit/file-edit.ts';
import type { EditedFile } from '../../project/edit/make-edits.ts';
import type { NextStep } from '../../project/next-steps.ts';
import { folderSuffix, printDiff, printEditedFiles, printNotes, printOutcome } from '../../project/view.ts';
import { palette } from '../../terminal/palette.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { wrapForChannel } from '../../terminal/wrap.ts';
import type { ProcessReport } from './compare-processes.ts';

/** The result, and what `kuflow sync --json` prints. */
export interface SyncResult {
  /** Absolute folder of the project. */
  readonly project: string;
  readonly check: boolean;
  readonly dryRun: boolean;
  readonly processes: readonly ProcessReport[];
  readonly files: readonly EditedFile[];
  readonly notes: readonly string[];
  readonly next: readonly NextStep[];
  /** 1 drift (with `check`), 3 something is left to change by hand, 4 inconclusive. */
  readonly status: ExitStatus;
}

/** Prints the findings of each process with their evidence on stdout, and what limits them on stderr. */
export function printReports({ out, err }: Terminal, reports: readonly ProcessReport[]): void {
  const { bold, dim, yellow, green } = palette(out);
  for (const { code, definition, source, findings, drift, fieldsCompared, unknown, notes } of reports) {
    out.line(`${bold(escapeForTerminal(code, 200))}  ${dim(escapeForTerminal(definition, 1000))}`);
    for (const finding of [...findings].sort((one, other) => Number(other.drift) - Number(one.drift))) {
      const mark = finding.drift ? yellow(out.marks.warning) : dim(out.marks.skipped);
      out.line(wrapForChannel(out, `  ${mark} ${escapeForTerminal(finding.text, 2000)}`));
    }
    if (!drift && unknown.length === 0) {
      const tasks =
        source === 'api'
          ? 'The tasks match the live process'
          : 'The task queue, workflow type and tasks match the worker sample';
      const match = fieldsCompared ? 'The definition matches the live process' : `${tasks}; fields were not compared`;
      out.line(`  ${green(out.marks.done)} ${match}`);
    }
    for (const text of unknown)
      out.line(wrapForChannel(out, `  ${yellow(out.marks.unknown)} ${escapeForTerminal(text, 1000)}`));
    for (const note of notes) err.line(palette(err).dim(wrapForChannel(err, `  ${escapeForTerminal(note, 1000)}`)));
  }
}

/** Whether the diff of a change is shown before the question whether to write all of them. */
export function isShownBefore({ how }: PlannedEdit): boolean {
  return how === 'definition' || how === 'generated';
}

/** Prints the planned changes before the question whether to write them. Each file with local changes is asked about separately. */
export function printPlannedFiles({ err }: Terminal, edits: readonly PlannedEdit[]): void {
  for (const edit of edits) {
    const { path, how, diff } = edit;
    if (isShownBefore(edit)) {
      err.line();
      printDiff(err, diff);
    } else err.line(`\n${escapeForTerminal(path, 1000)}${how === 'new' ? ' (new)' : ''}`);
  }
  err.line();
}

/** Prints the files that were changed with their diffs to stdout, and the outcome and next steps to stderr. */
export function printSyncResult(
  terminal: Terminal,
  result: SyncResult,
  { cwd, printed }: { readonly cwd: string; readonly printed: ReadonlySet<string> },
): void {
  const { out, err } = terminal;
  if (result.files.length > 0) {
    out.line();
    printEditedFiles(out, result.files, result.dryRun, printed);
  }
  printNotes(err, result.notes);
  printOutcome(err, outcomeOf(result), folderSuffix(result.project, cwd), result.next);
}

function outcomeOf({ check, dryRun, processes, files, status }: SyncResult): string {
  const drift = processes.flatMap(({ findings }) => findings).filter((finding) => finding.drift).length;
  const differences = countOf(drift, 'difference');
  if (check) {
    if (status === 4) return 'Could not determine whether the definition matches';
    if (drift > 0) return `Found ${differences}`;
    const compared = processes.filter(({ fieldsCompared }) => fieldsCompared).length;
    if (compared === processes.length) return 'The definition matches';
    return `The tasks match; ${compared === 0 ? 'fields were not compared' : 'the fields of some processes were not compared'}`;
  }
  if (dryRun) return `Dry run: nothing was written. Found ${differences}`;
  const changed = files.filter(({ how }) => how !== 'state');
  const written = changed.filter(({ action }) => action === 'written').length;
  const left = changed.length - written;
  if (changed.length === 0) return drift === 0 ? 'Nothing to change' : `Found ${differences}`;
  const leftNote = left === 0 ? '' : `; ${countOf(left, 'file was', 'files were')} left unchanged`;
  return `Changed ${countOf(written, 'file')}${leftNote}`;
}
