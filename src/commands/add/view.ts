import { relative } from 'node:path';
import { escapeForTerminal } from '../../base/escape.ts';
import type { AddedFile, AddResult } from './add-to-project.ts';
import type { FileEdit } from '../../project/edit/file-edit.ts';
import { palette } from '../../terminal/palette.ts';
import { printNextSteps } from '../../project/view.ts';
import type { Channel, Terminal } from '../../terminal/terminal.ts';
import { wrapText } from '../../terminal/wrap.ts';

/** A unified diff, in colours where there are some; every line escaped. */
export function printDiff(channel: Channel, diff: string): void {
  const { bold, cyan, green, red } = palette(channel);
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const text = line
      .replace(/\r$/, '')
      .split('\t')
      .map((cell) => escapeForTerminal(cell, 2000))
      .join('\t');
    if (/^(?:---|\+\+\+) /.test(line)) channel.line(bold(text));
    else if (line.startsWith('@@')) channel.line(cyan(text));
    else if (line.startsWith('+')) channel.line(green(text));
    else if (line.startsWith('-')) channel.line(red(text));
    else channel.line(text);
  }
}

/** A change that is asked for. */
export function printEdit(channel: Channel, edit: FileEdit): void {
  channel.line();
  printDiff(channel, edit.diff);
}

const WORDS: Readonly<Record<AddedFile['action'], string>> = {
  written: 'written',
  'would-write': 'write',
  left: 'left',
};

/**
 * What was added, on stdout: the files, and what changes in each as a diff; a new file is told by its number of lines, except in a dry run. Files
 * in `shown` had their diff on the screen before. The way on, on stderr.
 */
export function printAdded(
  terminal: Terminal,
  result: AddResult,
  { cwd, shown }: { readonly cwd: string; readonly shown: ReadonlySet<string> },
): void {
  const { out, err } = terminal;
  const { bold, yellow } = palette(err);
  const prose = (text: string): string => (err.isTTY ? wrapText(text, err.columns) : text);
  const width = result.dryRun ? 5 : 7;
  for (const file of result.files)
    out.line(`${WORDS[file.action].padEnd(width)} ${escapeForTerminal(file.path, 1000)}${aboutFile(file)}`);
  for (const { path, how, diff } of result.files) {
    if (shown.has(path) || (how === 'new' && !result.dryRun)) continue;
    out.line();
    printDiff(out, diff);
  }
  for (const note of result.notes) err.line(prose(`${yellow('!')} ${escapeForTerminal(note, 1000)}`));
  const place = relative(cwd, result.project);
  const where = place === '' ? '' : ` in ${escapeForTerminal(result.project, 1000)}`;
  if (result.dryRun) {
    err.line(`Dry run: nothing was written${where}`);
    return;
  }
  const left = result.files.filter(({ action }) => action === 'left').length;
  const isAdded = left < result.files.length;
  const were = left === 0 ? '' : `; ${left} ${left === 1 ? 'file was' : 'files were'} left`;
  // A task that the definition had is no new one.
  const isKnown = result.added.kind === 'task' && !result.files.some(({ how }) => how === 'definition');
  const done = isKnown ? 'brought into the code' : 'added';
  err.line(`\n${bold(escapeForTerminal(titleOf(result)))} ${isAdded ? done : `not ${done}`}${where}${were}`);
  err.line('\nNext:');
  printNextSteps(err, result.next);
}

function aboutFile({ action, how, reason, diff }: AddedFile): string {
  if (action === 'left') return `  (${reason ?? ''})`;
  if (how === 'edited-by-hand') return '  (edited by hand)';
  if (how !== 'new') return '';
  const [, lines = '1'] = /^@@ -0,0 \+1,(\d+) @@/m.exec(diff) ?? [];
  return `  (new, ${lines} ${lines === '1' ? 'line' : 'lines'})`;
}

function titleOf({ added }: AddResult): string {
  switch (added.kind) {
    case 'process':
      return `Process ${added.code}`;
    case 'task':
      return `Task ${added.code} of ${added.process}`;
    case 'activity':
      return `Activity ${added.name}`;
  }
}
