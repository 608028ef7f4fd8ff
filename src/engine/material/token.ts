import { isRecord } from '../../base/json.ts';

const MAX_LENGTH = 64 * 1024;

/** The claims of a token, not verified because only the engine has the key. Times are milliseconds since the epoch. */
export type TokenReading =
  | {
      readonly kind: 'jwt';
      readonly algorithm?: string;
      readonly issuer?: string;
      readonly subject?: string;
      readonly audience?: readonly string[];
      readonly namespace?: string;
      readonly issuedAt?: number;
      readonly notBefore?: number;
      readonly expiresAt?: number;
    }
  | { readonly kind: 'opaque'; readonly why: string };

function decodeSegment(text: string): Record<string, unknown> | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const stringClaim = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const timeClaim = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value * 1000 : undefined;

function audienceClaim(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : undefined;
}

/**
 * Reads the claims of an engine token without verifying it. KuFlow does not document the token format, so anything other than a
 * JWT is `opaque`, which is not an error.
 */
export function decodeTokenUnverified(token: string): TokenReading {
  if (token.length > MAX_LENGTH) return { kind: 'opaque', why: `longer than ${MAX_LENGTH} characters` };
  const parts = token.split('.');
  if (parts.length !== 3) return { kind: 'opaque', why: 'not three parts separated by dots' };
  const header = decodeSegment(parts[0] ?? '');
  const claims = decodeSegment(parts[1] ?? '');
  if (header === undefined || claims === undefined)
    return { kind: 'opaque', why: 'its parts are not JSON in base64url' };
  const reading = {
    algorithm: stringClaim(header['alg']),
    issuer: stringClaim(claims['iss']),
    subject: stringClaim(claims['sub']),
    audience: audienceClaim(claims['aud']),
    namespace: stringClaim(claims['namespace']),
    issuedAt: timeClaim(claims['iat']),
    notBefore: timeClaim(claims['nbf']),
    expiresAt: timeClaim(claims['exp']),
  };
  const known = Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined));
  return { kind: 'jwt', ...known };
}
