import type { Advice } from '../../base/advice.ts';
import { KuFlowApiError } from '../../kuflow/errors.ts';
import { passed, type Check, type CheckContext, type DoctorCheck, type Finding } from '../check.ts';
import type { CheckOutputs, CheckInput, DoctorInput, VisibleTenants } from '../input.ts';
import { listingFinding, restFinding } from '../causes/rest.ts';
import { toFinding } from '../explain-finding.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { normalizeHost } from '../../network/address.ts';
import { findPeerIssuer } from '../../network/detect-protocol.ts';
import { FAILURE_HINTS } from '../../kuflow/failure-kinds.ts';

/** The body of an error response contains KuFlow's time too. */
function serverTimeOfError(error: unknown): number | undefined {
  const time = error instanceof KuFlowApiError ? Date.parse(error.body?.timestamp ?? '') : Number.NaN;
  return Number.isNaN(time) ? undefined : time;
}

export const restCredentialsCheck: Check<CheckInput> = {
  id: 'KF-REST-001',
  title: 'REST credentials',
  plane: 'rest',
  requires: ['KF-SET-001'],
  timeoutMs: 15_000,
  run: async ({ input, signal }) => {
    const sentAt = input.clock.now();
    const skew = (serverTime: number | undefined): CheckOutputs =>
      serverTime === undefined ? {} : { skewMs: (sentAt + input.clock.now()) / 2 - serverTime };
    try {
      const who = await input.rest.whoAmI(signal);
      const what = who.type?.toLowerCase() ?? 'principal';
      const name = who.name === undefined ? who.id : `"${who.name}" (${who.id})`;
      const facts = {
        endpoint: input.endpoint.value,
        principalId: who.id,
        ...(who.type && { type: who.type }),
        ...(who.name && { name: who.name }),
      };
      return passed(`accepted for the ${what} ${name}`, facts, skew(who.serverTime));
    } catch (error) {
      const finding = await explainDistrust(restFinding(error, input), input);
      return { ...finding, outputs: skew(serverTimeOfError(error)) };
    }
  },
};

type Trust = Pick<CheckInput, 'endpoint' | 'restProxy' | 'trust'>;

/** For an endpoint whose certificate is not trusted: adds its issuer, and says which CA file or variable is wrong. */
async function explainDistrust(finding: Finding, { endpoint, restProxy, trust }: Trust): Promise<Finding> {
  if (finding.cause?.code !== 'rest-tls-unknown-authority') return finding;
  const { hostname, port } = new URL(endpoint.value);
  // Through a proxy, another server might answer.
  const issuer =
    restProxy.kind === 'proxy'
      ? undefined
      : await findPeerIssuer({ host: normalizeHost(hostname), port: port === '' ? 443 : Number(port) });
  const named = issuer === undefined ? 'of the endpoint' : `"${escapeForTerminal(issuer.replaceAll('\n', ', '), 200)}"`;
  const steps = [...wrongFile(trust, named), ...unreadableVariable(trust)];
  const general = FAILURE_HINTS['tls-unknown-authority'];
  const specific = (finding.advice ?? []).filter(({ text }) => !general.includes(text));
  return {
    ...finding,
    ...(issuer !== undefined && { facts: { ...finding.facts, serverIssuer: issuer } }),
    advice: steps.length > 0 ? [...steps, ...specific] : (finding.advice ?? []),
  };
}

function wrongFile({ own }: CheckInput['trust'], issuer: string): readonly Advice[] {
  if (own === undefined) return [];
  const subjects = own.subjects.map((subject) => `"${escapeForTerminal(subject, 200)}"`).join(', ');
  const text = `Replace the certificates in ${escapeForTerminal(own.path, 300)} (kuflow.api.ca, ${own.source}), which belong to ${subjects}, with the certificate of the CA ${issuer}`;
  return [{ text }];
}

function unreadableVariable({ own, unreadable }: CheckInput['trust']): readonly Advice[] {
  if (unreadable === undefined) return [];
  const text = `Correct NODE_EXTRA_CA_CERTS, which is ignored because ${escapeForTerminal(unreadable.path, 300)} cannot be read (${unreadable.why})`;
  return [{ text: own === undefined ? `${text}, or set kuflow.api.ca to your CA certificate file` : text }];
}

const SHOWN_TENANTS = 5;

export const tenantCheck: DoctorCheck = {
  id: 'KF-REST-002',
  title: 'Tenant',
  plane: 'rest',
  requires: ['KF-REST-001'],
  timeoutMs: 10_000,
  run: async ({ input, signal }) => {
    let tenants: VisibleTenants;
    try {
      tenants = await input.rest.tenants(signal);
    } catch (error) {
      return listingFinding(error, 'tenants');
    }
    return evaluateTenants(tenants, input);
  },
};

function evaluateTenants({ ids, total }: VisibleTenants, { tenantId }: DoctorInput): Finding {
  const firstIds = ids.slice(0, SHOWN_TENANTS);
  const facts = { tenants: firstIds, total, ...(tenantId && { tenantId: tenantId.value }) };
  const values = { tenants: firstIds.join(', '), source: tenantId?.source ?? '' };
  const complete = ids.length >= total;
  if (tenantId !== undefined) {
    if (!complete || ids.some((id) => id.toLowerCase() === tenantId.value.toLowerCase()))
      return passed(`${tenantId.value} (${tenantId.source})`, facts);
    const text = `The application does not belong to the configured tenant ${tenantId.value} (${tenantId.source})`;
    return toFinding('KF-REST-002', 'tenant-not-visible', text, { facts, values });
  }
  if (total === 0) return passed('KuFlow does not show any tenants', facts);
  if (total === 1) return passed(`${ids[0] ?? ''}, the application's only tenant`, facts);
  const text = `The application belongs to ${total} tenants, but the settings do not specify which one to use`;
  return toFinding('KF-REST-002', 'tenant-not-named', text, { facts, values });
}

/** Whether KF-REST-002 found that the application does not belong to the configured tenant, for which KuFlow then issues nothing. */
export function isForeignTenant(resultOf: CheckContext<unknown>['resultOf']): boolean {
  return resultOf('KF-REST-002')?.cause?.code === 'tenant-not-visible';
}
