import { decodeTokenUnverified } from '../../engine/material/token.ts';
import type { Check, Facts, Finding } from '../check.ts';
import type { ConnectionFound, ConnectionInput, IssuedToken } from '../connection-input.ts';
import { restFinding } from '../rest-causes.ts';

const iso = (ms: number): string => (Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : 'beyond any date');

/** What the token says, beside what KuFlow says about it. */
function describeToken(
  issued: IssuedToken,
  now: number,
): { readonly facts: Facts; readonly lifeMs: number | undefined } {
  const reading = decodeTokenUnverified(issued.token.reveal());
  const expiry = issued.expiredAt === undefined ? Number.NaN : Date.parse(issued.expiredAt);
  const lifeMs = Number.isNaN(expiry) ? undefined : expiry - now;
  const claims =
    reading.kind === 'jwt'
      ? { form: 'JWT, not verified', ...(reading.expiresAt === undefined ? {} : { exp: iso(reading.expiresAt) }) }
      : { form: 'opaque' };
  return { facts: { ...claims, ...(issued.expiredAt === undefined ? {} : { expiredAt: issued.expiredAt }) }, lifeMs };
}

function judge(issued: IssuedToken, now: number): Finding<ConnectionFound> {
  const { facts, lifeMs } = describeToken(issued, now);
  const found = { token: issued.token };
  if (lifeMs === undefined) {
    return { state: 'warn', summary: 'issued, without a readable end of its life', facts, found };
  }
  if (lifeMs <= 0) {
    const text = `KuFlow issued a token that has expired by this machine's clock (${issued.expiredAt ?? ''})`;
    return {
      state: 'warn',
      summary: text,
      facts,
      cause: { code: 'token-expired-by-clock', verdict: 'warn', text },
      advice: [{ text: "Check this machine's clock" }],
      found,
    };
  }
  return { state: 'pass', summary: `issued, valid for ${Math.round(lifeMs / 1000)} s`, facts, found };
}

export const engineToken: Check<ConnectionInput, ConnectionFound> = {
  id: 'KF-TOKEN-001',
  title: 'Engine token',
  plane: 'token',
  docs: 'kf-token-001',
  requires: ['KF-REST-001'],
  offline: false,
  creates: 'engine token',
  timeoutMs: 15_000,
  run: async ({ input, signal }) => {
    let issued: IssuedToken;
    try {
      issued = await input.rest.requestToken(signal);
    } catch (error) {
      return restFinding(error);
    }
    if (!issued.token.isEmpty) return judge(issued, input.clock.now());
    const text = 'KuFlow answered without a token';
    return { state: 'fail', summary: text, cause: { code: 'token-missing', verdict: 'fail', text } };
  },
};
