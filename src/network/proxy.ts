import { BlockList, isIP, isIPv4 } from 'node:net';
import { usageError } from '../base/errors.ts';
import { isLoopbackHost, normalizeHost } from './address.ts';
import { Secret } from '../base/secret.ts';

/** How REST or the engine is reached. Decided once, and included in results. */
export type ProxyDecision =
  | { readonly kind: 'direct'; readonly reason: string }
  | {
      readonly kind: 'proxy';
      /** `http://host:port` or `https://host:port`, without credentials. */
      readonly url: string;
      /** `user:password`, decoded, if the address contains them. */
      readonly credentials?: Secret;
      /** The address as it may be printed. */
      readonly displayUrl: string;
      /** The setting or variable it comes from, e.g. `HTTPS_PROXY`. */
      readonly source: string;
    };

export interface ProxyRequest {
  /** The URL to reach: `https://api.kuflow.com`, or `https://engine.kuflow.com:443` for the engine. */
  readonly url: string | URL;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** A proxy from a setting, which overrides the environment and NO_PROXY. `none` or empty means no proxy. */
  readonly explicit?: { readonly value: string; readonly source: string };
}

/** The lowercase variable wins, as in curl. An empty variable counts as absent. */
function readVariable(env: ProxyRequest['env'], name: string) {
  for (const source of [name.toLowerCase(), name]) {
    const value = env[source]?.trim();
    if (value !== undefined && value !== '') return { value, source };
  }
  return undefined;
}

/** The setting or variable that names the proxy for a URL, or undefined. */
export function proxySource({ url, env, explicit }: ProxyRequest): string | undefined {
  if (explicit !== undefined) return explicit.source;
  return readVariable(env, new URL(url).protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY')?.source;
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
    return (
      isIP(normalizeHost(subnet)) !== 0 && isIP(host) !== 0 && inSubnet(host, normalizeHost(subnet), Number(prefix))
    );
  const withPort = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry);
  if (withPort !== null && withPort[2] !== port) return false;
  const name = normalizeHost(withPort?.[1] ?? entry).replace(/^\*?\./, '');
  return host === name || (isIP(host) === 0 && host.endsWith(`.${name}`));
}

/** Whether something before the last `@` ends the part of a URL with user name and password (RFC 3986 §3.2). */
function hasUnencodedCredentials(address: string): boolean {
  const [credentials] = /(?<=:\/\/).*(?=@)/s.exec(address) ?? [];
  return credentials !== undefined && /[@/#?]/.test(credentials);
}

function parseProxy(text: string, source: string): ProxyDecision {
  // The message does not contain the text, because it may include a password.
  const invalidProxy = (what: string) =>
    usageError(`${source} ${what}`, [`Set ${source} to an address like http://proxy.example.com:3128`]);
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  // Without this, the host would be that part of the password, or the part in front of it.
  if (hasUnencodedCredentials(withScheme))
    throw usageError(`${source} has a user name or password with an unencoded @, /, # or ?`, [
      `In the user name and password in ${source}, write @ as %40, / as %2F, # as %23 and ? as %3F`,
    ]);
  let url: URL;
  try {
    url = new URL(withScheme);
  } catch {
    throw invalidProxy('is not a proxy address');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalidProxy(`names a ${url.protocol.slice(0, -1)} proxy; only http and https proxies are supported`);
  const address = `${url.protocol}//${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port}`;
  if (url.username === '' && url.password === '') return { kind: 'proxy', url: address, displayUrl: address, source };
  let credentials: string;
  try {
    credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  } catch {
    throw invalidProxy('has a user name or password that is not percent-encoded');
  }
  return {
    kind: 'proxy',
    url: address,
    credentials: new Secret(credentials),
    displayUrl: address.replace('://', '://[redacted]@'),
    source,
  };
}

/**
 * Decides whether `url` is reached through a proxy. Loopback never is; otherwise the explicit setting decides, then NO_PROXY, then
 * HTTPS_PROXY or HTTP_PROXY (upper or lower case) for the scheme of `url`. Throws a usage error that names the source of an invalid address.
 */
export function decideProxy({ url, env, explicit }: ProxyRequest): ProxyDecision {
  const target = new URL(url);
  if (isLoopbackHost(target.hostname)) return { kind: 'direct', reason: 'loopback is never proxied' };
  if (explicit !== undefined) {
    const value = explicit.value.trim();
    return value === '' || value === 'none'
      ? { kind: 'direct', reason: `${explicit.source} disables it` }
      : parseProxy(value, explicit.source);
  }
  const found = readVariable(env, target.protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY');
  if (found === undefined) return { kind: 'direct', reason: 'no proxy is set' };
  const exceptions = readVariable(env, 'NO_PROXY');
  const port = target.port === '' ? (target.protocol === 'http:' ? '80' : '443') : target.port;
  const exempting = exceptions?.value
    .split(/[\s,]+/)
    .find((entry) => entry !== '' && matchesException(entry, normalizeHost(target.hostname), port));
  if (exceptions !== undefined && exempting !== undefined)
    return { kind: 'direct', reason: `${exceptions.source} contains ${exempting}` };
  return parseProxy(found.value, found.source);
}

/**
 * Variables that change the route in a way that is easy to overlook, such as one that overrides another. Each hint is one step of advice without
 * a period. `hosts`: all hosts that are reached through the same proxy as `url`.
 */
export function proxyHints(request: ProxyRequest, hosts: readonly string[]): readonly string[] {
  const { url, env, explicit } = request;
  const target = new URL(url);
  if (explicit !== undefined || isLoopbackHost(target.hostname)) return [];
  const variable = target.protocol === 'http:' ? 'HTTP_PROXY' : 'HTTPS_PROXY';
  const proxy = readVariable(env, variable);
  if (proxy === undefined) return [];
  const decision = decideProxy(request);
  const exceptions = readVariable(env, 'NO_PROXY');
  const without = (source: string): ProxyDecision => decideProxy({ ...request, env: { ...env, [source]: undefined } });
  const hints: string[] = [];
  if (decision.kind === 'proxy' && hidesOther(env, variable, proxy.source))
    hints.push(`Correct or remove ${proxy.source}; it overrides ${variable}, which names another proxy`);
  if (exceptions !== undefined && hidesOther(env, 'NO_PROXY', exceptions.source)) {
    const otherwise = without(exceptions.source).kind;
    if (otherwise !== decision.kind) {
      const effect = otherwise === 'direct' ? 'makes the connection direct' : 'sends the connection through the proxy';
      hints.push(`Correct or remove ${exceptions.source}; it overrides NO_PROXY, which ${effect}`);
    }
  }
  const subnet = exceptions?.value.split(/[\s,]+/).find((entry) => isSubnet(entry));
  const names = [...new Set(hosts)].filter((host) => isIP(normalizeHost(host)) === 0);
  if (decision.kind === 'proxy' && exceptions !== undefined && subnet !== undefined && names.length > 0) {
    const added = names.join(' and ');
    hints.push(
      `${exceptions.source} has the subnet ${subnet}, which never matches a host name: add ${added} if it is in that subnet`,
    );
  }
  return hints;
}

/** Whether the lowercase variable is in use and the uppercase one has a different value. */
function hidesOther(env: ProxyRequest['env'], name: string, source: string): boolean {
  const hidden = env[name]?.trim() ?? '';
  return source !== name && hidden !== '' && hidden !== env[source]?.trim();
}

function isSubnet(entry: string): boolean {
  const [address = '', prefix] = entry.split('/');
  return prefix !== undefined && isIP(normalizeHost(address)) !== 0;
}

/** Formats a decision for results: `through http://proxy:3128 (HTTPS_PROXY)` or `direct (loopback is never proxied)`. */
export function formatProxy(decision: ProxyDecision): string {
  return decision.kind === 'direct'
    ? `direct (${decision.reason})`
    : `through ${decision.displayUrl} (${decision.source})`;
}
