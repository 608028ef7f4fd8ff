import { escapeForTerminal } from '../../base/escape.ts';
import { isRecord } from '../../base/json.ts';
import { mdCode, mdText } from '../../base/markdown.ts';
import { escapePattern } from '../../base/pattern.ts';
import type { CheckResult } from '../../diagnostics/check.ts';
import type { DoctorReport } from '../../diagnostics/report.ts';
import { formatAdvice } from '../../diagnostics/advice.ts';
import { stringifyForTerminal } from '../../terminal/json.ts';
import { doctorReportAsJson } from './view.ts';

const MAX_TEXT_LENGTH = 1000;

/** The observation, then the advice, one line each. */
function resultLines({ cause, summary, advice }: CheckResult): readonly string[] {
  return [cause?.text ?? summary, ...advice.map(formatAdvice)].map((line) => escapeForTerminal(line, MAX_TEXT_LENGTH));
}

const escapeXml = (text: string): string =>
  escapeForTerminal(text, MAX_TEXT_LENGTH)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // Not allowed in XML 1.0, not even escaped.
    .replace(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd');

/** JUnit XML: a test case per check, warnings as its output, unknown results as errors. */
export function formatJunit({ results, counts, ms }: DoctorReport): string {
  const cases = results.map((result) => {
    const head = `  <testcase classname="kuflow.doctor.${result.plane}" name="${escapeXml(`${result.id} ${result.title}`)}" time="${(result.ms / 1000).toFixed(3)}"`;
    const text = resultLines(result).map(escapeXml).join('\n');
    switch (result.state) {
      case 'pass':
        return `${head}/>`;
      case 'warn':
        return `${head}>\n    <system-out>${text}</system-out>\n  </testcase>`;
      case 'skip':
        return `${head}>\n    <skipped message="${escapeXml(result.summary)}"/>\n  </testcase>`;
      case 'fail':
        return `${head}>\n    <failure type="${escapeXml(result.cause?.code ?? 'fail')}" message="${escapeXml(result.summary)}">${text}</failure>\n  </testcase>`;
      case 'unknown':
      case 'crash':
        return `${head}>\n    <error type="${result.state}" message="${escapeXml(result.summary)}">${text}</error>\n  </testcase>`;
    }
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="kuflow doctor" tests="${results.length}" failures="${counts.fail}" errors="${counts.unknown + counts.crash}" skipped="${counts.skip}" time="${(ms / 1000).toFixed(3)}">`,
    ...cases,
    '</testsuite>',
  ].join('\n');
}

const GITHUB_COMMANDS = {
  fail: 'error',
  crash: 'error',
  unknown: 'warning',
  warn: 'warning',
  pass: 'notice',
  skip: 'notice',
} as const;

/** GitHub workflow commands, which annotate the run with each root cause. */
export function formatGithubCommands({ roots, counts }: DoctorReport): string {
  const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const commands = roots.map(
    (root) =>
      `::${GITHUB_COMMANDS[root.state]} title=${property(`${root.id} ${root.title}`)}::${data(resultLines(root).join('\n'))}`,
  );
  return [
    ...commands,
    `kuflow doctor: ${counts.pass} passed, ${roots.length} ${roots.length === 1 ? 'needs' : 'need'} attention`,
  ].join('\n');
}

interface SupportReportContext {
  readonly version: string;
  readonly node: string;
  readonly platform: string;
  /** Shown as `~`. */
  readonly home: string;
  /** ISO 8601. */
  readonly time: string;
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
