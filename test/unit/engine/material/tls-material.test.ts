import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  CLOCK_TOLERANCE_MS,
  readTlsMaterial,
  type TlsMaterialText,
} from '../../../../src/engine/material/tls-material.ts';
import { NOTICEABLE_SKEW_MS } from '../../../../src/diagnostics/clock-skew.ts';
import { makeTestAuthority, type TestAuthority, type TestPair, withoutDate } from '../../../support/certificates.ts';

let authority: TestAuthority;
let other: TestAuthority;
let client: TestPair;
let rsa: TestPair;

beforeAll(async () => {
  authority = await makeTestAuthority();
  other = await makeTestAuthority('Other CA');
  client = await authority.issue({ commonName: 'worker' });
  rsa = await authority.issue({ commonName: 'worker-rsa', rsa: true });
});

function codes(text: Partial<TlsMaterialText>, now?: number): readonly string[] {
  const reading = readTlsMaterial({ ...client, ca: authority.cert, ...text }, now);
  return reading.ok ? [] : reading.problems.map((problem) => `${problem.part}:${problem.code}`);
}

describe('readTlsMaterial', () => {
  it('accepts valid EC and RSA sets, and describes them', () => {
    expect(codes({})).toEqual([]);
    expect(codes({ ...rsa })).toEqual([]);
    const reading = readTlsMaterial({ ...client, ca: authority.cert });
    expect(reading.ok && reading.material).toMatchObject({ subject: 'CN=worker', issuer: 'CN=Test CA' });
  });

  it('reads the same material with literal \\n, CRLF, a byte order mark or indented lines', () => {
    const plain = readTlsMaterial({ ...client, ca: authority.cert });
    const spoilt = [
      (pem: string) => pem.replaceAll('\n', '\\n'),
      (pem: string) => pem.replaceAll('\n', '\r\n'),
      (pem: string) => pem.replaceAll('\n', '\\r\\n'),
      (pem: string) => `\ufeff${pem}`,
      (pem: string) => pem.replaceAll('\n', '\n    '),
    ];
    for (const spoil of spoilt) {
      expect(readTlsMaterial({ cert: spoil(client.cert), key: spoil(client.key), ca: spoil(authority.cert) })).toEqual(
        plain,
      );
    }
  });

  it('trusts every CA certificate, and keeps the client chain', () => {
    const reading = readTlsMaterial({ ...client, cert: client.cert + authority.cert, ca: authority.cert + other.cert });
    expect(reading.ok && reading.material.ca).toEqual([authority.cert, other.cert]);
    expect(reading.ok && reading.material.cert).toBe(client.cert + authority.cert);
  });

  it('rejects empty, truncated, encoded and swapped parts, all at once', () => {
    expect(codes({ cert: ' ', key: '', ca: '\n' })).toEqual(['cert:empty', 'key:empty', 'ca:empty']);
    expect(codes({ ca: authority.cert.slice(0, 200) })).toEqual(['ca:not-pem']);
    expect(codes({ ca: Buffer.from(authority.cert).toString('base64') })).toEqual(['ca:base64-of-pem']);
    expect(codes({ cert: client.key, key: client.cert })).toEqual(['cert:swapped', 'key:swapped']);
    expect(codes({ cert: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' })).toEqual([
      'cert:unreadable',
    ]);
  });

  it('converts PKCS#1 and SEC1 keys to PKCS#8', () => {
    for (const [pair, type] of [
      [rsa, 'pkcs1'],
      [client, 'sec1'],
    ] as const) {
      const key = createPrivateKey(pair.key);
      const text = {
        cert: pair.cert,
        key: key.export({ format: 'pem', type } as never).toString(),
        ca: authority.cert,
      };
      const reading = readTlsMaterial(text);
      expect(reading).toMatchObject({ ok: true, material: { key: key.export({ format: 'pem', type: 'pkcs8' }) } });
    }
  });

  it('rejects keys that a worker cannot read, and names the reason', () => {
    const key = createPrivateKey(rsa.key);
    const cipher = 'aes-256-cbc';
    const encrypted = key.export({ format: 'pem', type: 'pkcs8', cipher, passphrase: 'x' }).toString();
    expect(codes({ ...rsa, key: encrypted })).toEqual(['key:encrypted-key']);
    const legacy = key.export({ format: 'pem', type: 'pkcs1', cipher, passphrase: 'x' }).toString();
    expect(codes({ ...rsa, key: legacy })).toEqual(['key:encrypted-key']);
    expect(codes({ key: client.key + rsa.key })).toEqual(['key:several-keys']);
    const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    expect(codes({ key: foreign.export({ format: 'pem', type: 'pkcs8' }).toString() })).toEqual(['key:key-mismatch']);
  });

  it('rejects certificates that are not client certificates', async () => {
    expect(codes({ ...(await authority.issueVersion1('old')) })).toEqual(['cert:x509-version']);
    expect(codes({ ...(await authority.issue({ commonName: 'ca', isCa: true })) })).toEqual(['cert:leaf-is-ca']);
    expect(codes({ ...(await authority.issue({ commonName: 's', usage: 'server' })) })).toEqual([
      'cert:wrong-extended-key-usage',
    ]);
    expect(codes({ ...(await authority.issue({ commonName: 'any', usage: 'none' })) })).toEqual([]);
  });

  it('distinguishes expired and not yet valid certificates by the given clock', () => {
    const day = 86_400_000;
    expect(codes({}, Date.now() + 31 * day)).toEqual(['cert:expired']);
    expect(codes({}, Date.now() - 2 * day)).toEqual(['cert:not-yet-valid']);
    expect(codes({}, Date.now() + 29 * day)).toEqual([]);
  });

  it('tolerates a small difference between two clocks', async () => {
    const fresh = await authority.issue({ commonName: 'worker', fromDays: 0, toDays: 1 });
    const [now, day] = [Date.now(), 86_400_000];
    expect(codes(fresh, now - 8_000)).toEqual([]);
    expect(codes(fresh, now + day + 8_000)).toEqual([]);
    expect(codes(fresh, now - 2 * CLOCK_TOLERANCE_MS)).toEqual(['cert:not-yet-valid']);
    expect(codes(fresh, now + day + 2 * CLOCK_TOLERANCE_MS)).toEqual(['cert:expired']);
    // The skew that is not corrected, plus the second that a Date header rounds off.
    expect(CLOCK_TOLERANCE_MS).toBeGreaterThan(NOTICEABLE_SKEW_MS + 1_000);
  });

  it('rejects an invalid date, and a CA whose only certificate has one', () => {
    expect(codes({ cert: withoutDate(client.cert, 'begin') })).toContain('cert:unreadable-date');
    expect(codes({ cert: withoutDate(client.cert, 'end') })).toContain('cert:unreadable-date');
    const ca = withoutDate(authority.cert, 'end');
    expect(codes({ ca })).toEqual(['ca:unreadable-date']);
    expect(codes({ ca: ca + authority.cert })).toEqual([]);
  });

  it('never repeats the key in a problem', () => {
    const reading = readTlsMaterial({ cert: client.key, key: client.key.replace('PRIVATE', 'SECRET'), ca: client.key });
    const secret = client.key.split('\n')[1] ?? '?';
    expect(reading.ok).toBe(false);
    expect(JSON.stringify(reading)).not.toContain(secret);
  });
});
