import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { decodeTokenUnverified } from '../../../../src/engine/material/token.ts';

describe('decodeTokenUnverified', () => {
  it('reads the claims of a JWT without checking its signature', async () => {
    const token = await new SignJWT({
      sub: 'application',
      iss: 'kuflow',
      aud: ['engine', 'other'],
      exp: 2_000,
      iat: 1_000,
    })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode('x'.repeat(32)));
    expect(decodeTokenUnverified(token)).toEqual({
      kind: 'jwt',
      algorithm: 'HS256',
      issuer: 'kuflow',
      subject: 'application',
      audience: ['engine', 'other'],
      issuedAt: 1_000_000,
      expiresAt: 2_000_000,
    });
  });

  it('treats everything else as opaque, including malformed input', () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const token of [
      '',
      'abc',
      'a.b.c',
      `${part([])}.${part({})}.x`,
      `${part({})}.${part(null)}.x`,
      '\u0000.\u0000.\u0000',
    ]) {
      expect(decodeTokenUnverified(token).kind).toBe('opaque');
    }
    expect(decodeTokenUnverified(`${part({})}.${part({ pad: 'x'.repeat(1_000_000) })}.x`).kind).toBe('opaque');
    expect(decodeTokenUnverified(`${part({ alg: 7 })}.${part({ exp: 'soon', aud: 3 })}.x`)).toEqual({ kind: 'jwt' });
  });
});
