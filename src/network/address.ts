import { isIP, isIPv4, isIPv6 } from 'node:net';

export interface HostPort {
  /** Host name or IP address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatHostPort({ host, port }: HostPort): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

/** Whether a host name or address is always this machine: localhost, *.localhost, 127.0.0.0/8, ::1. IPv6 addresses may be in brackets. */
export function isLoopbackHost(host: string): boolean {
  const name = normalizeHost(host);
  if (name === 'localhost' || name.endsWith('.localhost')) return true;
  if (isIPv4(name)) return name.startsWith('127.');
  if (!isIPv6(name)) return false;
  // The URL parser gives mapped addresses in hexadecimal: ::ffff:7f00:1 is 127.0.0.1.
  return name === '::1' || name === '0:0:0:0:0:0:0:1' || /^::ffff:(127\.|7f[0-9a-f]{2}:)/.test(name);
}

/** A host in lower case, without the brackets of an IPv6 address and without a trailing dot. */
export function normalizeHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '');
}
