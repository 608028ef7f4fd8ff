import { escapeForTerminal } from '../../base/escape.ts';
import type { CheckResult } from '../../diagnostics/check.ts';
import type { DoctorReport } from '../../diagnostics/report.ts';
import { adviceText } from './explain-view.ts';

const LONG = 1000;

/** What was seen, then what to do, one line each. */
function lines({ cause, summary, advice }: CheckResult): readonly string[] {
  return [cause?.text ?? summary, ...advice.map(adviceText)].map((line) => escapeForTerminal(line, LONG));
}

const xml = (text: string): string =>
  escapeForTerminal(text, LONG)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    // What XML 1.0 can not hold at all.
    .replace(/[\ud800-\udfff\ufffe\uffff]/gu, '\ufffd');

/** The run as JUnit XML: a test case for each check, warnings as its output, what could not be told as an error. */
export function doctorAsJunit({ results, counts, ms }: DoctorReport): string {
  const cases = results.map((result) => {
    const head = `  <testcase classname="kuflow.doctor.${result.plane}" name="${xml(`${result.id} ${result.title}`)}" time="${(result.ms / 1000).toFixed(3)}"`;
    const text = lines(result).map(xml).join('\n');
    switch (result.state) {
      case 'pass':
        return `${head}/>`;
      case 'warn':
        return `${head}>\n    <system-out>${text}</system-out>\n  </testcase>`;
      case 'skip':
        return `${head}>\n    <skipped message="${xml(result.summary)}"/>\n  </testcase>`;
      case 'fail':
        return `${head}>\n    <failure type="${xml(result.cause?.code ?? 'fail')}" message="${xml(result.summary)}">${text}</failure>\n  </testcase>`;
      case 'unknown':
      case 'crash':
        return `${head}>\n    <error type="${result.state}" message="${xml(result.summary)}">${text}</error>\n  </testcase>`;
    }
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="kuflow doctor" tests="${results.length}" failures="${counts.fail}" errors="${counts.unknown + counts.crash}" skipped="${counts.skip}" time="${(ms / 1000).toFixed(3)}">`,
    ...cases,
    '</testsuite>',
  ].join('\n');
}

const COMMANDS = {
  fail: 'error',
  crash: 'error',
  unknown: 'warning',
  warn: 'warning',
  pass: 'notice',
  skip: 'notice',
} as const;

/** Each root cause as a workflow command of GitHub, which shows it beside the run. */
export function doctorAsGithub({ roots, counts }: DoctorReport): string {
  const data = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  const property = (text: string): string => data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
  const commands = roots.map(
    (root) =>
      `::${COMMANDS[root.state]} title=${property(`${root.id} ${root.title}`)}::${data(lines(root).join('\n'))}`,
  );
  return [...commands, `kuflow doctor: ${counts.pass} passed, ${roots.length} to look at`].join('\n');
}
