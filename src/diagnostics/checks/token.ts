import { isoTime } from '../../base/clock.ts';
import { decodeTokenUnverified, type TokenReading } from '../../engine/material/token.ts';
import { passed, skippedBecauseOf, type Check, type Facts, type Finding } from '../check.ts';
import type { CheckInput, IssuedToken } from '../input.ts';
import { correctedNow } from '../clock-skew.ts';
import { toFinding } from '../explain-finding.ts';
import { isForeignTenant } from './rest.ts';
import { restFinding } from '../causes/rest.ts';

/** Roughly the header size that HTTP/2 servers accept. */
const MAX_TOKEN_LENGTH = 64 * 1024;
/** Servers round times and read the clock at slightly different moments. */
const TOLERANCE_MS = 60_000;

function tokenFacts(issued: IssuedToken, reading: TokenReading): Facts {
  const claims =
    reading.kind === 'jwt'
      ? {
          form: 'JWT, claims not verified',
          ...(reading.algorithm !== undefined && { algorithm: truncateClaim(reading.algorithm) }),
          ...(reading.issuer !== undefined && { issuer: truncateClaim(reading.issuer) }),
          ...(reading.subject !== undefined && { subject: truncateClaim(reading.subject) }),
          ...(reading.audience !== undefined && { audience: reading.audience.slice(0, 5).map(truncateClaim) }),
          ...(reading.issuedAt !== undefined && { iat: isoTime(reading.issuedAt) }),
          ...(reading.expiresAt !== undefined && { exp: isoTime(reading.expiresAt) }),
        }
      : { form: `opaque (${reading.why})` };
  return { ...claims, ...(issued.expiredAt !== undefined && { expiredAt: truncateClaim(issued.expiredAt) }) };
}

const truncateClaim = (text: string): string => (text.length > 200 ? `${text.slice(0, 199)}…` : text);

function evaluateToken(issued: IssuedToken, now: number): Finding {
  const value = issued.token.reveal();
  const reading = decodeTokenUnverified(value);
  const facts = tokenFacts(issued, reading);
  const outputs = { token: issued.token };
  const end = Date.parse(issued.expiredAt ?? '');
  const finding = (code: string, text: string): Finding => ({
    ...toFinding('KF-TOKEN-001', code, text, { facts }),
    outputs,
  });
  if (value.length > MAX_TOKEN_LENGTH)
    return finding('token-too-long', `The token has ${value.length} characters, which is too many for request headers`);
  if (Number.isNaN(end)) return finding('token-no-expiry', 'KuFlow issued a token without a valid expiration time');
  if (end <= now)
    return finding(
      'token-expired-by-clock',
      `KuFlow issued a token that has already expired (${truncateClaim(issued.expiredAt ?? '')})`,
    );
  const { expiresAt, notBefore } = reading.kind === 'jwt' ? reading : {};
  if (notBefore !== undefined && notBefore > now + TOLERANCE_MS)
    return finding('token-not-yet-valid', `The token is not valid before ${isoTime(notBefore)}`);
  if (expiresAt !== undefined && Math.abs(expiresAt - end) > TOLERANCE_MS)
    return finding(
      'token-claims-differ',
      `The token expires at ${isoTime(expiresAt)} according to its claims, but at ${isoTime(end)} according to KuFlow`,
    );
  return passed(`issued, valid for ${Math.round((end - now) / 1000)} s`, facts, outputs);
}

export const engineTokenCheck: Check<CheckInput> = {
  id: 'KF-TOKEN-001',
  title: 'Engine token',
  plane: 'token',
  requires: ['KF-REST-001'],
  after: ['KF-REST-002'],
  creates: 'engine token',
  timeoutMs: 15_000,
  run: async ({ input, outputs, signal, resultOf }) => {
    if (isForeignTenant(resultOf)) return skippedBecauseOf('KF-REST-002');
    const now = correctedNow(input, outputs);
    let issued: IssuedToken;
    try {
      issued = await input.rest.requestToken(signal, now);
    } catch (error) {
      return restFinding(error);
    }
    if (!issued.token.isEmpty)
      return { ...evaluateToken(issued, now), ...(issued.reused !== true && { created: 'engine token' }) };
    return toFinding('KF-TOKEN-001', 'token-missing', "KuFlow's response does not contain a token");
  },
};
