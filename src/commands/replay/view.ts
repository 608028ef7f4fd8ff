import { countOf } from '../../base/count-of.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import type { ProcessState } from '../../kuflow/contract/processes.ts';
import { palette } from '../../terminal/palette.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { wrapForChannel } from '../../terminal/wrap.ts';
import type { ReplayGroup, ReplaySummary } from './replay-processes.ts';

const MAX_REASON_LENGTH = 1000;
/** IDs that are printed for each reason. */
const PRINTED_IDS = 2;

interface PrintedReplay extends ReplaySummary {
  readonly codes: readonly string[];
  readonly states: readonly ProcessState[];
}

/**
 * Prints the processes by what happened to them, with two IDs each, and a line with the total. `hint`: what a change of workflow code needs, as
 * the rest of a sentence.
 */
export function printReplay({ out, err }: Terminal, result: PrintedReplay, hint: string): void {
  const { red, yellow, green, dim } = palette(out);
  const { codes, states, found, replayed, matching, mismatches, warnings, unreadable } = result;
  const kind = `${states.join(' or ').toLowerCase()} `;
  const printGroup = (mark: string, { reason, processes }: ReplayGroup): void => {
    const text = `${countOf(processes.length, 'process', 'processes')}: ${escapeForTerminal(reason, MAX_REASON_LENGTH)}`;
    out.line(wrapForChannel(out, `${mark} ${text}`));
    const others = processes.length - PRINTED_IDS;
    const ids = processes.slice(0, PRINTED_IDS).map((id) => escapeForTerminal(id, 100));
    out.line(dim(`    ${ids.join(', ')}${others > 0 ? `, and ${others} more` : ''}`));
  };
  for (const group of mismatches) printGroup(red(out.marks.failed), group);
  for (const group of unreadable) printGroup(yellow(out.marks.unknown), group);
  for (const group of warnings) printGroup(yellow(out.marks.warning), group);
  if (replayed === 0) {
    out.line(
      `${yellow(out.marks.warning)} No ${kind}process of ${codes.join(', ')} was found, so nothing was compared`,
    );
    return;
  }
  const allMatch = matching === replayed;
  const mark = allMatch
    ? green(out.marks.done)
    : mismatches.length > 0
      ? red(out.marks.failed)
      : yellow(out.marks.unknown);
  const left = found > replayed ? `; ${found - replayed} more were left out because of --limit` : '';
  out.line(
    `${mark} ${matching} of ${replayed} ${kind}${replayed === 1 ? 'process' : 'processes'} match this workflow code${left}`,
  );
  if (mismatches.length > 0) err.line(wrapForChannel(err, `To change a workflow while processes run, ${hint}`));
}
