import { formatAdvice } from '../../base/advice.ts';
import { groupBy } from '../../base/group-by.ts';
import type { CauseExplanation, CheckExplanation } from '../../diagnostics/explanations/explain.ts';
import { palette } from '../../terminal/palette.ts';
import { formatTable, printTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { wrapForChannel } from '../../terminal/wrap.ts';

export function printExplanationList({ out }: Terminal, all: readonly CheckExplanation[], invocation: string): void {
  const rows = all.map(({ id, plane, title, offline, creates }) => [
    id,
    plane,
    title,
    [offline ? 'offline' : '', creates === undefined ? '' : `creates an ${creates}`].filter(Boolean).join(', '),
  ]);
  printTable(out, [['CHECK', 'GROUP', 'TITLE', 'NOTES'], ...rows]);
  out.line(palette(out).dim(`\nExplain one of them: ${invocation} doctor explain ${all[0]?.id ?? '<id>'}`));
}

export function printExplanation({ out }: Terminal, explanation: CheckExplanation): void {
  const { bold, dim } = palette(out);
  const prose = (text: string): void => out.line(wrapForChannel(out, text));
  const { id, title, plane, looksAt, requires, offline, creates, timeoutMs } = explanation;
  out.line(bold(`${id}  ${title}`));
  prose(looksAt);
  out.line();
  const properties = [
    ['group', plane],
    ['requires', requires.length === 0 ? 'nothing' : requires.join(', ')],
    ['network', offline ? 'not needed' : 'required'],
    ['creates', creates === undefined ? 'nothing' : `an ${creates} in KuFlow`],
    ['time limit', timeoutMs === undefined ? 'set by --timeout' : `${timeoutMs / 1000} s`],
  ];
  for (const line of formatTable(properties)) out.line(dim(line));
  for (const cause of explanation.causes) {
    if (cause.of !== undefined) continue;
    out.line();
    printCauseBody({ out }, cause);
  }
  for (const [of, codes] of sharedCauses(explanation))
    prose(`\nCan also report causes that ${of} explains: ${codes.join(', ')}`);
}

function printCauseBody({ out }: Pick<Terminal, 'out'>, { code, verdict, when, advice }: CauseExplanation): void {
  const { red, yellow } = palette(out);
  const prose = (text: string): void => out.line(wrapForChannel(out, text));
  out.line(`${(verdict === 'fail' ? red : yellow)(code)} (${verdict})`);
  prose(`  ${when}`);
  for (const step of advice) prose(`  - ${formatAdvice(step)}`);
}

interface CauseReport extends Pick<CheckExplanation, 'id' | 'title'> {
  readonly cause: CauseExplanation;
}

/** Prints a cause, once for each different explanation, and the checks that report it. */
export function printCause({ out }: Terminal, reports: readonly CauseReport[]): void {
  const { dim } = palette(out);
  const texts = groupBy(reports, ({ cause: { verdict, when, advice } }) =>
    [verdict, when, ...advice.map(formatAdvice)].join('\n'),
  );
  [...texts.values()].forEach((same, index) => {
    if (index > 0) out.line();
    const [first] = same;
    if (first !== undefined) printCauseBody({ out }, first.cause);
    const names = same.map(({ id, title }) => `${id} (${title})`).join(', ');
    out.line(dim(wrapForChannel(out, `  Reported by ${names}`)));
  });
}

/** Codes of causes that another check explains, by its id. */
function sharedCauses({ causes }: CheckExplanation): ReadonlyMap<string, readonly string[]> {
  const shared = new Map<string, readonly string[]>();
  for (const { code, of } of causes) if (of !== undefined) shared.set(of, [...(shared.get(of) ?? []), code]);
  return shared;
}
