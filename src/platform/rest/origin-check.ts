import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

export type OriginCheck =
  { readonly ok: true } | { readonly ok: false; readonly status: 403 | 421; readonly message: string };

/**
 * Keeps web pages out, which can reach a loopback port through the browser: the Host must be loopback or one of `hostNames`
 * (a page that rebinds its own name to 127.0.0.1 sends that name), and an Origin, which browsers add, must be this very server.
 */
export function checkOrigin(
  headers: IncomingHttpHeaders,
  hostNames: readonly string[],
  scheme: 'http' | 'https',
): OriginCheck {
  const host = parseUrl(`${scheme}://${headers.host ?? ''}`);
  if (
    headers.host === undefined ||
    host === undefined ||
    ![...LOOPBACK, ...hostNames.map((name) => name.toLowerCase())].includes(host.hostname)
  ) {
    return {
      ok: false,
      status: 421,
      message:
        'This local platform does not answer to that Host: use 127.0.0.1, localhost or a configured host name (--host-name)',
    };
  }
  const { origin } = headers;
  if (origin !== undefined && parseUrl(origin)?.origin !== host.origin)
    return { ok: false, status: 403, message: 'A web page of another origin may not use this local platform' };
  // Requests of pages without an Origin header (images, forms, navigation): the browser says where they come from.
  const site = headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site')
    return { ok: false, status: 403, message: 'A web page of another site may not use this local platform' };
  return { ok: true };
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
