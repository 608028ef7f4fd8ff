import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import { DOCUMENTATION_PAGES, DOCUMENTATION_URL, documentationFor } from '../../../src/base/documentation.ts';
import { KnownError } from '../../../src/base/errors.ts';
import { printDoctor } from '../../../src/commands/doctor/view.ts';
import type { CheckResult } from '../../../src/diagnostics/check.ts';
import type { DoctorReport } from '../../../src/diagnostics/report-and-exit-status.ts';
import { printError } from '../../../src/terminal/print-error.ts';
import { openTerminal } from '../../../src/terminal/terminal.ts';
import { fakeHost } from '../../support/fake-host.ts';

const SITE = 'https://docs.example/kuflow/';

const failed: CheckResult = {
  id: 'KF-TLS-003',
  title: 'Engine TLS handshake',
  plane: 'tls',
  docs: 'kf-tls-003',
  state: 'fail',
  summary: 'refused',
  facts: {},
  advice: [],
  ms: 1,
};
const report: DoctorReport = {
  results: [failed],
  roots: [failed],
  next: [],
  created: [],
  counts: { pass: 0, warn: 0, fail: 1, unknown: 0, skip: 0, crash: 0 },
  status: 1,
  ms: 1,
};

function printedReport(siteUrl: string): string {
  const { host, stdout } = fakeHost([]);
  printDoctor(openTerminal(host, host.env), report, 'npx kuflow', siteUrl);
  return stdout();
}

function printedError(siteUrl: string): string {
  const { host, stderr } = fakeHost([]);
  const error = new KnownError({ message: 'Refused', next: ['Try again'], page: 'how-to/troubleshooting' });
  printError(openTerminal(host, host.env), error, { siteUrl });
  return stderr();
}

describe('the address of the documentation', () => {
  it('is empty, or an https address', () => {
    if (DOCUMENTATION_URL !== '') expect(new URL(DOCUMENTATION_URL).protocol).toBe('https:');
  });

  it('leads to pages that exist', () => {
    for (const page of DOCUMENTATION_PAGES) expect(existsSync(join(ROOT, 'docs', `${page}.md`)), page).toBe(true);
  });

  it('is joined with the page and the anchor', () => {
    expect(documentationFor('reference/settings', { siteUrl: SITE })).toBe(`${SITE}reference/settings.html`);
    expect(documentationFor('reference/doctor', { siteUrl: 'https://docs.example', anchor: 'kf-set-001' })).toBe(
      'https://docs.example/reference/doctor.html#kf-set-001',
    );
    expect(documentationFor('reference/doctor', { siteUrl: '' })).toBeUndefined();
  });
});

describe('with an address', () => {
  it('doctor prints the page of the check', () => {
    expect(printedReport(SITE)).toContain(`Learn more: ${SITE}reference/doctor.html#kf-tls-003\n`);
    expect(printedReport(SITE)).not.toContain('doctor explain');
  });

  it('an error prints its page', () => {
    expect(printedError(SITE)).toContain(`See ${SITE}how-to/troubleshooting.html\n`);
  });
});

describe('without an address', () => {
  it('doctor prints the command that explains the check', () => {
    expect(printedReport('')).toContain('Learn more: npx kuflow doctor explain KF-TLS-003\n');
  });

  it('an error prints no page', () => {
    expect(printedError('')).toMatch(/(?:→|->) Try again\n$/);
  });
});
