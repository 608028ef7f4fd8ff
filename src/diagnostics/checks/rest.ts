import { looksLikeTls } from '../../network/detect-tls.ts';
import { KuFlowApiError } from '../../kuflow/errors.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckFacts, CheckInput } from '../check-input.ts';
import { toFinding } from '../explain-finding.ts';
import { restFinding } from '../causes/rest.ts';

/** Ways in which servers turn plain text away from a TLS port. */
const TURNED_AWAY: readonly KuFlowApiError['kind'][] = ['reset', 'rejected', 'not-json', 'html'];

/** An `http:` endpoint that is a TLS port: looked at only when it is reached directly, so that the same server is asked. */
async function plaintextFinding(input: CheckInput, error: unknown): Promise<Finding<never> | undefined> {
  if (!(error instanceof KuFlowApiError) || !TURNED_AWAY.includes(error.kind) || input.restProxy.kind === 'proxy')
    return undefined;
  const { protocol, hostname, port } = new URL(input.endpoint.value);
  if (protocol !== 'http:') return undefined;
  const host = hostname.replace(/^\[|\]$/g, '');
  if (!(await looksLikeTls({ host, port: port === '' ? 80 : Number(port) }))) return undefined;
  const text = `${input.endpoint.value} speaks TLS, and its address says http://`;
  return toFinding({
    ...{ id: 'KF-REST-001', code: 'rest-speaks-tls', text },
    facts: { endpoint: input.endpoint.value, ...(error.seen && { seen: error.seen }) },
    values: { source: input.endpoint.source },
  });
}

/** A refusal tells KuFlow's time as well, in its own body. */
function errorTime(error: unknown): number | undefined {
  const time = error instanceof KuFlowApiError ? Date.parse(error.body?.timestamp ?? '') : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

export const restCredentials: Check<CheckInput, CheckFacts> = {
  id: 'KF-REST-001',
  title: 'REST credentials',
  plane: 'rest',
  docs: 'kf-rest-001',
  requires: ['KF-SET-001'],
  offline: false,
  timeoutMs: 15_000,
  run: async ({ input, signal }) => {
    const asked = input.clock.now();
    const skew = (serverTime: number | undefined): Partial<CheckFacts> =>
      serverTime === undefined ? {} : { skewMs: (asked + input.clock.now()) / 2 - serverTime };
    try {
      const who = await input.rest.whoAmI(signal);
      const name = who.name === undefined ? who.id : `${who.name} (${who.id})`;
      return {
        state: 'pass',
        summary: `accepted, ${who.type === undefined ? '' : `${who.type.toLowerCase()} `}${name}`,
        facts: {
          endpoint: input.endpoint.value,
          principalId: who.id,
          ...(who.type && { type: who.type }),
          ...(who.name && { name: who.name }),
        },
        found: skew(who.serverTime),
      };
    } catch (error) {
      const finding = (await plaintextFinding(input, error)) ?? restFinding(error);
      return { ...finding, found: skew(errorTime(error)) };
    }
  },
};
