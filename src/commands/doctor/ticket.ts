import type { DoctorReport } from '../../diagnostics/report.ts';
import { mdCode, mdText } from '../../text/markdown.ts';
import { adviceText } from './explain-view.ts';
import { doctorAsData } from './view.ts';
import { homeRedactor, withTexts } from './redact-home.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';

export interface TicketContext {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  /** Shown as `~`. */
  readonly home: string;
  /** ISO 8601. */
  readonly time: string;
}

/**
 * A run as Markdown for a support ticket. It is made from results alone, which hold no secret; the home folder, and with it the name of a
 * person, is left out.
 */
export function doctorAsTicket(seen: DoctorReport, world: TicketContext): string {
  // Before Markdown and JSON write it in their own way.
  const report = withTexts(seen, homeRedactor(world.home));
  const { roots, results, created } = report;
  return [
    '# kuflow doctor',
    '',
    `${mdText(world.time)}, create-kuflow-worker ${mdText(world.version)}, Node.js ${mdText(world.node)}, ${mdText(world.platform)}`,
    '',
    ...(roots.length === 0 ? ['No check found anything.'] : []),
    ...roots.flatMap(({ id, state, cause, summary, advice }) => [
      `- **${id}** ${state} ${mdCode(cause?.code ?? state)}: ${mdText(cause?.text ?? summary, 1000)}`,
      ...advice.map((step) => `  - ${mdText(adviceText(step), 1000)}`),
    ]),
    '',
    `Created at KuFlow: ${created.length === 0 ? 'nothing' : mdText(created.join(', '))}`,
    '',
    '| check | state | seen |',
    '| --- | --- | --- |',
    ...results.map(({ id, state, summary }) => `| ${id} | ${state} | ${mdText(summary, 500)} |`),
    '',
    '```json',
    // A text of a server can't end the block: JSON writes no bare line, and backticks are escaped.
    stringifyForTerminal(doctorAsData(report)).replaceAll('`', '\\u0060'),
    '```',
    '',
  ].join('\n');
}
