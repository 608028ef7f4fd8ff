import type { Settings } from './settings.ts';

/** `host` and `port` of an address such as `host:port` or `https://host/path`. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const url = new URL(address.includes('://') ? address : `https://${address}`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(url.port) || (url.protocol === 'http:' ? 80 : 443) };
}

/** The proxy through which this worker reaches a host, or undefined for a direct connection. Loopback is never proxied. */
export function proxyFor(settings: Settings, address: string): URL | undefined {
  const { proxy, noProxy } = settings.temporal;
  const { host, port } = hostAndPort(address);
  if (proxy === undefined || isLoopback(host)) return undefined;
  const excluded = noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry.toLowerCase(), host.toLowerCase(), port));
  return excluded ? undefined : new URL(proxy.reveal());
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [, name = entry, entryPort] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (entryPort !== undefined && Number(entryPort) !== port) return false;
  const suffix = name.replace(/^\*?\./, '');
  return host === suffix || host.endsWith(`.${suffix}`);
}
