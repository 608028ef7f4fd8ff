import { listFirst } from '../../base/count-of.ts';
import { escapeForTerminal, escapeLinesForTerminal } from '../../base/escape.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import { folderSuffix, printDiff, printNotes, printOutcome } from '../../project/view.ts';
import { palette } from '../../terminal/palette.ts';
import { printSteps } from '../../terminal/print-error.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { wrapForChannel } from '../../terminal/wrap.ts';
import type { UpdateResult, UpdateResultFile } from './update-project.ts';

const VERBS: Readonly<Record<UpdateResultFile['how'], readonly [done: string, planned: string]>> = {
  new: ['created', 'create'],
  replaced: ['updated', 'update'],
  merged: ['merged', 'merge'],
  deleted: ['deleted', 'delete'],
  conflict: ['written', 'write'],
  state: ['updated', 'update'],
};

/** Prints the result. The diffs of the files in `printed` were on the screen before. */
export function printUpdate(
  terminal: Terminal,
  result: UpdateResult,
  { cwd, printed }: { readonly cwd: string; readonly printed: ReadonlySet<string> },
): void {
  const { out, err } = terminal;
  const { yellow, red } = palette(err);
  const prose = (text: string): string => wrapForChannel(err, text);
  const where = folderSuffix(result.project, cwd);
  const [from, to] = [result.from, result.to].map((version) => escapeForTerminal(version, 40));
  if (result.result === 'up-to-date') {
    err.line(`The project already has the templates of version ${to ?? ''}${where}`);
    printSteps(err, [`To get the templates of the newest version: npx -p ${PACKAGE_NAME}@latest kuflow update`]);
    return;
  }
  const isDryRun = result.result === 'would-update';
  const width = Math.max(...result.files.map((file) => label(file, isDryRun).length));
  for (const file of result.files)
    out.line(`${label(file, isDryRun).padEnd(width)} ${escapeForTerminal(file.path, 1000)}${note(file)}`);
  for (const { path, how, action, diff } of result.files) {
    const isShown = isDryRun || how === 'merged' || (how === 'conflict' && action !== 'written');
    if (diff === '' || printed.has(path) || !isShown) continue;
    out.line();
    printDiff(out, diff);
  }
  if (result.changes.length > 0) {
    err.line(`\nChanges from version ${from ?? ''} to ${to ?? ''}:`);
    for (const { breaking, text } of result.changes)
      err.line(prose(`  ${breaking ? `${yellow('!')} Breaking: ` : '- '}${escapeForTerminal(text, 2000)}`));
  }
  printNotes(err, result.notes);
  const failures = [result.install, ...result.verify.checks].filter((step) => step.kind === 'failed');
  for (const { command, output, log } of failures) {
    err.line(`\n${red(`${escapeForTerminal(command, 1000)} failed:`)}`);
    err.line(escapeLinesForTerminal(output));
    if (log !== undefined) err.line(`The full output is in ${escapeForTerminal(log)}`);
  }
  printOutcome(err, outcome(result, to ?? ''), where, result.next);
}

function label({ action, how, choice }: UpdateResultFile, isDryRun: boolean): string {
  if (action === 'left') return isDryRun ? 'skip' : 'skipped';
  if (action === 'kept') return isDryRun ? 'keep' : 'kept';
  if (how === 'conflict' && choice === undefined) return 'conflict';
  const [done, planned] = VERBS[how];
  return isDryRun || action === 'unresolved' ? planned : done;
}

function note({ how, action, from, choice, reason, conflicts }: UpdateResultFile): string {
  const places = conflicts?.map(({ key, line }) => key ?? `line ${line}`);
  const parts = [
    ...(from === undefined ? [] : [`renamed from ${from}`]),
    ...(reason === undefined ? [] : [reason]),
    ...(places === undefined ? [] : [listFirst(places, 5)]),
    ...(how === 'conflict' && action !== 'left' && choice === 'markers' ? ['has conflict markers'] : []),
    ...(conflicts !== undefined && action !== 'left' && choice === 'ours' ? ['your lines are kept'] : []),
  ];
  return parts.length === 0 ? '' : `  (${escapeForTerminal(parts.join('; '), 2000)})`;
}

function outcome(result: UpdateResult, to: string): string {
  if (result.result === 'would-update') return 'Dry run: nothing was written';
  if (result.result === 'unresolved') return 'Nothing was written: there are conflicts';
  const failed = result.verify.checks.filter(({ kind }) => kind === 'failed').length;
  const checks = failed === 0 ? '' : `, but ${failed === 1 ? 'a check' : `${failed} checks`} failed`;
  const done = result.files.length === 0 ? 'Completed the interrupted change' : `Updated the project to version ${to}`;
  return `${done}${checks}`;
}
