import { looksLikeTls } from '../../network/detect-tls.ts';
import { KuFlowApiError } from '../../kuflow/errors.ts';
import type { Check, Finding } from '../check.ts';
import type { CheckOutputs, CheckInput } from '../check-input.ts';
import { toFinding } from '../explain-finding.ts';
import { restFinding } from '../causes/rest.ts';

/** How servers respond to plaintext on a TLS port. */
const TLS_PORT_SYMPTOMS: readonly KuFlowApiError['kind'][] = ['reset', 'rejected', 'not-json', 'html'];

/** Detects an `http:` endpoint on a TLS port. Not behind a proxy, where another server might answer the probe. */
async function findTlsOnPlainPort(input: CheckInput, error: unknown): Promise<Finding<never> | undefined> {
  if (!(error instanceof KuFlowApiError) || !TLS_PORT_SYMPTOMS.includes(error.kind) || input.restProxy.kind === 'proxy')
    return undefined;
  const { protocol, hostname, port } = new URL(input.endpoint.value);
  if (protocol !== 'http:') return undefined;
  const host = hostname.replace(/^\[|\]$/g, '');
  if (!(await looksLikeTls({ host, port: port === '' ? 80 : Number(port) }))) return undefined;
  const text = `${input.endpoint.value} is an http:// address, but the server speaks TLS`;
  return toFinding({
    ...{ id: 'KF-REST-001', code: 'rest-speaks-tls', text },
    facts: { endpoint: input.endpoint.value, ...(error.seen && { seen: error.seen }) },
    values: { source: input.endpoint.source },
  });
}

/** The body of an error response contains KuFlow's time too. */
function serverTimeOfError(error: unknown): number | undefined {
  const time = error instanceof KuFlowApiError ? Date.parse(error.body?.timestamp ?? '') : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

export const restCredentialsCheck: Check<CheckInput, CheckOutputs> = {
  id: 'KF-REST-001',
  title: 'REST credentials',
  plane: 'rest',
  docs: 'kf-rest-001',
  requires: ['KF-SET-001'],
  offline: false,
  timeoutMs: 15_000,
  run: async ({ input, signal }) => {
    const sentAt = input.clock.now();
    const skew = (serverTime: number | undefined): Partial<CheckOutputs> =>
      serverTime === undefined ? {} : { skewMs: (sentAt + input.clock.now()) / 2 - serverTime };
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
        outputs: skew(who.serverTime),
      };
    } catch (error) {
      const finding = (await findTlsOnPlainPort(input, error)) ?? restFinding(error);
      return { ...finding, outputs: skew(serverTimeOfError(error)) };
    }
  },
};
