import { createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { KnownError } from '../../../../src/base/errors.ts';
import { Secret } from '../../../../src/base/secret.ts';
import {
  rejectedMaterialError,
  verifyMaterial,
  verifyToken,
} from '../../../../src/commands/credentials/verify-certificate-and-token.ts';
import { makeTestAuthority, type TestAuthority, type TestPair } from '../../../support/certificates.ts';

const DAY = 86_400_000;
let authority: TestAuthority;
let other: TestAuthority;
let good: TestPair;

beforeAll(async () => {
  authority = await makeTestAuthority('Engine CA');
  other = await makeTestAuthority('Other CA');
  good = await authority.issue({ commonName: 'app' });
});

interface Answer {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly namespace?: string;
}

function verify(answer: Answer = {}, now = Date.now()) {
  const { namespace = 'ns', cert = good.cert, key = good.key, ca = authority.cert } = answer;
  return verifyMaterial({ namespace, text: { cert, key, ca } }, now);
}

function codes(answer: Answer, now?: number): readonly string[] {
  const verdict = verify(answer, now);
  if (verdict.ok) return [];
  // No message contains the key.
  const text = JSON.stringify(verdict.problems) + rejectedMaterialError(verdict.problems).message;
  expect(text).not.toContain((answer.key ?? good.key).split('\n')[1]?.slice(0, 20) || 'no key');
  return verdict.problems.map(({ code }) => code);
}

/** Without its last lines, like a truncated answer. */
const cut = (pem: string): string => pem.split('\n').slice(0, -3).join('\n');

describe('a valid engine certificate', () => {
  it('is accepted, with facts that may be shown', () => {
    const verdict = verify();
    expect(verdict).toMatchObject({ ok: true, verified: { namespace: 'ns', leaf: { subject: 'CN=app' } } });
    if (!verdict.ok) return;
    expect(verdict.verified.roots.map(({ subject }) => subject)).toEqual(['CN=Engine CA']);
    expect(verdict.verified.leaf.serial).toMatch(/^[0-9A-F]+$/);
    expect(JSON.stringify(verdict.verified.leaf)).not.toContain('PRIVATE');
  });

  it('may have several authorities, CRLF line endings or an RSA key', async () => {
    const rsa = await authority.issue({ commonName: 'rsa', rsa: true, usage: 'none' });
    expect(codes({ ...rsa, ca: other.cert + authority.cert })).toEqual([]);
    expect(codes({ cert: good.cert.replaceAll('\n', '\r\n'), ca: authority.cert.replaceAll('\n', '\r\n') })).toEqual(
      [],
    );
  });
});

describe('an engine certificate is rejected', () => {
  it('with the reason', async () => {
    const expired = await authority.issue({ commonName: 'old', fromDays: -9, toDays: -1 });
    const future = await authority.issue({ commonName: 'new', fromDays: 1 });
    const server = await authority.issue({ commonName: 'server', usage: 'server' });
    const old = await authority.issueVersion1('v1');
    const isCa = await authority.issue({ commonName: 'ca', isCa: true });
    const rsa = await authority.issue({ commonName: 'rsa', rsa: true });
    const encrypted = createPrivateKey(good.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString();

    expect(codes({ key: rsa.key })).toEqual(['key-mismatch']);
    expect(codes(expired)).toEqual(['expired']);
    expect(codes(future)).toEqual(['not-yet-valid']);
    expect(codes(server)).toEqual(['wrong-extended-key-usage']);
    expect(codes(old)).toEqual(['x509-version']);
    expect(codes(isCa)).toEqual(['leaf-is-ca']);
    expect(codes({ key: encrypted })).toEqual(['encrypted-key']);
    expect(codes({ ca: other.cert })).toEqual(['other-authority']);
    expect(codes({ cert: good.key, key: good.cert })).toEqual(['swapped', 'swapped']);
  });

  it('if a part is empty or truncated', () => {
    expect(codes({ cert: '' })).toEqual(['empty']);
    expect(codes({ key: ' \n' })).toEqual(['empty']);
    expect(codes({ ca: '' })).toEqual(['empty']);
    expect(codes({ cert: cut(good.cert) })).toEqual(['not-pem']);
    expect(codes({ key: cut(good.key) })).toEqual(['not-pem']);
    // The first authority is complete, the second is not.
    expect(codes({ ca: authority.cert + cut(other.cert) })).toEqual(['cut']);
    expect(codes({ cert: good.cert + cut(other.cert) })).toEqual(['cut']);
    // Both marker lines exist, but part of the content is missing.
    expect(codes({ cert: good.cert.split('\n').toSpliced(3, 4).join('\n') })).toEqual(['unreadable']);
  });

  it('if it was signed by another certificate of the same name', async () => {
    const twin = await makeTestAuthority('Engine CA');
    expect(codes({ ca: twin.cert })).toEqual(['other-authority']);
    expect(codes({ ca: good.cert })).toEqual(['other-authority']);
  });

  it('if it is not valid at the given time', () => {
    expect(codes({}, Date.now() + 31 * DAY)).toEqual(['expired']);
    expect(codes({}, Date.now() - 2 * DAY)).toEqual(['not-yet-valid']);
    expect(codes({}, Date.now() + 29 * DAY)).toEqual([]);
  });

  it('if its authority has expired, even if it has not', async () => {
    const long = await authority.issue({ commonName: 'long', toDays: 400 });
    expect(codes(long, Date.now() + 380 * DAY)).toEqual(['authority-outside-validity']);
  });

  it('if its namespace is not a plain line of text', () => {
    for (const namespace of ['', '  ', 'a\nb', 'a\u202eb', ' a', 'x'.repeat(1001)])
      expect(codes({ namespace })).toEqual(['namespace']);
  });

  it('with an error that says that nothing was written', () => {
    const verdict = verify({ ca: other.cert });
    const error = verdict.ok ? undefined : rejectedMaterialError(verdict.problems);
    expect(error?.message).toContain('nothing was written');
    expect(error?.seen).toBe('The CA that came with the client certificate did not sign it (issuer CN=Engine CA)');
  });
});

describe('an engine token', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const verifyTokenText = (token: string, expiredAt?: string) =>
    verifyToken({ token: new Secret(token), ...(expiredAt === undefined ? {} : { expiredAt }) }, now);

  it('is returned with its expiry', () => {
    expect(verifyTokenText('abc', '2026-01-01T01:00:00Z').expiresAt).toBe('2026-01-01T01:00:00.000Z');
  });

  it('is rejected if it has expired or has no valid expiry', () => {
    const reason = (token: string, expiredAt?: string): string | undefined => {
      try {
        verifyTokenText(token, expiredAt);
      } catch (error) {
        expect(error).toBeInstanceOf(KnownError);
        expect((error as KnownError).message).not.toContain('canary');
        return (error as KnownError).seen;
      }
      return undefined;
    };
    expect(reason('canary')).toContain('no expiredAt');
    expect(reason('canary', 'soon')).toContain('not a valid time: soon');
    expect(reason('canary', '2025-12-31T23:59:59Z')).toContain('expired at 2025-12-31T23:59:59.000Z');
    expect(reason('', '2026-01-01T01:00:00Z')).toContain('does not contain a token');
    expect(reason('canary\ncanary', '2026-01-01T01:00:00Z')).toContain('HTTP header');
  });
});
