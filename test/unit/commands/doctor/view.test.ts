import { describe, expect, it } from 'vitest';
import { printDoctor } from '../../../../src/commands/doctor/view.ts';
import { skippedBecauseOf, type CheckResult } from '../../../../src/diagnostics/check.ts';
import { createDoctorReport } from '../../../../src/diagnostics/report-and-exit-status.ts';
import { openTerminal } from '../../../../src/terminal/terminal.ts';
import { fakeHost } from '../../../support/fake-host.ts';

const TENANT = '01a2192f-cc17-73c9-bd7d-bb379bb05325';
const APPLICATION = '01a2192f-cc18-75b7-8044-075f60a42df4';

const result = (id: string, title: string, summary: string, more: Partial<CheckResult> = {}): CheckResult => ({
  ...{ id, title, summary, plane: 'tls', docs: 'x', state: 'pass', facts: {}, advice: [], ms: 1 },
  ...more,
});
const RESULTS: readonly CheckResult[] = [
  result('KF-TLS-002', 'Issued engine certificate', `O=tenant-${TENANT}, CN=${APPLICATION}, valid until 2027-12-31`),
  result(
    'KF-ENGINE-001',
    'Engine connection (GetSystemInfo)',
    `x://${'a'.repeat(150)}/end Temporal server 1.32.0 and a few more words`,
  ),
  result('KF-TLS-001', 'Configured engine certificate', 'The private key is DER-encoded, not PEM', {
    state: 'fail',
    cause: { code: 'certificate-der', verdict: 'fail', text: 'The private key is DER-encoded, not PEM' },
    advice: [
      {
        text: 'Convert the file, and set temporal.mutual-tls.key to the new file',
        command: 'openssl pkey -inform der -in /srv/worker/tls/client.key -out /srv/worker/tls/client.key.pem',
      },
    ],
  }),
];

function printed(over: { readonly tty: boolean; readonly columns?: number }, results = RESULTS): string {
  const { host, stdout } = fakeHost([], { ...over, env: { NO_COLOR: '1' } });
  printDoctor(openTerminal(host, host.env), createDoctorReport(results, 5, { failOnWarn: false }), 'npx kuflow');
  return stdout();
}

describe('the table of doctor', () => {
  it.each([60, 80, 120])('fits a terminal of %d columns without breaking words', (columns) => {
    const text = printed({ tty: true, columns });
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThan(columns);
    const words = text.replaceAll(' \\\n', ' ').split(/\s+/);
    for (const word of [
      'CN=01a2192f…2df4,',
      '2027-12-31',
      'Temporal',
      '/srv/worker/tls/client.key.pem',
      'temporal.mutual-tls.key',
    ])
      expect(words).toContain(word);
    expect(text).toMatch(/x:\/\/a+…a+\/end/);
    expect(text).not.toContain('O=tenant');
    // The command can be pasted.
    expect(text.replace(/ \\\n +/g, ' ')).toContain(RESULTS[2]?.advice[0]?.command);
  });

  it('shows results next to titles if there is room, and below them otherwise', () => {
    expect(printed({ tty: true, columns: 120 })).toMatch(/Issued engine certificate +CN=/);
    expect(printed({ tty: true, columns: 60 })).toMatch(/Issued engine certificate\n +CN=/);
  });

  it('names the checks that were skipped because of the same check in one line, without those that have more to say', () => {
    const skipped = (id: string, because: string, detail?: string): CheckResult => ({
      ...result(id, 'A check', skippedBecauseOf(because, detail).summary),
      ...{ state: 'skip', skipped: 'blocked', blockedBy: because },
    });
    const text = printed({ tty: false }, [
      ...RESULTS,
      skipped('KF-ENGINE-002', 'KF-TLS-001'),
      skipped('KF-ENGINE-003', 'KF-CLOCK-001', 'The certificate is not valid yet'),
      skipped('KF-POLL-001', 'KF-TLS-001'),
      skipped('KF-POLL-002', 'KF-REST-001'),
    ]);
    expect(text).toContain('\n- 2 checks were skipped because of KF-TLS-001: KF-ENGINE-002, KF-POLL-001\n');
    expect(text).toContain('\n- 1 check was skipped because of KF-REST-001: KF-POLL-002\n');
    expect(text).toMatch(/KF-ENGINE-003 +A check +skipped because of KF-CLOCK-001\. The certificate/);
    expect(text).toContain('2 passed, 1 failed, 4 skipped');
  });

  it('shows whole ids and names, one line each, without a terminal', () => {
    expect(printed({ tty: false })).toContain(`O=tenant-${TENANT}, CN=${APPLICATION}, valid until 2027-12-31\n`);
  });
});
