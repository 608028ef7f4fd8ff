import { isRecord } from '../../base/json.ts';

const LIMIT = 64 * 1024;

/** What a token says about itself. Nothing is verified: the key is the engine's. Times are milliseconds since the epoch. */
export type TokenReading =
  | {
      readonly kind: 'jwt';
      readonly algorithm?: string;
      readonly issuer?: string;
      readonly subject?: string;
      readonly audience?: readonly string[];
      readonly issuedAt?: number;
      readonly notBefore?: number;
      readonly expiresAt?: number;
    }
  | { readonly kind: 'opaque'; readonly why: string };

function segment(text: string): Record<string, unknown> | undefined {
  if (!/^[\w-]+$/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const instant = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value * 1000 : undefined;

function audienceOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : undefined;
}

/**
 * Reads the claims of an engine token without verifying it. KuFlow does not publish the token's form,
 * so anything that is no JWT is `opaque`, which is no fault.
 */
export function decodeTokenUnverified(token: string): TokenReading {
  if (token.length > LIMIT) return { kind: 'opaque', why: `longer than ${LIMIT} characters` };
  const parts = token.split('.');
  if (parts.length !== 3) return { kind: 'opaque', why: 'not three parts separated by dots' };
  const header = segment(parts[0] ?? '');
  const claims = segment(parts[1] ?? '');
  if (header === undefined || claims === undefined)
    return { kind: 'opaque', why: 'its parts are not JSON in base64url' };
  const reading = {
    algorithm: text(header['alg']),
    issuer: text(claims['iss']),
    subject: text(claims['sub']),
    audience: audienceOf(claims['aud']),
    issuedAt: instant(claims['iat']),
    notBefore: instant(claims['nbf']),
    expiresAt: instant(claims['exp']),
  };
  const known = Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined));
  return { kind: 'jwt', ...known };
}
