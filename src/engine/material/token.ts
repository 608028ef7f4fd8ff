import { isRecord, parseJsonText, withoutUndefined } from '../../base/json.ts';

const MAX_LENGTH = 64 * 1024;

/** The claims of a token, not verified because only the engine has the key. Times are milliseconds since the epoch. */
export type TokenReading = ReturnType<typeof decodeTokenUnverified>;

function decodeSegment(text: string): Record<string, unknown> | undefined {
  const value = /^[\w-]+$/.test(text) ? parseJsonText(Buffer.from(text, 'base64url').toString('utf8')) : undefined;
  return isRecord(value) ? value : undefined;
}

const stringClaim = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const timeClaim = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value * 1000 : undefined;

function audienceClaim(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : undefined;
}

/** Reads the claims without verifying them. KuFlow does not document the format: anything other than a JWT is `opaque`, not an error. */
export function decodeTokenUnverified(token: string) {
  const opaque = (why: string) => ({ kind: 'opaque', why }) as const;
  if (token.length > MAX_LENGTH) return opaque(`longer than ${MAX_LENGTH} characters`);
  const parts = token.split('.');
  if (parts.length !== 3) return opaque('not three parts separated by dots');
  const header = decodeSegment(parts[0] ?? '');
  const claims = decodeSegment(parts[1] ?? '');
  if (header === undefined || claims === undefined) return opaque('its parts are not JSON in base64url');
  return withoutUndefined({
    kind: 'jwt' as const,
    algorithm: stringClaim(header['alg']),
    issuer: stringClaim(claims['iss']),
    subject: stringClaim(claims['sub']),
    audience: audienceClaim(claims['aud']),
    namespace: stringClaim(claims['namespace']),
    issuedAt: timeClaim(claims['iat']),
    notBefore: timeClaim(claims['nbf']),
    expiresAt: timeClaim(claims['exp']),
  });
}
