import { createPrivateKey } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { KnownError } from '../../../../src/base/errors.ts';
import { Secret } from '../../../../src/base/secret.ts';
import { renewalTime } from '../../../../src/commands/credentials/set.ts';
import { rejectedMaterialError, verifyMaterial, verifyToken } from '../../../../src/commands/credentials/material.ts';
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

function judge(answer: Answer = {}, now = Date.now()) {
  const { namespace = 'ns', cert = good.cert, key = good.key, ca = authority.cert } = answer;
  return verifyMaterial({ namespace, text: { cert, key, ca } }, now);
}

function codes(answer: Answer, now?: number): readonly string[] {
  const verdict = judge(answer, now);
  if (verdict.ok) return [];
  // Whatever is wrong, the key is in no sentence about it.
  const text = JSON.stringify(verdict.problems) + rejectedMaterialError(verdict.problems).message;
  expect(text).not.toContain((answer.key ?? good.key).split('\n')[1]?.slice(0, 20) || 'no key');
  return verdict.problems.map(({ code }) => code);
}

/** Without its last lines, as an answer that was cut off. */
const cut = (pem: string): string => pem.split('\n').slice(0, -3).join('\n');

describe('an engine certificate that may be written', () => {
  it('is whole, and says what may be shown of it', () => {
    const verdict = judge();
    expect(verdict).toMatchObject({ ok: true, verified: { namespace: 'ns', leaf: { subject: 'CN=app' } } });
    if (!verdict.ok) return;
    expect(verdict.verified.roots.map(({ subject }) => subject)).toEqual(['CN=Engine CA']);
    expect(verdict.verified.leaf.serial).toMatch(/^[0-9A-F]+$/);
    expect(JSON.stringify(verdict.verified.leaf)).not.toContain('PRIVATE');
  });

  it('comes with several authorities, CRLF, or an RSA key', async () => {
    const rsa = await authority.issue({ commonName: 'rsa', rsa: true, usage: 'none' });
    expect(codes({ ...rsa, ca: other.cert + authority.cert })).toEqual([]);
    expect(codes({ cert: good.cert.replaceAll('\n', '\r\n'), ca: authority.cert.replaceAll('\n', '\r\n') })).toEqual(
      [],
    );
  });
});

describe('an engine certificate that is refused', () => {
  it('with the reason', async () => {
    const expired = await authority.issue({ commonName: 'old', fromDays: -9, toDays: -1 });
    const future = await authority.issue({ commonName: 'new', fromDays: 1 });
    const server = await authority.issue({ commonName: 'server', usage: 'server' });
    const old = await authority.issueVersion1('v1');
    const isCa = await authority.issue({ commonName: 'ca', isCa: true });
    const rsa = await authority.issue({ commonName: 'rsa', rsa: true });
    const pkcs1 = createPrivateKey(rsa.key).export({ type: 'pkcs1', format: 'pem' }).toString();
    const sec1 = createPrivateKey(good.key).export({ type: 'sec1', format: 'pem' }).toString();
    const encrypted = createPrivateKey(good.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
      .toString();

    expect(codes({ key: rsa.key })).toEqual(['key-mismatch']);
    expect(codes(expired)).toEqual(['expired']);
    expect(codes(future)).toEqual(['not-yet-valid']);
    expect(codes(server)).toEqual(['wrong-extended-key-usage']);
    expect(codes(old)).toEqual(['x509-version']);
    expect(codes(isCa)).toEqual(['leaf-is-ca']);
    expect(codes({ ...rsa, key: pkcs1 })).toEqual(['pkcs1-key']);
    expect(codes({ key: sec1 })).toEqual(['sec1-key']);
    expect(codes({ key: encrypted })).toEqual(['encrypted-key']);
    expect(codes({ ca: other.cert })).toEqual(['other-authority']);
    expect(codes({ cert: good.key, key: good.cert })).toEqual(['swapped', 'swapped']);
  });

  it('when a part is empty or cut', () => {
    expect(codes({ cert: '' })).toEqual(['empty']);
    expect(codes({ key: ' \n' })).toEqual(['empty']);
    expect(codes({ ca: '' })).toEqual(['empty']);
    expect(codes({ cert: cut(good.cert) })).toEqual(['not-pem']);
    expect(codes({ key: cut(good.key) })).toEqual(['not-pem']);
    // The first authority is whole, the second is not.
    expect(codes({ ca: authority.cert + cut(other.cert) })).toEqual(['cut']);
    expect(codes({ cert: good.cert + cut(other.cert) })).toEqual(['cut']);
    // Both lines are there, what stands between them is not.
    expect(codes({ cert: good.cert.split('\n').toSpliced(3, 4).join('\n') })).toEqual(['unreadable']);
  });

  it('when a certificate of the same name did not sign it', async () => {
    const twin = await makeTestAuthority('Engine CA');
    expect(codes({ ca: twin.cert })).toEqual(['other-authority']);
    expect(codes({ ca: good.cert })).toEqual(['other-authority']);
  });

  it('by the clock that it is given', () => {
    expect(codes({}, Date.now() + 31 * DAY)).toEqual(['expired']);
    expect(codes({}, Date.now() - 2 * DAY)).toEqual(['not-yet-valid']);
    expect(codes({}, Date.now() + 29 * DAY)).toEqual([]);
  });

  it('by an authority that is over, though its certificate is not', async () => {
    const long = await authority.issue({ commonName: 'long', toDays: 400 });
    expect(codes(long, Date.now() + 380 * DAY)).toEqual(['authority-outside-validity']);
  });

  it('without a namespace that can be written on a line', () => {
    for (const namespace of ['', '  ', 'a\nb', 'a\u202eb', ' a', 'x'.repeat(1001)])
      expect(codes({ namespace })).toEqual(['namespace']);
  });

  it('as an error that says that nothing was written', () => {
    const verdict = judge({ ca: other.cert });
    const error = verdict.ok ? undefined : rejectedMaterialError(verdict.problems);
    expect(error?.message).toContain('nothing was written');
    expect(error?.seen).toBe('The CA that came with the client certificate did not sign it (issuer CN=Engine CA)');
  });
});

describe('an engine token', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  const judgeToken = (token: string, expiredAt?: string) =>
    verifyToken({ token: new Secret(token), ...(expiredAt === undefined ? {} : { expiredAt }) }, now);

  it('is kept with its end', () => {
    expect(judgeToken('abc', '2026-01-01T01:00:00Z').expiresAt).toBe(now + 3_600_000);
  });

  it('is refused without one, or when it is over', () => {
    const reason = (token: string, expiredAt?: string): string | undefined => {
      try {
        judgeToken(token, expiredAt);
      } catch (error) {
        expect(error).toBeInstanceOf(KnownError);
        expect((error as KnownError).message).not.toContain('canary');
        return (error as KnownError).seen;
      }
      return undefined;
    };
    expect(reason('canary')).toContain('no expiredAt');
    expect(reason('canary', 'soon')).toContain('no time: soon');
    expect(reason('canary', '2025-12-31T23:59:59Z')).toContain('expired at 2025-12-31T23:59:59.000Z');
    expect(reason('', '2026-01-01T01:00:00Z')).toContain('no token');
    expect(reason('canary\ncanary', '2026-01-01T01:00:00Z')).toContain('HTTP header');
  });
});

it('a new certificate is due after two thirds of its life, which begins when it was issued', () => {
  const leaf = { subject: '', issuer: '', serial: '', fingerprint: '', notBefore: 0, notAfter: 900 };
  expect(renewalTime(leaf)).toBe(600);
  expect(renewalTime(leaf, 600)).toBe(800);
  expect(renewalTime(leaf, -50)).toBe(600);
  expect(renewalTime(leaf, 9000)).toBe(900);
});
