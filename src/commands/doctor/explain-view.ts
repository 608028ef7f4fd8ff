import { formatAdvice } from '../../diagnostics/advice.ts';
import type { CheckExplanation } from '../../diagnostics/explanations/explain.ts';
import { palette } from '../../terminal/palette.ts';
import { formatTable } from '../../terminal/table.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { wrapText } from '../../terminal/wrap.ts';

export function printExplanationList({ out }: Terminal, all: readonly CheckExplanation[], invocation: string): void {
  const { bold, dim } = palette(out);
  const rows = all.map(({ id, plane, title, offline, creates }) => [
    id,
    plane,
    title,
    [offline ? 'offline' : '', creates === undefined ? '' : `creates an ${creates}`].filter(Boolean).join(', '),
  ]);
  const [head = '', ...lines] = formatTable([['CHECK', 'PLANE', 'TITLE', 'NOTES'], ...rows]);
  out.line(bold(head));
  for (const line of lines) out.line(line);
  out.line(dim(`\nExplain one of them: ${invocation} doctor explain ${all[0]?.id ?? '<id>'}`));
}

export function printExplanation({ out }: Terminal, explanation: CheckExplanation): void {
  const { bold, dim, red, yellow } = palette(out);
  const prose = (text: string): void => out.line(out.isTTY ? wrapText(text, out.columns) : text);
  const { id, title, plane, looksAt, requires, offline, creates, timeoutMs } = explanation;
  out.line(bold(`${id}  ${title}`));
  prose(looksAt);
  out.line();
  const properties = [
    ['plane', plane],
    ['requires', requires.length === 0 ? 'nothing' : requires.join(', ')],
    ['network', offline ? 'not needed' : 'required'],
    ['creates', creates === undefined ? 'nothing' : `an ${creates} in KuFlow`],
    ['time limit', timeoutMs === undefined ? 'set by --timeout' : `${timeoutMs / 1000} s`],
  ];
  for (const line of formatTable(properties)) out.line(dim(line));
  for (const { code, verdict, when, advice, of } of explanation.causes) {
    if (of !== undefined) continue;
    const color = verdict === 'fail' ? red : yellow;
    out.line(`\n${color(code)} (${verdict})`);
    prose(`  ${when}`);
    for (const step of advice) prose(`  - ${formatAdvice(step)}`);
  }
  for (const [of, codes] of sharedCauses(explanation))
    prose(`\nAlso reports these causes of ${of}: ${codes.join(', ')}`);
}

/** Codes of causes that another check explains, by its id. */
function sharedCauses({ causes }: CheckExplanation): ReadonlyMap<string, readonly string[]> {
  const shared = new Map<string, readonly string[]>();
  for (const { code, of } of causes) if (of !== undefined) shared.set(of, [...(shared.get(of) ?? []), code]);
  return shared;
}
