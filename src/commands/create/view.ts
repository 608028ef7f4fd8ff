import { escapeForTerminal, escapeLinesForTerminal } from '../../base/escape.ts';
import type { CheckEvent, CheckResult } from '../../diagnostics/check.ts';
import type { NextStep } from '../../project/next-steps.ts';
import type { ReportedFile } from '../../project/conflicts.ts';
import type { WriteResult, ScaffoldEvent } from '../../project/scaffold.ts';
import { formatDuration, type Progress, type StepEnd } from '../../terminal/progress.ts';
import { palette } from '../../terminal/palette.ts';
import { printNextSteps } from '../../project/view.ts';
import { shortPath } from '../../terminal/short-path.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { wrapText } from '../../terminal/wrap.ts';
import type { CheckOutcome } from './check-project.ts';

/** What the view shows of a made project. */
export interface CreateSummary {
  readonly folder: string;
  readonly name: string;
  readonly process: { readonly code: string; readonly tasks: number };
  readonly notes: readonly string[];
  readonly dryRun: boolean;
  readonly files: readonly ReportedFile[];
  readonly install: WriteResult['install'];
  readonly check: CheckOutcome;
  readonly next: readonly NextStep[];
}

/** Follows the steps of a creation on a progress line. */
export function scaffoldReporter(progress: Progress): (event: ScaffoldEvent) => void {
  return (event) => {
    switch (event.kind) {
      case 'writing':
        progress.begin(`Write ${event.files} files to ${shortPath(event.folder)}`);
        break;
      case 'written':
        progress.end(
          'done',
          `${event.files} files written${event.identical === 0 ? '' : `, ${event.identical} were there and identical`}`,
        );
        break;
      case 'installing':
        progress.begin(`Install dependencies with ${event.packageManager}`);
        break;
      case 'install-line':
        progress.detail(event.line);
        break;
      case 'install-ended':
        if (event.result.kind === 'installed') progress.end('done', installedText(event.result.workspace));
        else if (event.result.kind === 'interrupted')
          progress.end('warning', 'Install interrupted; the project is kept');
        else progress.end('failed', `Dependencies not installed: ${event.result.seen}; the project is kept`);
        break;
      case 'git-started':
        progress.begin('Make a git repository');
        break;
      case 'git-ended':
        endGit(progress, event.result);
    }
  };
}

function installedText(workspace: string | undefined): string {
  return workspace === undefined
    ? 'Dependencies installed'
    : `Dependencies installed into the workspace ${escapeForTerminal(workspace, 1000)}, which has their lock file; the project has none of its own`;
}

function endGit(progress: Progress, result: WriteResult['git']): void {
  switch (result.kind) {
    case 'committed':
      if (result.ignored === undefined) progress.end('done', 'Git repository with a first commit');
      else
        progress.end(
          'warning',
          `Git repository with a first commit, without what your git settings ignore: ${listed(result.ignored)}`,
        );
      break;
    case 'initialised':
      progress.end('warning', `Git repository without a first commit: ${result.reason}`);
      break;
    case 'skipped':
      progress.end('skipped', `No git repository: ${result.reason}`);
      break;
    case 'failed':
      progress.end('warning', `Git failed (${result.command}): ${result.output.split('\n')[0] ?? ''}`);
      break;
  }
}

function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, MOST_PATHS).join(', ');
  return paths.length <= MOST_PATHS ? shown : `${shown} and ${paths.length - MOST_PATHS} more`;
}

const MOST_PATHS = 5;

const ENDS: Readonly<Record<CheckResult['state'], StepEnd>> = {
  pass: 'done',
  warn: 'warning',
  fail: 'failed',
  crash: 'failed',
  unknown: 'unknown',
  skip: 'skipped',
};

/** Follows a connectivity check: one line for each step that was looked at, in order. Steps run side by side, so that one live line stands for all. */
export function checkReporter(progress: Progress): (event: CheckEvent) => void {
  let begun = false;
  return (event) => {
    if (event.kind === 'check-started') {
      if (!begun) progress.begin('Check the connection');
      begun = true;
      progress.detail(event.title);
    } else if (event.result.skipped !== 'not-applicable') {
      progress.note(checkLine(event.result), ENDS[event.result.state]);
    }
  };
}

function checkLine(result: CheckResult): string {
  const spent = formatDuration(result.ms);
  return `${result.title}: ${result.summary}${spent === '' ? '' : ` (${spent})`}`;
}

/** The result for a person: what a dry run would do on stdout; else the way on, on stderr. */
export function printCreated(terminal: Terminal, summary: CreateSummary): void {
  if (summary.dryRun) printDryRun(terminal, summary);
  else printMade(terminal, summary);
}

function printDryRun(terminal: Terminal, summary: CreateSummary): void {
  for (const file of summary.files) {
    const why = file.action === 'conflict' ? ` ${file.reason}` : '';
    terminal.out.line(`${file.action.padEnd(9)} ${escapeForTerminal(file.path, 1000)}${why}`);
  }
  terminal.err.line(`Dry run: nothing was written to ${escapeForTerminal(shortPath(summary.folder), 1000)}`);
  const conflicts = summary.files.filter(({ action }) => action === 'conflict').length;
  if (conflicts === 0) return;
  const are = conflicts === 1 ? '1 file is' : `${conflicts} files are`;
  terminal.err.line(`${are} in the way: the run would be refused\n\nNext:`);
  printNextSteps(terminal.err, summary.next);
}

function printMade(terminal: Terminal, summary: CreateSummary): void {
  const { err } = terminal;
  const { bold, dim, yellow } = palette(err);
  const prose = (text: string): void => err.line(err.isTTY ? wrapText(text, err.columns) : text);
  if (summary.install.kind === 'failed') {
    err.line(`\n${bold(escapeForTerminal(summary.install.command))} said:`);
    for (const line of escapeLinesForTerminal(summary.install.output).split('\n')) err.line(`  ${line}`);
    if (summary.install.log !== undefined) prose(`These are the last lines; all of them are in ${summary.install.log}`);
  }
  for (const note of summary.notes) prose(`${yellow('!')} ${escapeForTerminal(note, 1000)}`);
  const { check } = summary;
  if (check.kind === 'not-run') prose(`${dim('-')} Connection not checked: ${escapeForTerminal(check.reason)}`);
  else if (check.kind === 'impossible') {
    prose(`${yellow('!')} Connection not checked: ${escapeForTerminal(check.reason, 1000)}`);
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
  const { code, tasks } = summary.process;
  err.line();
  prose(
    `${bold(escapeForTerminal(summary.name))}: a worker for ${escapeForTerminal(code)} with ${tasks} ${tasks === 1 ? 'task' : 'tasks'}, in ${escapeForTerminal(shortPath(summary.folder), 1000)}`,
  );
  err.line('\nNext:');
  printNextSteps(terminal.err, summary.next);
}
