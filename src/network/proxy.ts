import { BlockList, isIP, isIPv4 } from 'node:net';
import { usageError } from '../base/errors.ts';
import { isLoopbackHost } from './address.ts';
import { Secret } from '../base/secret.ts';

/** How one plane (REST, engine) reaches its address, decided once and stated in results. */
export type ProxyDecision =
  | { readonly kind: 'direct'; readonly reason: string }
  | {
      readonly kind: 'proxy';
      /** `http://host:port` or `https://host:port`, without credentials. */
      readonly url: string;
      /** `user:password`, decoded, when the address has them. */
      readonly credentials?: Secret;
      /** The address as it may be printed. */
      readonly shown: string;
      /** The setting or variable it comes from, e.g. `HTTPS_PROXY`. */
      readonly source: string;
    };

export interface ProxyRequest {
  /** What is to be reached: `https://api.kuflow.com`, or `https://engine.kuflow.com:443` for the engine. */
  readonly url: string | URL;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A proxy given by a setting: it wins over the environment and over NO_PROXY. `none` or nothing means no proxy. */
  readonly explicit?: { readonly value: string; readonly source: string };
}

/** The lower-case variable wins, as in curl; an empty one counts as absent. */
function readVariable(
  env: ProxyRequest['env'],
  name: string,
): { readonly value: string; readonly source: string } | undefined {
  for (const source of [name.toLowerCase(), name]) {
    const value = env[source]?.trim();
    if (value !== undefined && value !== '') return { value, source };
  }
  return undefined;
}

/** The setting or variable that decides how an address is reached, where one does. */
export function proxySource({ url, env, explicit }: ProxyRequest): string | undefined {
  if (explicit !== undefined) return explicit.source;
  return readVariable(env, new URL(url).protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY')?.source;
}

function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}

function inSubnet(host: string, address: string, prefix: number): boolean {
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > (family === 'ipv4' ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, prefix, family);
  return list.check(host, isIPv4(host) ? 'ipv4' : 'ipv6');
}

function matchesException(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [subnet = '', prefix] = entry.split('/');
  if (prefix !== undefined)
    return isIP(bare(subnet)) !== 0 && isIP(host) !== 0 && inSubnet(host, bare(subnet), Number(prefix));
  const withPort = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry);
  if (withPort !== null && withPort[2] !== port) return false;
  const name = bare(withPort?.[1] ?? entry).replace(/^\*?\./, '');
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

function parseProxy(text: string, source: string): ProxyDecision {
  // The text is not repeated: it may hold a password.
  const wrong = (what: string) =>
    usageError(`${source} ${what}`, [`Set ${source} to an address like http://proxy.example.com:3128`]);
  let url: URL;
  try {
    url = new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    throw wrong('is not a proxy address');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw wrong(`names a ${url.protocol.slice(0, -1)} proxy; only http and https proxies are supported`);
  const address = `${url.protocol}//${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port}`;
  if (url.username === '' && url.password === '') return { kind: 'proxy', url: address, shown: address, source };
  let credentials: string;
  try {
    credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  } catch {
    throw wrong('has a user name or password that is not percent-encoded');
  }
  return {
    kind: 'proxy',
    url: address,
    credentials: new Secret(credentials),
    shown: address.replace('://', '://[redacted]@'),
    source,
  };
}

/**
 * Decides whether `url` is reached through a proxy: never for loopback, else by the explicit setting, else by NO_PROXY, HTTPS_PROXY
 * and HTTP_PROXY (upper or lower case) for the scheme of `url`. Throws a usage error that names the source of a bad address.
 */
export function decideProxy({ url, env, explicit }: ProxyRequest): ProxyDecision {
  const target = new URL(url);
  if (isLoopbackHost(target.hostname)) return { kind: 'direct', reason: 'loopback is never proxied' };
  if (explicit !== undefined) {
    const value = explicit.value.trim();
    return value === '' || value === 'none'
      ? { kind: 'direct', reason: `${explicit.source} says so` }
      : parseProxy(value, explicit.source);
  }
  const found = readVariable(env, target.protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY');
  if (found === undefined) return { kind: 'direct', reason: 'no proxy is set' };
  const exceptions = readVariable(env, 'NO_PROXY');
  const port = target.port === '' ? (target.protocol === 'http:' ? '80' : '443') : target.port;
  const exempting = exceptions?.value
    .split(/[\s,]+/)
    .find((entry) => entry !== '' && matchesException(entry, bare(target.hostname), port));
  if (exceptions !== undefined && exempting !== undefined)
    return { kind: 'direct', reason: `${exceptions.source} has ${exempting}` };
  return parseProxy(found.value, found.source);
}

/** One phrase for results: `through http://proxy:3128 (HTTPS_PROXY)` or `direct (loopback is never proxied)`. */
export function formatProxy(decision: ProxyDecision): string {
  return decision.kind === 'direct' ? `direct (${decision.reason})` : `through ${decision.shown} (${decision.source})`;
}
