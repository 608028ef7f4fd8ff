import { escapeForTerminal } from '../base/escape.ts';
import { PACKAGE_NAME } from '../base/package-root.ts';
import type { TemplateOrigin } from '../languages/project-spec.ts';
import { palette } from '../terminal/palette.ts';
import type { Channel } from '../terminal/terminal.ts';
import { wrapForChannel } from '../terminal/wrap.ts';
import { isOlder } from '../text/version.ts';
import type { EditedFile } from './edit/make-edits.ts';
import type { JournalRecovery } from './edit/journal.ts';
import { recoveryText } from './edit/recover-project.ts';
import type { NextStep } from './next-steps.ts';

const MAX_ALIGNED_COMMAND = 40;

/** Prints a unified diff, in color if the terminal has any; every line is escaped. */
export function printDiff(channel: Channel, diff: string): void {
  const { bold, cyan, green, red } = palette(channel);
  for (const line of diff.replace(/\n$/, '').split('\n')) {
    const text = line
      .replace(/\r$/, '')
      .split('\t')
      .map((cell) => escapeForTerminal(cell, 2000))
      .join('\t');
    if (/^(?:---|\+\+\+|diff --git|rename (?:from|to)) /.test(line)) channel.line(bold(text));
    else if (line.startsWith('@@')) channel.line(cyan(text));
    else if (line.startsWith('+')) channel.line(green(text));
    else if (line.startsWith('-')) channel.line(red(text));
    else channel.line(text);
  }
}

/** Prints what became of an earlier change of the project that was interrupted. */
export function recoveryPrinter(channel: Channel): (recovery: JournalRecovery) => void {
  const { yellow } = palette(channel);
  return (recovery) =>
    channel.line(wrapForChannel(channel, `${yellow('!')} ${escapeForTerminal(recoveryText(recovery), Infinity)}`));
}

/** Warns that a project was created by a newer version than this one, whose templates may differ. */
export function printVersionWarning(channel: Channel, createdBy: string, version: string): void {
  if (!isOlder(version, createdBy)) return;
  const warning = `Warning: this project was created by version ${createdBy}, which is newer than this version (${version})`;
  channel.line(escapeForTerminal(`${warning}. Run this command with npx -p ${PACKAGE_NAME}@${createdBy} kuflow`));
}

/**
 * Prints the next steps, one per line, with aligned descriptions. If a terminal is too narrow for a command and its description, the
 * description goes on the next line. Commands are never cut or wrapped, so that they can be copied.
 */
export function printNextSteps(channel: Channel, steps: readonly NextStep[]): void {
  const { cyan, dim } = palette(channel);
  const wrap = (text: string): string => wrapForChannel(channel, text);
  const rows = steps.map(({ command, text }) => ({
    command: command === undefined ? undefined : escapeForTerminal(command, Infinity),
    text: escapeForTerminal(text, 1000),
  }));
  const lengths = rows.map(({ command }) => command?.length ?? 0);
  const width = Math.max(...lengths.filter((length) => length <= MAX_ALIGNED_COMMAND), 0);
  for (const { command, text } of rows) {
    if (command === undefined) channel.line(wrap(`  ${text}`));
    else {
      const padding = ' '.repeat(Math.max(width - command.length, 0));
      if (channel.isTTY && command.length + padding.length + text.length + 5 > channel.columns) {
        channel.line(`  ${cyan(command)}`);
        channel.line(dim(wrap(`      ${text}`)));
      } else channel.line(`  ${cyan(command)}${padding}  ${dim(text)}`);
    }
  }
}

/**
 * Prints the files of a change, and a diff of each, or the number of lines of a new file unless this is a dry run. The diffs of the files in
 * `printed` were on the screen before.
 */
export function printEditedFiles(
  out: Channel,
  files: readonly EditedFile[],
  dryRun: boolean,
  printed: ReadonlySet<string> = new Set(),
): void {
  const width = dryRun ? 6 : 7;
  for (const file of files)
    out.line(`${actionLabel(file, dryRun).padEnd(width)} ${escapeForTerminal(file.path, 1000)}${formatFileNote(file)}`);
  for (const { path, how, diff } of files) {
    if (printed.has(path) || how === 'state' || (how === 'new' && !dryRun)) continue;
    out.line();
    printDiff(out, diff);
  }
}

function actionLabel({ action, how }: EditedFile, dryRun: boolean): string {
  if (action === 'left') return dryRun ? 'skip' : 'skipped';
  if (how === 'new') return dryRun ? 'create' : 'created';
  return dryRun ? 'update' : 'updated';
}

function formatFileNote({ action, how, reason, diff }: EditedFile): string {
  if (action === 'left') return `  (${reason ?? ''})`;
  if (how === 'edited-by-hand') return '  (merged with local changes)';
  if (how !== 'new') return '';
  const [, lines = '1'] = /^@@ -0,0 \+1,(\d+) @@/m.exec(diff) ?? [];
  return `  (new, ${lines} ${lines === '1' ? 'line' : 'lines'})`;
}

/** The end of the step that reads a user's own template. */
export function readTemplateTitle({ source, commit }: TemplateOrigin): string {
  const at = commit === undefined ? '' : ` at ${escapeForTerminal(commit.slice(0, 10))}`;
  return `Read the template ${escapeForTerminal(source, 300)}${at}`;
}
