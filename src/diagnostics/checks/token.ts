import { isoTime } from '../../base/clock.ts';
import { decodeTokenUnverified, type TokenReading } from '../../engine/material/token.ts';
import type { Check, Facts, Finding } from '../check.ts';
import type { CheckFacts, CheckInput, IssuedToken } from '../check-input.ts';
import { correctedNow } from '../input.ts';
import { toFinding } from '../explain-finding.ts';
import { restFinding } from '../causes/rest.ts';

/** What HTTP/2 servers take of headers, by and large. */
const LONGEST = 64 * 1024;
/** Servers round, and take a little while between two readings of the clock. */
const TOLERANCE_MS = 60_000;

function factsOf(issued: IssuedToken, reading: TokenReading): Facts {
  const claims =
    reading.kind === 'jwt'
      ? {
          form: 'JWT; its claims are not verified',
          ...(reading.algorithm !== undefined && { algorithm: cut(reading.algorithm) }),
          ...(reading.issuer !== undefined && { issuer: cut(reading.issuer) }),
          ...(reading.subject !== undefined && { subject: cut(reading.subject) }),
          ...(reading.audience !== undefined && { audience: reading.audience.slice(0, 5).map(cut) }),
          ...(reading.issuedAt !== undefined && { iat: isoTime(reading.issuedAt) }),
          ...(reading.expiresAt !== undefined && { exp: isoTime(reading.expiresAt) }),
        }
      : { form: `opaque (${reading.why})` };
  return { ...claims, ...(issued.expiredAt !== undefined && { expiredAt: cut(issued.expiredAt) }) };
}

const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 199)}…` : text);

function judge(issued: IssuedToken, now: number): Finding<CheckFacts> {
  const value = issued.token.reveal();
  const reading = decodeTokenUnverified(value);
  const facts = factsOf(issued, reading);
  const found = { token: issued.token };
  const end = Date.parse(issued.expiredAt ?? '');
  const finding = (code: string, text: string): Finding<CheckFacts> => ({
    ...toFinding({ id: 'KF-TOKEN-001', code, text, facts }),
    found,
  });
  if (value.length > LONGEST)
    return finding('token-too-long', `The token has ${value.length} characters, more than the headers of a call hold`);
  if (Number.isNaN(end)) return finding('token-no-expiry', 'KuFlow issued a token without a readable end of its life');
  if (end <= now)
    return finding(
      'token-expired-by-clock',
      `KuFlow issued a token that is over already (${cut(issued.expiredAt ?? '')})`,
    );
  const { expiresAt, notBefore } = reading.kind === 'jwt' ? reading : {};
  if (notBefore !== undefined && notBefore > now + TOLERANCE_MS)
    return finding('token-not-yet-valid', `The token counts only from ${isoTime(notBefore)}`);
  if (expiresAt !== undefined && Math.abs(expiresAt - end) > TOLERANCE_MS)
    return finding(
      'token-claims-differ',
      `The token says that it ends at ${isoTime(expiresAt)}, and KuFlow says ${isoTime(end)}`,
    );
  return { state: 'pass', summary: `issued, valid for ${Math.round((end - now) / 1000)} s`, facts, found };
}

export const engineToken: Check<CheckInput, CheckFacts> = {
  id: 'KF-TOKEN-001',
  title: 'Engine token',
  plane: 'token',
  docs: 'kf-token-001',
  requires: ['KF-REST-001'],
  offline: false,
  creates: 'engine token',
  timeoutMs: 15_000,
  run: async ({ input, found, signal }) => {
    const now = correctedNow(input, found);
    let issued: IssuedToken;
    try {
      issued = await input.rest.requestToken(signal, now);
    } catch (error) {
      return restFinding(error);
    }
    if (!issued.token.isEmpty)
      return { ...judge(issued, now), ...(issued.reused !== true && { created: 'engine token' }) };
    return toFinding({ id: 'KF-TOKEN-001', code: 'token-missing', text: 'KuFlow answered without a token' });
  },
};
