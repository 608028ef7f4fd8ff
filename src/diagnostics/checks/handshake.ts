import { type HandshakeFacts, probeHandshake } from '../../engine/dial.ts';
import { passed, type CheckResult, type Facts, skippedBecauseOf, type Check } from '../check.ts';
import type { CheckInput } from '../input.ts';
import { X509Certificate } from 'node:crypto';
import { certificateBlocks } from '../../engine/material/file-format.ts';
import type { TlsMaterial } from '../../engine/material/tls-material.ts';
import type { EngineCauseCode } from '../explanations/engine.ts';
import { type EngineCause, handshakeCause } from '../causes/engine.ts';
import { compareClocks, engineDialOptions, engineFinding, formatHandshakeFacts } from '../causes/engine-findings.ts';

export const engineHandshakeCheck: Check<CheckInput> = {
  id: 'KF-TLS-003',
  title: 'Engine TLS handshake',
  plane: 'tls',
  requires: ['KF-SET-006', 'KF-TLS-001', 'KF-TLS-002'],
  after: ['KF-REST-001', 'KF-CLOCK-001'],
  // Connecting, the handshake and the reads after it have shorter limits with more specific results.
  timeoutMs: 15_000,
  run: async ({ input, outputs, signal, resultOf }) => {
    const facts = await probeHandshake(engineDialOptions(input, outputs, signal));
    const shown = formatHandshakeFacts(facts);
    const cause = handshakeCause(facts, compareClocks(input, outputs));
    if (cause === undefined) {
      const read = facts.after?.kind === 'http2' ? 'followed by an HTTP/2 response' : 'not followed by a response';
      return passed(`${facts.protocol ?? 'TLS'}, ${read}`, shown);
    }
    if (cause.code === 'engine-certificate-by-clock' && resultOf('KF-CLOCK-001')?.state === 'fail')
      return { ...skippedBecauseOf('KF-CLOCK-001', cause.text), facts: shown };
    if (isSharedWithRest(facts, resultOf('KF-REST-001'), input))
      return { ...skippedBecauseOf('KF-REST-001', cause.text), facts: shown };
    const issuers = findOtherIssuer(cause, outputs.material);
    if (issuers === undefined) return engineFinding(cause, input, shown);
    return engineFinding({ ...cause, text: `${cause.text}. ${issuers.text}` }, input, { ...shown, ...issuers.facts });
  },
};

/** Codes for a machine without a network or without a DNS server. */
const OF_THE_MACHINE: readonly string[] = ['EAI_AGAIN', 'ENETUNREACH'];

/**
 * Whether the engine cannot be reached for the same reason as the REST API, whose result is `rest`: the same proxy failed in the same way, the
 * same proxy variable decided both routes, this machine has no network, or it cannot resolve the names of one domain.
 */
function isSharedWithRest(
  { failure, proxy, target }: HandshakeFacts,
  rest: CheckResult | undefined,
  { routeHints, endpoint }: Pick<CheckInput, 'routeHints' | 'endpoint'>,
): boolean {
  if (failure === undefined || failure.stage === 'tls') return false;
  const seen = rest?.facts['networkCode'];
  if (rest === undefined || seen === undefined) return false;
  const code = failure.proxyStatus ?? failure.code;
  if (proxy !== undefined && rest.facts['proxy'] === proxy.displayUrl) return seen === code;
  if (OF_THE_MACHINE.includes(failure.code) && seen === failure.code) return true;
  if (
    proxy === undefined &&
    failure.code === 'ENOTFOUND' &&
    seen === 'ENOTFOUND' &&
    isSameDomain(target, endpoint.value)
  )
    return true;
  return routeHints.rest.some((hint) => routeHints.engine.includes(hint));
}

const isSameDomain = (target: string, endpoint: string): boolean =>
  domainOf(new URL(`https://${target}`).hostname) === domainOf(new URL(endpoint).hostname);

const domainOf = (host: string): string => host.split('.').slice(-2).join('.');

const REJECTIONS: readonly EngineCauseCode[] = [
  'client-certificate-refused',
  'engine-closed-after-handshake',
  'engine-handshake-refused',
  'engine-reset',
];

const oneLine = (name: string): string => name.replaceAll('\n', ', ');

/**
 * What can be observed here if the server may have rejected the client certificate: that none of the CA certificates in use issued it. It does
 * not have to be the reason, because a server may trust other issuers.
 */
function findOtherIssuer(
  { code }: EngineCause,
  material: TlsMaterial | undefined,
): { readonly text: string; readonly facts: Facts } | undefined {
  if (material === undefined || !REJECTIONS.includes(code)) return undefined;
  const authorities = material.ca.map((pem) => new X509Certificate(pem));
  const chain = certificateBlocks(material.cert).map((pem) => new X509Certificate(pem));
  const isIssued = chain.some((one) => authorities.some((ca) => one.checkIssued(ca) && one.verify(ca.publicKey)));
  if (isIssued) return undefined;
  const issuer = oneLine(material.issuer);
  const subjects = authorities.map(({ subject }) => oneLine(subject));
  return {
    text: `The client certificate was issued by "${issuer}", which is not the CA in use, "${subjects.join('", "')}"`,
    facts: { clientIssuer: issuer, authoritySubjects: subjects },
  };
}
