import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEngineTokens } from '../../../../src/platform/pki/tokens.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kuflow-tokens-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const request = { principalId: 'app-1', tenantId: 't-1', namespace: 'ns-1', lifeSeconds: 5 };

describe('engine tokens', () => {
  it('have the claims, and are valid until expiry plus grace period', async () => {
    let now = 1_800_000_000_500;
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    const tokens = await openEngineTokens({ folder, graceSeconds: 10, clock });
    const { token, expiredAt } = await tokens.issueToken(request);
    expect(decodeProtectedHeader(token.reveal()).alg).toBe('RS256');
    const claims = decodeJwt(token.reveal());
    expect(claims).toMatchObject({
      sub: 'app-1',
      tenantId: 't-1',
      namespace: 'ns-1',
      iat: 1_800_000_000,
      exp: 1_800_000_005,
    });
    expect(claims.jti).toMatch(/^[0-9a-f-]{36}$/);
    expect(expiredAt).toBe(1_800_000_005_000);

    now = expiredAt + 9_999;
    expect(await tokens.verifyToken(token.reveal())).toEqual({
      claims: { principalId: 'app-1', tenantId: 't-1', namespace: 'ns-1', acceptedUntil: expiredAt + 10_000 },
    });
    now = expiredAt + 10_001;
    expect(await tokens.verifyToken(token.reveal())).toEqual({
      refused: 'the token expired at 2027-01-15T08:00:05.000Z (the grace period of 10 s has ended too)',
    });
  });

  it('stay valid after a restart, and are rejected from another platform or with another algorithm', async () => {
    const tokens = await openEngineTokens({ folder, graceSeconds: 0 });
    const { token } = await tokens.issueToken(request);
    const again = await openEngineTokens({ folder, graceSeconds: 0 });
    expect(await again.verifyToken(token.reveal())).toHaveProperty('claims');
    if (process.platform !== 'win32') expect((await stat(join(folder, 'token.key'))).mode & 0o777).toBe(0o600);

    const elsewhere = await openEngineTokens({ folder: join(folder, 'other'), graceSeconds: 0 });
    expect(await elsewhere.verifyToken(token.reveal())).toEqual({
      refused: 'the token was not signed by this platform',
    });
    const hmac = await new SignJWT({ tenantId: 't', namespace: 'n' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(Buffer.alloc(32));
    expect(await tokens.verifyToken(hmac)).toHaveProperty('refused');
    expect(await tokens.verifyToken('not-a-token')).toHaveProperty('refused');
  });
});
