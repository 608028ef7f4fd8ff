import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../../../src/base/clock.ts';
import { openAuthority } from '../../../../src/platform/pki/authority.ts';

let folder = '';
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'kuflow-pki-')), 'pki');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const at = (ms: number): Clock => ({ now: () => ms, sleep: () => Promise.resolve() });

describe('the local certificate authority', () => {
  it('is stored in files that nobody else can read, and opened again with the same certificate', async () => {
    const first = await openAuthority({ folder });
    const second = await openAuthority({ folder });
    expect(second.certificate).toBe(first.certificate);
    expect(await readFile(first.certificateFile, 'utf8')).toBe(first.certificate);
    expect(first.certificate.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
    const ca = new X509Certificate(first.certificate);
    expect(ca.ca).toBe(true);
    expect(ca.verify(ca.publicKey)).toBe(true);
    if (process.platform !== 'win32') {
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
      expect((await stat(join(folder, 'ca.key'))).mode & 0o777).toBe(0o600);
    }
  });

  it('is renewed if it expires before a server certificate, or if key and certificate do not match', async () => {
    const first = await openAuthority({ folder });
    const later = await openAuthority({ folder, clock: at(Date.now() + 9 * 365 * 86_400_000) });
    expect(later.certificate).not.toBe(first.certificate);
    await writeFile(join(folder, 'ca.pem'), first.certificate);
    const mended = await openAuthority({ folder });
    expect(mended.certificate).not.toBe(first.certificate);
  });

  it('issues server certificates for loopback and other names, which are not CA certificates', async () => {
    const authority = await openAuthority({ folder });
    const issued = await authority.issueServerCertificate(['engine.kuflow.test', '10.1.2.3']);
    const leaf = new X509Certificate(issued.certificate);
    const ca = new X509Certificate(authority.certificate);
    expect(leaf.checkIssued(ca)).toBe(true);
    expect(leaf.verify(ca.publicKey)).toBe(true);
    expect(leaf.ca).toBe(false);
    for (const host of ['localhost', 'engine.kuflow.test']) expect(leaf.checkHost(host)).toBe(host);
    for (const ip of ['127.0.0.1', '::1', '10.1.2.3']) expect(leaf.checkIP(ip)).toBe(ip);
    expect(leaf.checkHost('other.test')).toBeUndefined();
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  });

  it('issues client certificates with version 3, PKCS#8 key, subject, usage and the requested lifetime', async () => {
    const now = Date.now();
    const authority = await openAuthority({ folder, clock: at(now) });
    const issued = await authority.issueClientCertificate({
      principalId: 'p-1',
      namespace: 'tenant-x',
      lifeSeconds: 60,
    });
    const leaf = new X509Certificate(issued.certificate);
    expect(leaf.subject).toBe('O=tenant-x\nCN=p-1');
    expect(leaf.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(leaf.ca).toBe(false);
    // Version 3 is 2 on the wire, in the explicit tag 0 that a version 1 certificate lacks.
    expect(leaf.raw.includes(Buffer.from([0xa0, 0x03, 0x02, 0x01, 0x02]))).toBe(true);
    expect(issued.privateKey.reveal()).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    expect(leaf.checkPrivateKey(createPrivateKey(issued.privateKey.reveal()))).toBe(true);
    expect(Date.parse(leaf.validTo)).toBe(issued.notAfter);
    expect(issued.notAfter - now).toBeGreaterThanOrEqual(60_000);
    expect(issued.notAfter - now).toBeLessThan(120_000);
    expect(JSON.stringify(issued)).not.toContain('PRIVATE KEY');
  });
});
