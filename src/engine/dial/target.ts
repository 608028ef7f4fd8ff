import { isIP } from 'node:net';
import type { HostPort } from '../../network/address.ts';

export type TargetReading =
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
