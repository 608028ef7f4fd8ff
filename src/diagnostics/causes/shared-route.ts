import type { HandshakeFacts } from '../../engine/dial/handshake.ts';
import type { CheckResult } from '../check.ts';
import type { CheckInput } from '../check-input.ts';

/** Codes for a machine without a network or without a DNS server. */
const OF_THE_MACHINE: readonly string[] = ['EAI_AGAIN', 'ENETUNREACH'];

/**
 * Whether the engine cannot be reached for the same reason as the REST API, whose result is `rest`: the same proxy failed in the same way, the
 * same proxy variable decided both routes, this machine has no network, or it cannot resolve the names of one domain.
 */
export function isSharedWithRest(
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
