import { BlockList, isIP } from 'node:net';
import type { Settings } from './settings.ts';

/** Whether connections to this host stay on this machine. */
export function isLoopback(host: string): boolean {
  const name = normalizeHost(host);
  return name === 'localhost' || name.endsWith('.localhost') || name === '::1' || /^127(?:\.\d{1,3}){3}$/.test(name);
}

/**
 * The proxy to use for an address such as `host:port` or `https://host/path`, or undefined for a direct connection. Loopback
 * addresses are never proxied.
 */
export function proxyFor(settings: Pick<Settings, 'temporal'>, address: string): URL | undefined {
  const { proxy, noProxy } = settings.temporal;
  const url = new URL(address.includes('://') ? address : `https://${address}`);
  if (proxy === undefined || isLoopback(url.hostname)) return undefined;
  const host = normalizeHost(url.hostname);
  const port = url.port || (url.protocol === 'http:' ? '80' : '443');
  const excluded = noProxy.split(/[\s,]+/).some((entry) => entry !== '' && isExcluded(entry, host, port));
  return excluded ? undefined : new URL(proxy.reveal());
}

/** Whether an entry of NO_PROXY applies: `*`, a subnet, or a host with its subdomains and an optional port. */
function isExcluded(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return isInSubnet(host, entry);
  const [, name = entry, entryPort = port] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  const domain = normalizeHost(name).replace(/^\*?\./, '');
  return entryPort === port && (host === domain || (isIP(host) === 0 && host.endsWith(`.${domain}`)));
}

function isInSubnet(host: string, subnet: string): boolean {
  const [address = '', prefix] = subnet.split('/');
  const family = (ip: string) => (isIP(ip) === 6 ? 'ipv6' : 'ipv4');
  const list = new BlockList();
  try {
    list.addSubnet(normalizeHost(address), Number(prefix), family(normalizeHost(address)));
    return list.check(host, family(host));
  } catch {
    // The entry is not a subnet, or the host is not an IP address.
    return false;
  }
}

/** In lower case, without the brackets of an IPv6 address and the dot at the end of an absolute name. */
function normalizeHost(host: string): string {
  return host.toLowerCase().replace(/^\[|\]$|\.$/g, '');
}
