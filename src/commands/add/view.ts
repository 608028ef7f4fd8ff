import { countOf } from '../../base/count-of.ts';
import { capitalize } from '../../base/identifiers.ts';
import { changesDefinition, type AddResult } from './add-to-project.ts';
import { folderSuffix, printEditedFiles, printNotes, printOutcome } from '../../project/view.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** Prints the result. The diffs of the files in `printed` were on the screen before. */
export function printAdded(
  terminal: Terminal,
  result: AddResult,
  { cwd, printed }: { readonly cwd: string; readonly printed: ReadonlySet<string> },
): void {
  const { out, err } = terminal;
  printEditedFiles(out, result.files, result.dryRun, printed);
  printNotes(err, result.notes);
  const where = folderSuffix(result.project, cwd);
  if (result.files.length === 0) {
    err.line(`The code is up to date${where}`);
    return;
  }
  if (result.dryRun) {
    err.line(`Dry run: nothing was written${where}. To write the changes, leave out --dry-run`);
    return;
  }
  const left = result.files.filter(({ action }) => action === 'left').length;
  const isAdded = left < result.files.length;
  const leftNote = left === 0 ? '' : `; ${countOf(left, 'file was', 'files were')} left unchanged`;
  const isKnown = (result.added.kind === 'task' || result.added.kind === 'action') && !changesDefinition(result.files);
  const outcome = isKnown ? formatCodeUpdate(result, isAdded) : formatAddition(result, isAdded);
  printOutcome(err, outcome, `${where}${leftNote}`, result.next);
}

function formatAddition({ added }: AddResult, isAdded: boolean): string {
  const verb = isAdded ? 'Added' : 'Did not add';
  switch (added.kind) {
    case 'process':
      return `${verb} process ${added.code}`;
    case 'task':
    case 'action':
      return `${verb} ${added.kind} ${added.code} to ${added.process}`;
    case 'activity':
      return `${verb} activity ${added.name}`;
    case 'code':
      return `${isAdded ? 'Updated' : 'Did not update'} the code`;
  }
}

/** The result for a task or action that was already in the definition. */
function formatCodeUpdate({ added }: AddResult, isAdded: boolean): string {
  if (added.kind !== 'task' && added.kind !== 'action') return '';
  return isAdded
    ? `Updated the code for ${added.kind} ${added.code} of ${added.process}`
    : `${capitalize(added.kind)} ${added.code} is in the definition of ${added.process} but not in all of its code`;
}
