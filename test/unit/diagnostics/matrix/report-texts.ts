import type { DoctorReport } from '../../../../src/diagnostics/report-and-exit-status.ts';
import { formatGithubCommands, formatJunit } from '../../../../src/commands/doctor/formats.ts';
import { formatSupportReport } from '../../../../src/commands/doctor/support-report.ts';
import { doctorReportAsJson, printDoctor } from '../../../../src/commands/doctor/view.ts';
import { openTerminal, stringifyForTerminal } from '../../../../src/terminal/terminal.ts';
import { fakeHost } from '../../../support/fake-host.ts';

/** A report in every output format, by name. */
export type Texts = Readonly<Record<'table' | 'terminal' | 'json' | 'watch' | 'junit' | 'github' | 'report', string>>;

export function textsOf(report: DoctorReport): Texts {
  const data = doctorReportAsJson(report);
  return {
    table: printed(report, false),
    terminal: printed(report, true),
    json: stringifyForTerminal(data, 2),
    watch: stringifyForTerminal(data, 0),
    junit: formatJunit(report),
    github: formatGithubCommands(report),
    report: formatSupportReport(report, {
      ...{ version: '1.0.0', node: 'v20.19.0', platform: 'linux x64', home: '/home/nobody' },
      time: '2026-01-01T00:00:00.000Z',
    }),
  };
}

/** Without color, so that any escape sequence comes from the data. */
function printed(report: DoctorReport, tty: boolean): string {
  const { host, stdout } = fakeHost([], { tty, env: { NO_COLOR: '1' } });
  printDoctor(openTerminal(host, host.env), report, 'npx kuflow');
  return stdout();
}

// Except for line breaks: C0 and C1 controls, direction marks, zero-width characters, line separators.
const RAW = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

/** Formats that contain one of `secrets` or a character that a terminal or a page might interpret. */
export function unsafeForms(texts: Texts, secrets: readonly string[]): readonly string[] {
  return Object.entries(texts).flatMap(([form, text]) => [
    ...secrets.filter((secret) => text.includes(secret)).map((secret) => `${form}: ${secret}`),
    ...(RAW.test(text) ? [`${form}: ${JSON.stringify(RAW.exec(text)?.[0])}`] : []),
  ]);
}
