import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../../../src/diagnostics/check.ts';
import { makeDoctorReport } from '../../../../src/diagnostics/report.ts';
import { doctorAsTicket } from '../../../../src/commands/doctor/ticket.ts';

const WORLD = { version: '1.0.0', node: 'v20.19.0', platform: 'linux x64', time: '2026-01-01T00:00:00.000Z' };

/** A run in which every text names a file. */
function ticket(home: string, file: string): string {
  const text = `Other users may read ${file} (the private key, mode 644)`;
  const result: CheckResult = {
    ...{ id: 'KF-FILE-001', title: 'Permissions', plane: 'files', docs: 'kf-file-001', state: 'fail', ms: 1 },
    summary: text,
    facts: { files: [file], [file]: 'visible' },
    cause: { code: 'file-readable-by-others', verdict: 'fail', text },
    advice: [{ text: `Look at ${file}`, command: `chmod 600 '${file}'` }],
  };
  const report = makeDoctorReport([result], 1, { failOnWarn: false, retry: `${file} doctor` });
  return doctorAsTicket(report, { ...WORLD, home });
}

describe('the report for a ticket', () => {
  it.each([
    ['/home/jo_ann', '/home/jo_ann/work/key_1.pem', '~/work/key'],
    ['/home/jo', '/home/jo/key.pem', '~/key.pem'],
    ['/home/jo+é (x)', '/home/jo+é (x)/key.pem', '~/key.pem'],
    ['C:\\Users\\jo_ann', 'C:\\Users\\jo_ann\\work\\client.key', '~'],
    ['C:\\Users\\Jo', 'c:/users/jo/client.key', '~/client.key'],
  ])('leaves out %s in every text, as text, fact, command and JSON', (home, file, shown) => {
    const text = ticket(home, file);
    expect(text.toLowerCase()).not.toMatch(/users.{0,3}jo|home.{0,3}jo/i);
    expect(text.replaceAll('\\', '').toLowerCase()).not.toContain(home.replaceAll('\\', '').toLowerCase());
    expect(text.split(shown).length).toBeGreaterThan(5);
  });

  it('takes no folder for the home that only begins as it does, or is called so elsewhere', () => {
    expect(ticket('/home/jo', '/home/joan/key.pem')).toContain('/home/joan/key.pem');
    expect(ticket('/home/jo', '/home/joé/key.pem')).toContain('/home/joé/key.pem');
    expect(ticket('/home/jo', '/mnt/home/jo/key.pem')).toContain('/mnt/home/jo/key.pem');
    expect(ticket('/', '/key.pem')).toContain('/key.pem');
  });
});
