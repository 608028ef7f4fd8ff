import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { isRecord } from '../../base/json.ts';
import { mdCode, mdText } from '../../base/markdown.ts';
import { formatAdvice } from '../../base/advice.ts';
import { escapeForTerminal, escapePattern } from '../../base/escape.ts';
import { withContext } from '../../base/system-error.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { DoctorReport } from '../../diagnostics/report-and-exit-status.ts';
import { stringifyForTerminal } from '../../terminal/terminal.ts';
import { doctorReportAsJson } from './view.ts';

interface SupportReportContext {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  /** Shown as `~`. */
  readonly home: string;
  /** ISO 8601. */
  readonly time: string;
}

/** Writes the report to a new file. Rejects if the file exists. */
export async function writeSupportReport(file: string, report: DoctorReport, context: CommandContext): Promise<void> {
  const path = resolve(context.cwd, file);
  const text = formatSupportReport(report, {
    version: context.version,
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    home: homedir(),
    time: new Date(systemClock.now()).toISOString(),
  });
  await withContext('Writing the report', path, () => writeFile(path, text, { flag: 'wx', mode: 0o600 }));
  context.terminal.err.line(`Report written to ${escapeForTerminal(path, 1000)}`);
}

/** Markdown for a support ticket, without secrets. The home folder, and with it the user name, is replaced by `~`. */
export function formatSupportReport(original: DoctorReport, context: SupportReportContext): string {
  // Before Markdown and JSON escape the text.
  const report = mapTexts(original, homeRedactor(context.home));
  const { roots, results, created } = report;
  return [
    '# kuflow doctor',
    '',
    `${mdText(context.time)}, create-kuflow-worker ${mdText(context.version)}, Node.js ${mdText(context.node)}, ${mdText(context.platform)}`,
    '',
    ...(roots.length === 0 ? ['All checks passed.'] : []),
    ...roots.flatMap(({ id, state, cause, summary, advice }) => [
      `- **${id}** ${state} ${mdCode(cause?.code ?? state)}: ${mdText(cause?.text ?? summary, 1000)}`,
      ...advice.map((step) => `  - ${mdText(formatAdvice(step), 1000)}`),
    ]),
    '',
    `Created for these checks: ${created.length === 0 ? 'nothing' : mdText(created.join(', '))}`,
    '',
    '| check | state | result |',
    '| --- | --- | --- |',
    ...results.map(({ id, state, summary }) => `| ${id} | ${state} | ${mdText(summary, 500)} |`),
    '',
    '```json',
    // Text from a server cannot end the block: JSON escapes line breaks, and backticks are escaped here.
    stringifyForTerminal(doctorReportAsJson(report)).replaceAll('`', '\\u0060'),
    '```',
    '',
  ].join('\n');
}

/**
 * Returns a function that replaces the home folder with `~`, which hides the user name. Matches only whole path segments at the
 * start of a path, with either kind of slash, also doubled; ignores case on Windows.
 */
function homeRedactor(home: string): (text: string) => string {
  const isWindows = /^[a-z]:/i.test(home);
  const names = home.split(/[\\/]+/).filter((name) => name !== '');
  if (names.length < (isWindows ? 2 : 1)) return (text) => text;
  const slash = '[\\\\/]+';
  const path = names.map(escapePattern).join(slash);
  const letter = '\\p{L}\\p{N}_';
  const begin = `(?<![${letter}.\\-])${isWindows ? '' : '/'}`;
  const pattern = new RegExp(`${begin}${path}(?![${letter}\\-]|\\.[${letter}])`, isWindows ? 'giu' : 'gu');
  return (text) => text.replace(pattern, '~');
}

/** Applies `change` to every string in the data, including field names. */
function mapTexts<T>(value: T, change: (text: string) => string): T {
  if (typeof value === 'string') return change(value) as T;
  if (Array.isArray(value)) return value.map((entry: unknown) => mapTexts(entry, change)) as T;
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [change(name), mapTexts(entry, change)])) as T;
}
