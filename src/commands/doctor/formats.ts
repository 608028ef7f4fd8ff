import { escapeForTerminal } from '../../base/escape.ts';
import type { CheckResult } from '../../diagnostics/check.ts';
import type { DoctorReport } from '../../diagnostics/report-and-exit-status.ts';
import { formatAdvice } from '../../base/advice.ts';

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
    if (result.state === 'pass') return `${head}/>`;
    const message = `message="${escapeXml(result.summary)}"`;
    const outcome = {
      warn: `<system-out>${text}</system-out>`,
      skip: `<skipped ${message}/>`,
      fail: `<failure type="${escapeXml(result.cause?.code ?? 'fail')}" ${message}>${text}</failure>`,
      unknown: `<error type="unknown" ${message}>${text}</error>`,
      crash: `<error type="crash" ${message}>${text}</error>`,
    }[result.state];
    return `${head}>\n    ${outcome}\n  </testcase>`;
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
