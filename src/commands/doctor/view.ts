import { documentationFor } from '../../base/documentation.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { CheckEvent, CheckResult, CheckState } from '../../diagnostics/check.ts';
import type { DoctorReport } from '../../diagnostics/report.ts';
import type { FixResult } from './fix.ts';
import { adviceText } from './explain-view.ts';
import { palette } from '../../terminal/palette.ts';
import { formatDuration, type Progress } from '../../terminal/progress.ts';
import type { Channel, Terminal } from '../../terminal/terminal.ts';
import { wrapText } from '../../terminal/wrap.ts';

/** Names what runs on a progress line; results are printed at the end. */
export function doctorReporter(progress: Progress): (event: CheckEvent) => void {
  progress.begin('Checking');
  return (event) => {
    if (event.kind === 'check-started') progress.detail(event.title);
  };
}

/** Root causes first, each once with what to do; then every check that was made, by plane; then the count. All on stdout. */
export function printDoctor(terminal: Terminal, report: DoctorReport, invocation: string, siteUrl?: string): void {
  const { out } = terminal;
  const { bold, dim } = palette(out);
  const prose = (text: string): void => out.line(out.isTTY ? wrapText(text, out.columns) : text);
  report.roots.forEach((root) => {
    const { mark, paint } = look(out, root.state);
    const text = `${root.cause?.text ?? root.summary}${sinceWhen(root)}`;
    prose(`${paint(mark)} ${bold(`${root.id} ${root.title}`)}: ${escapeForTerminal(text, 1000)}`);
    for (const step of root.advice) prose(`    ${escapeForTerminal(adviceText(step), Infinity)}`);
    const page = documentationFor('reference/doctor', { anchor: root.docs, siteUrl });
    out.line(dim(`    More: ${page ?? `${invocation} doctor explain ${root.id}`}`));
    out.line();
  });
  const width = Math.max(...report.results.map(({ title }) => title.length));
  let plane = '';
  for (const result of report.results.filter(isShown)) {
    if (result.plane !== plane) out.line(bold(result.plane));
    plane = result.plane;
    const { mark, paint } = look(out, result.state);
    const isRoot = report.roots.includes(result);
    const text = isRoot
      ? `${result.state}: see above`
      : escapeForTerminal(`${result.summary}${sinceWhen(result)}`, 300);
    out.line(`  ${paint(mark)} ${result.id.padEnd(13)} ${result.title.padEnd(width)}  ${paint(text)}`);
  }
  out.line();
  out.line(countLine(report));
  if (report.created.length > 0) out.line(dim(`Created at KuFlow: ${report.created.join(', ')}`));
}

/** What `--fix` did, on stderr. */
export function printFixes({ err }: Terminal, fixed: readonly FixResult[]): void {
  const { green, red } = palette(err);
  for (const { text, failed } of fixed) {
    if (failed === undefined) err.line(`${green(err.marks.done)} ${escapeForTerminal(text, 1000)}`);
    else err.line(`${red(err.marks.failed)} not done: ${escapeForTerminal(text, 1000)} (${escapeForTerminal(failed)})`);
  }
}

const sinceWhen = ({ earlier }: CheckResult): string => (earlier === true ? ' (of an earlier round)' : '');

/** What does not apply, or was left out, would only lengthen the list. */
function isShown({ skipped }: CheckResult): boolean {
  return skipped !== 'not-applicable' && skipped !== 'excluded';
}

function look(
  channel: Channel,
  state: CheckState,
): { readonly mark: string; readonly paint: (text: string) => string } {
  const { green, red, yellow, dim } = palette(channel);
  const { marks } = channel;
  switch (state) {
    case 'pass':
      return { mark: marks.done, paint: green };
    case 'warn':
      return { mark: marks.warning, paint: yellow };
    case 'skip':
      return { mark: marks.skipped, paint: dim };
    case 'unknown':
      return { mark: marks.unknown, paint: yellow };
    case 'fail':
    case 'crash':
      return { mark: marks.failed, paint: red };
  }
}

function countLine({ counts, results, ms }: DoctorReport): string {
  const of = (count: number, what: string): readonly string[] => (count === 0 ? [] : [`${count} ${what}`]);
  const hidden = results.filter((result) => !isShown(result)).length;
  const parts = [
    ...of(counts.pass, 'passed'),
    ...of(counts.warn, counts.warn === 1 ? 'warning' : 'warnings'),
    ...of(counts.fail, 'failed'),
    ...of(counts.unknown, 'could not tell'),
    ...of(counts.crash, 'crashed'),
    ...of(counts.skip - hidden, 'skipped'),
    ...of(hidden, 'left out or not for this set-up'),
  ];
  const spent = formatDuration(ms);
  return `${parts.join(', ')}${spent === '' ? '' : ` in ${spent}`}`;
}

/** `--json`. Text of servers is in it as data. */
export function doctorAsData({ results, roots, next, created, counts, status, ms }: DoctorReport): object {
  return {
    status,
    roots: roots.map(({ id, state, cause, summary }) => ({ id, state, code: cause?.code ?? state, text: summary })),
    counts,
    created,
    next,
    results: results.map(({ fixes, ms: own, ...rest }) => ({
      ...rest,
      ms: Math.round(own),
      ...(fixes && { fixable: true }),
    })),
    ms: Math.round(ms),
  };
}
