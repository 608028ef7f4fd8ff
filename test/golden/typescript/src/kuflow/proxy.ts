import { BlockList, isIP } from 'node:net';
import { isLoopback } from './loopback.ts';
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
    .some((entry) => matches(entry.toLowerCase(), bare(host), port));
  return excluded ? undefined : new URL(proxy.reveal());
}

function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  const [subnet = '', prefix] = entry.split('/');
  if (prefix !== undefined) return isInSubnet(host, subnet, Number(prefix));
  const [, name = entry, entryPort] = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry) ?? [];
  if (entryPort !== undefined && Number(entryPort) !== port) return false;
  const suffix = bare(name).replace(/^\*?\./, '');
  return host === suffix || (isIP(host) === 0 && host.endsWith(`.${suffix}`));
}

function isInSubnet(host: string, address: string, prefix: number): boolean {
  if (
    isIP(host) === 0 ||
    isIP(bare(address)) === 0 ||
    !(prefix >= 0 && prefix <= (isIP(bare(address)) === 4 ? 32 : 128))
  )
    return false;
  const list = new BlockList();
  list.addSubnet(bare(address), prefix, isIP(bare(address)) === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, isIP(host) === 4 ? 'ipv4' : 'ipv6');
}

function bare(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
