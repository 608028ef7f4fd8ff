import { countOf } from '../../base/count-of.ts';
import { escapeForTerminal, escapeLinesForTerminal } from '../../base/escape.ts';
import type { CheckEvent } from '../../diagnostics/check.ts';
import type { MergedFile } from '../../project/existing-files.ts';
import { STEP_ENDS } from '../../diagnostics/report-and-exit-status.ts';
import { formatDuration, type Progress } from '../../terminal/progress.ts';
import { palette } from '../../terminal/palette.ts';
import { printDiff, printNextSteps } from '../../project/view.ts';
import type { OutsideChange } from '../../project/join/plan-outside.ts';
import { shortPath } from '../../files/relative-path.ts';
import type { Channel, Terminal } from '../../terminal/terminal.ts';
import { wrapForChannel } from '../../terminal/wrap.ts';
import type { CreateResult } from './result.ts';

/** Shows a connection check: one line for each finished step. Steps run in parallel and share one live line. */
export function checkReporter(progress: Progress): (event: CheckEvent) => void {
  let begun = false;
  return (event) => {
    if (event.kind === 'check-started') {
      if (!begun) progress.begin('Checking the connection…');
      begun = true;
      progress.detail(event.title);
    } else if (event.result.skipped !== 'not-applicable') {
      const { title, summary, ms, state } = event.result;
      const spent = formatDuration(ms);
      progress.note(`${title}: ${summary}${spent === '' ? '' : ` (${spent})`}`, STEP_ENDS[state]);
    }
  };
}

export function printMerged(channel: Channel, files: readonly MergedFile[]): void {
  for (const { path, diff } of files) {
    channel.line();
    channel.line(`Added to ${escapeForTerminal(path, 1000)}:`);
    printDiff(channel, diff);
  }
}

export function printOutside(channel: Channel, changes: readonly OutsideChange[]): void {
  for (const { path, action, diff } of changes) {
    const title = action === 'create' ? 'New file' : 'Change';
    channel.line();
    channel.line(wrapForChannel(channel, `${title} outside the project: ${escapeForTerminal(shortPath(path), 1000)}`));
    printDiff(channel, diff);
  }
}

/** Prints the result for a person: the files of a dry run to stdout, otherwise the next steps to stderr. */
export function printCreated(terminal: Terminal, summary: CreateResult): void {
  if (summary.dryRun) printDryRun(terminal, summary);
  else printProject(terminal, summary);
}

function printDryRun(terminal: Terminal, summary: CreateResult): void {
  for (const file of summary.files) {
    const why = file.action === 'conflict' ? ` ${file.reason}` : '';
    terminal.out.line(`${file.action.padEnd(9)} ${escapeForTerminal(file.path, 1000)}${why}`);
  }
  printMerged(
    terminal.out,
    summary.files.filter((file) => file.action === 'merge'),
  );
  printOutside(terminal.out, summary.outside);
  terminal.err.line(`Dry run: nothing was written to ${escapeForTerminal(shortPath(summary.folder), 1000)}`);
  const conflicts = summary.files.filter(({ action }) => action === 'conflict').length;
  if (conflicts === 0) return;
  const conflicting = conflicts === 1 ? '1 file conflicts' : `${conflicts} files conflict`;
  terminal.err.line(`${conflicting}, so this run would fail\n\nNext:`);
  printNextSteps(terminal.err, summary.next);
}

function printProject(terminal: Terminal, summary: CreateResult): void {
  const { err } = terminal;
  const { bold, dim, red, yellow } = palette(err);
  const prose = (text: string): void => err.line(wrapForChannel(err, text));
  for (const note of summary.notes) prose(`${yellow('!')} ${escapeForTerminal(note, 1000)}`);
  const { check, install } = summary;
  if (check.kind === 'not-run') prose(`${dim('-')} Connection check skipped (${escapeForTerminal(check.reason)})`);
  else if (check.kind === 'impossible') {
    prose(`${yellow('!')} Could not check the connection: ${escapeForTerminal(check.reason, 1000)}`);
    for (const line of check.seen === undefined ? [] : check.seen.split('\n'))
      err.line(`  ${escapeForTerminal(line, 1000)}`);
    for (const step of check.next) err.line(`  ${escapeForTerminal(step, Infinity)}`);
  } else if (check.report.firstFailure !== undefined) {
    const { firstFailure, next } = check.report;
    err.line();
    prose(
      `${bold('The connection does not work yet')}: ${escapeForTerminal(firstFailure.cause?.text ?? firstFailure.summary, 1000)}`,
    );
    for (const step of next) err.line(`  ${escapeForTerminal(step, Infinity)}`);
  }
  if (install.kind === 'failed') {
    err.line(`\nOutput of ${bold(escapeForTerminal(install.command))}:`);
    for (const line of escapeLinesForTerminal(install.output).split('\n')) err.line(`  ${line}`);
    if (install.log !== undefined) prose(`These are the last lines. The full output is in ${install.log}`);
  }
  const { code, tasks } = summary.process;
  const folder = shortPath(summary.folder);
  const place = folder === summary.name ? '' : `, in ${escapeForTerminal(folder, 1000)}`;
  const created = `Created ${bold(escapeForTerminal(summary.name))}, a worker for ${escapeForTerminal(code)} with ${countOf(tasks, 'task')}${place}`;
  err.line();
  if (install.kind === 'failed')
    prose(
      `${red(err.marks.failed)} ${created}, but could not install its dependencies: ${escapeForTerminal(install.seen, 1000)}`,
    );
  else prose(created);
  err.line('\nNext:');
  printNextSteps(terminal.err, summary.next);
}
