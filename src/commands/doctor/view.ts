import { documentationFor } from '../../base/documentation.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { CheckEvent, CheckResult, CheckState } from '../../diagnostics/check.ts';
import type { DoctorReport } from '../../diagnostics/report.ts';
import type { FixResult } from './fix.ts';
import { formatAdvice } from '../../diagnostics/advice.ts';
import { palette } from '../../terminal/palette.ts';
import { formatDuration, type Progress } from '../../terminal/progress.ts';
import type { Channel, Terminal } from '../../terminal/terminal.ts';
import { wrapText } from '../../terminal/wrap.ts';

/** Shows the running check on a progress line; results are printed at the end. */
export function doctorReporter(progress: Progress): (event: CheckEvent) => void {
  let hasBegun = false;
  return (event) => {
    if (event.kind !== 'check-started') return;
    // Not before the first check, so that a line about the connection can be printed first.
    if (!hasBegun) progress.begin('Checking');
    hasBegun = true;
    progress.detail(event.title);
  };
}

/** Prints root causes with advice, then all checks that ran by plane, then the counts; all on stdout. */
export function printDoctor(terminal: Terminal, report: DoctorReport, invocation: string, siteUrl?: string): void {
  const { out } = terminal;
  const { bold, dim } = palette(out);
  const prose = (text: string): void => out.line(out.isTTY ? wrapText(text, out.columns) : text);
  report.roots.forEach((root) => {
    const { mark, color } = stateStyle(out, root.state);
    const problems = listProblems(root);
    const heading = problems.length === 0 ? (root.cause?.text ?? root.summary) : 'missing or invalid settings';
    const text = `${heading}${earlierSuffix(root)}`;
    prose(`${color(mark)} ${bold(`${root.id} ${root.title}`)}: ${escapeForTerminal(text, 1000)}`);
    for (const problem of problems) prose(`    ${escapeForTerminal(problem, 1000)}`);
    for (const step of root.advice) prose(`    ${escapeForTerminal(formatAdvice(step), Infinity)}`);
    const page = documentationFor('reference/doctor', { anchor: root.docs, siteUrl });
    out.line(dim(`    Learn more: ${page ?? `${invocation} doctor explain ${root.id}`}`));
    out.line();
  });
  const width = Math.max(...report.results.map(({ title }) => title.length));
  let plane = '';
  for (const result of report.results.filter(isShown)) {
    if (result.plane !== plane) out.line(bold(result.plane));
    plane = result.plane;
    const { mark, color } = stateStyle(out, result.state);
    const isRoot = report.roots.includes(result);
    const text = isRoot
      ? `${result.state === 'fail' ? 'failed' : 'warning'}: see above`
      : escapeForTerminal(`${result.summary}${earlierSuffix(result)}`, 300);
    out.line(`  ${color(mark)} ${result.id.padEnd(13)} ${result.title.padEnd(width)}  ${color(text)}`);
  }
  out.line();
  out.line(formatCounts(report));
  if (report.created.length > 0) out.line(dim(`Created in KuFlow: ${report.created.join(', ')}`));
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

/** Checks that do not apply or were excluded are only counted. */
function isShown({ skipped }: CheckResult): boolean {
  return skipped !== 'not-applicable' && skipped !== 'excluded';
}

function stateStyle(
  channel: Channel,
  state: CheckState,
): { readonly mark: string; readonly color: (text: string) => string } {
  const { green, red, yellow, dim } = palette(channel);
  const { marks } = channel;
  switch (state) {
    case 'pass':
      return { mark: marks.done, color: green };
    case 'warn':
      return { mark: marks.warning, color: yellow };
    case 'skip':
      return { mark: marks.skipped, color: dim };
    case 'unknown':
      return { mark: marks.unknown, color: yellow };
    case 'fail':
    case 'crash':
      return { mark: marks.failed, color: red };
  }
}

function formatCounts({ counts, results, ms }: DoctorReport): string {
  const part = (count: number, label: string): readonly string[] => (count === 0 ? [] : [`${count} ${label}`]);
  const hidden = results.filter((result) => !isShown(result)).length;
  const parts = [
    ...part(counts.pass, 'passed'),
    ...part(counts.warn, counts.warn === 1 ? 'warning' : 'warnings'),
    ...part(counts.fail, 'failed'),
    ...part(counts.unknown, 'could not tell'),
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
