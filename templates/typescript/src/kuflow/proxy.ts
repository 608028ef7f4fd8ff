import { BlockList, isIP } from 'node:net';
import { isLoopback } from './loopback.ts';
import type { Settings } from './settings.ts';

/** Host and port of an address such as `host:port` or `https://host/path`. */
export function hostAndPort(address: string): { readonly host: string; readonly port: number } {
  const url = new URL(address.includes('://') ? address : `https://${address}`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(url.port) || (url.protocol === 'http:' ? 80 : 443) };
}

/** The proxy to use for an address, or undefined for a direct connection. Loopback addresses are never proxied. */
export function proxyFor(settings: Settings, address: string): URL | undefined {
  const { proxy, noProxy } = settings.temporal;
  const { host, port } = hostAndPort(address);
  if (proxy === undefined || isLoopback(host)) return undefined;
  const excluded = noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => matchesNoProxy(entry.toLowerCase(), normalizeHost(host), port));
  return excluded ? undefined : new URL(proxy.reveal());
}

function matchesNoProxy(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [subnet = '', prefix] = entry.split('/');
  if (prefix !== undefined) return isInSubnet(host, subnet, Number(prefix));
  const [, name = entry, entryPort] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  if (entryPort !== undefined && Number(entryPort) !== port) return false;
  const suffix = normalizeHost(name).replace(/^\*?\./, '');
  return host === suffix || (isIP(host) === 0 && host.endsWith(`.${suffix}`));
}

function isInSubnet(host: string, address: string, prefix: number): boolean {
  if (
    isIP(host) === 0 ||
    isIP(normalizeHost(address)) === 0 ||
    !(prefix >= 0 && prefix <= (isIP(normalizeHost(address)) === 4 ? 32 : 128))
  )
    return false;
  const list = new BlockList();
  list.addSubnet(normalizeHost(address), prefix, isIP(normalizeHost(address)) === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

function normalizeHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
