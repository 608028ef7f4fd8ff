import type { DoctorReport } from '../../diagnostics/report.ts';
import { mdCode, mdText } from '../../base/markdown.ts';
import { formatAdvice } from '../../diagnostics/advice.ts';
import { doctorReportAsJson } from './view.ts';
import { homeRedactor, mapTexts } from './redact-home.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';

export interface SupportReportContext {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  /** Shown as `~`. */
  readonly home: string;
  /** ISO 8601. */
  readonly time: string;
}

/**
 * Markdown for a support ticket. Contains only results, which have no secrets; the home folder, and with it the user name, is
 * replaced by `~`.
 */
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
    `Created in KuFlow: ${created.length === 0 ? 'nothing' : mdText(created.join(', '))}`,
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
