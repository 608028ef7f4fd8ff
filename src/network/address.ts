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

type TargetReading =
  | { readonly ok: true; readonly target: HostPort }
  | { readonly ok: false; readonly problem: string };

/** Parses `temporal.target`: `host:port`, `1.2.3.4:port` or `[::1]:port`. Rejects URLs and missing ports, which SDKs handle differently. */
export function readTarget(text: string): TargetReading {
  const trimmed = text.trim();
  if (trimmed === '') return { ok: false, problem: 'it is empty; expected host:port' };
  if (trimmed.includes('://')) return { ok: false, problem: 'it is a URL; expected host:port without a scheme' };
  if (isIP(trimmed) === 6)
    return { ok: false, problem: 'it is an IPv6 address without a port; expected [address]:port' };
  const match = /^(?:\[([^\]]+)\]|([^:[\]/\s]+)):(\d{1,5})$/.exec(trimmed);
  if (match === null) {
    return {
      ok: false,
      problem: /:\d+$/.test(trimmed)
        ? 'its host is not a host name or an address; expected host:port'
        : 'it has no port; expected host:port',
    };
  }
  const [, bracketed, plain, digits] = match;
  const port = Number(digits);
  if (port < 1 || port > 65535) return { ok: false, problem: `port ${port} is outside 1 to 65535` };
  if (bracketed !== undefined && isIP(bracketed) !== 6)
    return { ok: false, problem: 'only an IPv6 address can be in brackets' };
  const host = bracketed ?? plain ?? '';
  if (/[^\w.:-]/.test(host)) return { ok: false, problem: 'its host contains invalid characters; expected host:port' };
  return { ok: true, target: { host, port } };
}
