import { relative } from 'node:path';
import { forTerminal } from '../base/escape.ts';
import type { AddedFile, AddResult } from '../flows/add.ts';
import type { FileEdit } from '../scaffold/edit/plan-edits.ts';
import { palette } from './palette.ts';
import type { Channel, Terminal } from './terminal.ts';
import { wrapped } from './wrapped.ts';

/** A unified diff, in colours where there are some; every line escaped. */
export function printDiff(channel: Channel, diff: string): void {
  const { bold, cyan, green, red } = palette(channel);
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const text = line
      .replace(/\r$/, '')
      .split('\t')
      .map((cell) => forTerminal(cell, 2000))
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

/** What was added: files, and the diffs of those that were left, or of all in a dry run, on stdout; the way on, on stderr. */
export function printAdded(terminal: Terminal, result: AddResult, cwd: string): void {
  const { out, err } = terminal;
  const { bold, cyan, dim, yellow } = palette(err);
  const prose = (text: string): string => (err.isTTY ? wrapped(text, err.columns) : text);
  const width = result.dryRun ? 5 : 7;
  for (const { path, action, how, reason } of result.files) {
    const why = action === 'left' ? `  (${reason ?? ''})` : how === 'edited-by-hand' ? '  (edited by hand)' : '';
    out.line(`${WORDS[action].padEnd(width)} ${forTerminal(path, 1000)}${why}`);
  }
  const shown = result.files.filter(({ action }) => result.dryRun || action === 'left');
  for (const { diff } of shown) {
    out.line();
    printDiff(out, diff);
  }
  for (const note of result.notes) err.line(prose(`${yellow('!')} ${forTerminal(note, 1000)}`));
  const place = relative(cwd, result.project);
  const where = place === '' ? '' : ` in ${forTerminal(result.project, 1000)}`;
  if (result.dryRun) {
    err.line(`Dry run: nothing was written${where}`);
    return;
  }
  const left = result.files.filter(({ action }) => action === 'left').length;
  const isAdded = left < result.files.length;
  const were = left === 0 ? '' : `; ${left} ${left === 1 ? 'file was' : 'files were'} left`;
  err.line(`\n${bold(forTerminal(titleOf(result)))} ${isAdded ? 'added' : 'not added'}${where}${were}`);
  err.line('\nNext:');
  for (const { command, text } of result.next) {
    err.line(
      command === undefined
        ? prose(`  ${forTerminal(text, 1000)}`)
        : `  ${cyan(forTerminal(command, 1000))}  ${dim(forTerminal(text))}`,
    );
  }
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
