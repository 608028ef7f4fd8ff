import { formatAdvice, type Advice } from '../../base/advice.ts';
import { documentationFor } from '../../base/documentation.ts';
import { countOf } from '../../base/count-of.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { skippedBecauseOf, type CheckEvent, type CheckResult, type CheckState } from '../../diagnostics/check.ts';
import { sortChecks } from '../../diagnostics/all-checks.ts';
import { STEP_ENDS, type DoctorReport } from '../../diagnostics/report-and-exit-status.ts';
import type { FixResult } from './fix.ts';
import { palette } from '../../terminal/palette.ts';
import { formatDuration, stepColors, type Progress } from '../../terminal/progress.ts';
import type { Channel, Terminal } from '../../terminal/terminal.ts';
import { wrapForChannel, wrapText } from '../../terminal/wrap.ts';

/** Shows the running check on a progress line; results are printed at the end. */
export function doctorReporter(progress: Progress): (event: CheckEvent) => void {
  let hasBegun = false;
  return (event) => {
    if (event.kind !== 'check-started') return;
    // Not before the first check, so that a line about the connection can be printed first.
    if (!hasBegun) progress.begin('Checking…');
    hasBegun = true;
    progress.detail(event.title);
  };
}

/** Prints root causes with advice, then all checks that ran by plane, then the counts; all on stdout. */
export function printDoctor(terminal: Terminal, report: DoctorReport, invocation: string, siteUrl?: string): void {
  const { out } = terminal;
  const { bold, dim } = palette(out);
  const prose = (text: string, style = (line: string): string => line): void =>
    out.line(style(wrapForChannel(out, text)));
  report.roots.forEach((root) => {
    const { mark, color } = stateStyle(out, root.state);
    const problems = listProblems(root);
    const heading = problems.length === 0 ? (root.cause?.text ?? root.summary) : 'settings are missing or invalid';
    const text = `${heading}${earlierSuffix(root)}`;
    prose(`${color(mark)} ${bold(`${root.id} ${root.title}`)}: ${escapeForTerminal(text, 1000)}`);
    for (const problem of problems) prose(`    ${escapeForTerminal(problem, 1000)}`);
    for (const step of root.advice) for (const line of adviceLines(out, step)) out.line(line);
    const page = documentationFor('reference/doctor', { anchor: root.docs, siteUrl });
    const more = { text: 'Learn more', command: page ?? `${invocation} doctor explain ${root.id}` };
    for (const line of adviceLines(out, more)) out.line(line);
    out.line();
  });
  printTable(out, report);
  out.line();
  prose(formatCounts(report));
  if (report.created.length > 0) prose(`Created for these checks: ${report.created.join(', ')}`, dim);
}

/** On a terminal, a command that does not fit behind its text gets separate lines, which can be pasted into a POSIX shell. */
function adviceLines(out: Channel, advice: Advice): readonly string[] {
  const { isTTY, columns, marks } = out;
  const indent = ' '.repeat(marks.step.length + 3);
  const withMark = (line: string): string => `  ${palette(out).dim(marks.step)} ${line.slice(indent.length)}`;
  const line = `${indent}${escapeForTerminal(formatAdvice(advice), Infinity)}`;
  if (!isTTY || line.length < columns) return [withMark(line)];
  const { text, command } = advice;
  if (command === undefined) return [withMark(wrapText(line, columns))];
  const lines = wrapText(`${indent}  ${escapeForTerminal(command, Infinity)}`, columns - 2).split('\n');
  return [withMark(wrapText(`${indent}${escapeForTerminal(text, Infinity)}:`, columns)), lines.join(' \\\n')];
}

const ID_WIDTH = 13;
const ID_COLUMN = 4;
/** If the results column would be narrower than this, results are printed below the titles. */
const MIN_RESULT_WIDTH = 30;

/** The checks that ran, by plane, then one line for all checks that were skipped because of the same other check. */
function printTable(out: Channel, report: DoctorReport): void {
  const { bold } = palette(out);
  const blocked = sortChecks(report.results.filter(isOnlyBlocked));
  const shown = sortChecks(report.results.filter((result) => isShown(result) && !blocked.includes(result)));
  const titleWidth = Math.max(...shown.map(({ title }) => title.length));
  const titleColumn = ID_COLUMN + ID_WIDTH + 1;
  const resultColumn = titleColumn + titleWidth + 2;
  // The last column stays free, because some terminals wrap a full line.
  const isBelow = out.isTTY && out.columns - 1 - resultColumn < MIN_RESULT_WIDTH;
  const indent = isBelow ? titleColumn : resultColumn;
  let plane = '';
  for (const result of shown) {
    if (result.plane !== plane) out.line(bold(result.plane));
    plane = result.plane;
    const { mark, color } = stateStyle(out, result.state);
    const text = report.roots.includes(result)
      ? `${result.state === 'fail' ? 'failed' : 'warning'}: see above`
      : escapeForTerminal(`${result.summary}${earlierSuffix(result)}`, 300);
    const head = `  ${color(mark)} ${result.id.padEnd(ID_WIDTH)} `;
    const lines = out.isTTY ? wrapResult(text, Math.max(20, out.columns - 1 - indent)) : [text];
    const [first = '', ...rest] = lines.map((line) => color(line));
    if (isBelow) out.line(`${head}${result.title}`);
    else out.line(`${head}${result.title.padEnd(titleWidth)}  ${first}`);
    for (const line of isBelow ? [first, ...rest] : rest) out.line(`${' '.repeat(indent)}${line}`);
  }
  const { mark, color } = stateStyle(out, 'skip');
  for (const reason of new Set(blocked.map(({ summary }) => summary))) {
    const ids = blocked.filter(({ summary }) => summary === reason).map(({ id }) => id);
    const count = countOf(ids.length, 'check was', 'checks were');
    out.line(wrapForChannel(out, color(`${mark} ${count} ${reason}: ${ids.join(', ')}`)));
  }
}

function wrapResult(text: string, width: number): readonly string[] {
  const words = shortenNames(text)
    .split(' ')
    .map((word) => shortenMiddle(word, width));
  return wrapText(words.join(' '), width + 1).split('\n');
}

const UUID = /\b([0-9a-f]{8})-(?:[0-9a-f]{4}-){3}[0-9a-f]{8}([0-9a-f]{4})\b/gi;
const OTHER_ATTRIBUTES = String.raw`(?:C|ST|L|O|OU|DC|emailAddress|serialNumber)=[^,"]*`;

/** Shortens a UUID to its start and end (UUIDs created together differ only at the end), and a distinguished name to its CN. */
function shortenNames(text: string): string {
  return text
    .replace(UUID, '$1…$2')
    .replace(new RegExp(`(?:${OTHER_ATTRIBUTES}, )+(?=CN=)`, 'g'), '')
    .replace(new RegExp(`(CN=[^,"]*)(?:, ${OTHER_ATTRIBUTES})+`, 'g'), '$1');
}

function shortenMiddle(word: string, width: number): string {
  if (word.length <= width) return word;
  const kept = width - 1;
  return `${word.slice(0, Math.ceil(kept / 2))}…${word.slice(-Math.floor(kept / 2))}`;
}

/** The problems of a check of settings, one per line; empty for other checks. */
function listProblems({ facts }: CheckResult): readonly string[] {
  const { problems } = facts;
  return Array.isArray(problems) ? problems.map(String) : [];
}

/** Prints what `--fix` changed, on stderr. */
export function printFixes({ err }: Terminal, fixed: readonly FixResult[]): void {
  const { green, red } = palette(err);
  for (const { text, failed } of fixed) {
    if (failed === undefined) err.line(`${green(err.marks.done)} Fixed: ${escapeForTerminal(text, 1000)}`);
    else
      err.line(`${red(err.marks.failed)} Not fixed: ${escapeForTerminal(text, 1000)} (${escapeForTerminal(failed)})`);
  }
}

const earlierSuffix = ({ earlier }: CheckResult): string => (earlier === true ? ' (from an earlier round)' : '');

/** Skipped because of another check, with nothing else to say. */
function isOnlyBlocked({ blockedBy, summary }: CheckResult): boolean {
  return blockedBy !== undefined && summary === skippedBecauseOf(blockedBy).summary;
}

/** Checks that do not apply or were excluded are only counted. */
function isShown({ skipped }: CheckResult): boolean {
  return skipped !== 'not-applicable' && skipped !== 'excluded';
}

function stateStyle(
  channel: Channel,
  state: CheckState,
): { readonly mark: string; readonly color: (text: string) => string } {
  const end = STEP_ENDS[state];
  return { mark: channel.marks[end], color: stepColors(channel)[end] };
}

function formatCounts({ counts, results, ms }: DoctorReport): string {
  const part = (count: number, label: string): readonly string[] => (count === 0 ? [] : [`${count} ${label}`]);
  const hidden = results.filter((result) => !isShown(result)).length;
  const parts = [
    ...part(counts.pass, 'passed'),
    ...part(counts.warn, counts.warn === 1 ? 'warning' : 'warnings'),
    ...part(counts.fail, 'failed'),
    ...part(counts.unknown, 'inconclusive'),
    ...part(counts.crash, 'crashed'),
    ...part(counts.skip - hidden, 'skipped'),
    ...part(hidden, 'not applicable'),
  ];
  const spent = formatDuration(ms);
  return `${parts.join(', ')}${spent === '' ? '' : ` in ${spent}`}`;
}

/** The object for `--json`; text from servers is not escaped in it. */
export function doctorReportAsJson({ results, roots, next, created, counts, status, ms }: DoctorReport): object {
  return {
    status,
    roots: roots.map(({ id, state, cause, summary }) => ({ id, state, code: cause?.code ?? state, text: summary })),
    counts,
    created,
    next,
    results: results.map(({ fixes, ms: checkMs, ...rest }) => ({
      ...rest,
      ms: Math.round(checkMs),
      ...(fixes && { fixable: true }),
    })),
    ms: Math.round(ms),
  };
}
