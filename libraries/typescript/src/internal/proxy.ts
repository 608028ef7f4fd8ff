import * as http from 'node:http';
import { BlockList, isIP, type Socket } from 'node:net';
import { buildConnector } from 'undici';
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

/**
 * Creates connections for undici through an HTTP proxy. undici's own ProxyAgent is not used: if a proxy closes the connection without a
 * response, it tries again without a pause and without end. `timeout` is in milliseconds.
 */
export function connectThrough(proxy: URL, trust: { ca?: string[] }, timeout: number): buildConnector.connector {
  const startTls = buildConnector({ ...trust, timeout });
  return (options, callback) => {
    const { hostname, port, protocol } = options;
    const isTls = protocol !== 'http:';
    openTunnel(proxy, `${hostname}:${port || (isTls ? '443' : '80')}`, timeout).then(
      (httpSocket) => (isTls ? startTls({ ...options, httpSocket }, callback) : callback(null, httpSocket)),
      (error: unknown) => callback(error as Error, null),
    );
  };
}

async function openTunnel(proxy: URL, target: string, timeout: number): Promise<Socket> {
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  const request = http.request({
    method: 'CONNECT',
    host: normalizeHost(proxy.hostname),
    port: proxy.port || '80',
    path: target,
    headers: { host: target, ...(proxy.username !== '' && { 'proxy-authorization': authorization }) },
    agent: false,
    timeout,
  });
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => {
      reject(new Error(`the proxy ${proxy.host} ${what}`));
      request.destroy();
    };
    request.once('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        fail(`answered ${statusCode} to CONNECT`);
        return;
      }
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    request.once('response', () => fail('does not know CONNECT'));
    request.once('timeout', () => fail('did not answer in time'));
    request.on('error', (cause) => reject(new Error(`no answer from the proxy ${proxy.host}`, { cause })));
    request.end();
  });
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
