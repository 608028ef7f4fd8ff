import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../../src/diagnostics/check.ts';
import { createDoctorReport } from '../../../../src/diagnostics/report-and-exit-status.ts';
import { formatSupportReport } from '../../../../src/commands/doctor/support-report.ts';

const CONTEXT = { version: '1.0.0', node: 'v20.19.0', platform: 'linux x64', time: '2026-01-01T00:00:00.000Z' };

/** The report of a run in which every text contains the name of a file. */
function supportReport(home: string, file: string): string {
  const text = `Other users can read ${file} (the private key, mode 644)`;
  const result: CheckResult = {
    ...{ id: 'KF-FILE-001', title: 'Permissions', plane: 'files', docs: 'kf-file-001', state: 'fail', ms: 1 },
    summary: text,
    facts: { files: [file], [file]: 'visible' },
    cause: { code: 'file-readable-by-others', verdict: 'fail', text },
    advice: [{ text: `Look at ${file}`, command: `chmod 600 '${file}'` }],
  };
  const report = createDoctorReport([result], 1, { failOnWarn: false, retry: `${file} doctor` });
  return formatSupportReport(report, { ...CONTEXT, home });
}

describe('the support report', () => {
  it.each([
    ['/home/jo_ann', '/home/jo_ann/work/key_1.pem', '~/work/key'],
    ['/home/jo', '/home/jo/key.pem', '~/key.pem'],
    ['/home/jo+é (x)', '/home/jo+é (x)/key.pem', '~/key.pem'],
    ['C:\\Users\\jo_ann', 'C:\\Users\\jo_ann\\work\\client.key', '~'],
    ['C:\\Users\\Jo', 'c:/users/jo/client.key', '~/client.key'],
  ])('replaces %s in texts, facts, commands and JSON', (home, file, shown) => {
    const text = supportReport(home, file);
    expect(text.toLowerCase()).not.toMatch(/users.{0,3}jo|home.{0,3}jo/i);
    expect(text.replaceAll('\\', '').toLowerCase()).not.toContain(home.replaceAll('\\', '').toLowerCase());
    expect(text.split(shown).length).toBeGreaterThan(5);
  });

  it('keeps folders that only start like the home folder or have its name elsewhere', () => {
    expect(supportReport('/home/jo', '/home/joan/key.pem')).toContain('/home/joan/key.pem');
    expect(supportReport('/home/jo', '/home/joé/key.pem')).toContain('/home/joé/key.pem');
    expect(supportReport('/home/jo', '/mnt/home/jo/key.pem')).toContain('/mnt/home/jo/key.pem');
    expect(supportReport('/', '/key.pem')).toContain('/key.pem');
  });
});
