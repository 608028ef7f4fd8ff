import type { IncomingHttpHeaders } from 'node:http';

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Keeps out web pages, which can reach a loopback port through the browser. The Host must be loopback or one of
 * `hostNames`, because a page that rebinds its own name to 127.0.0.1 sends that name. An Origin, which browsers add,
 * must be this server. `isPage`: the console is static, so a link in any document may open it in a tab. Undefined if the request is accepted.
 */
export function checkOrigin(
  headers: IncomingHttpHeaders,
  {
    hostNames,
    scheme,
    isPage,
  }: { readonly hostNames: readonly string[]; readonly scheme: 'http' | 'https'; readonly isPage: boolean },
) {
  const host = parseUrl(`${scheme}://${headers.host ?? ''}`);
  if (
    headers.host === undefined ||
    host === undefined ||
    ![...LOOPBACK, ...hostNames.map((name) => name.toLowerCase())].includes(host.hostname)
  ) {
    return {
      status: 421,
      message:
        'The local KuFlow does not accept this Host: use 127.0.0.1, localhost or a configured host name (--host-name)',
    };
  }
  const { origin } = headers;
  if (origin !== undefined && parseUrl(origin)?.origin !== host.origin)
    return { status: 403, message: 'Web pages from another origin may not use this local KuFlow' };
  // Browsers send images, forms and navigation without an Origin, but say where they come from.
  const site = headers['sec-fetch-site'];
  const opensPage = isPage && headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if ((site === 'cross-site' || site === 'same-site') && !opensPage)
    return { status: 403, message: 'Web pages from another site may not use this local KuFlow' };
  return undefined;
}

const parseUrl = (text: string): URL | undefined => (URL.canParse(text) ? new URL(text) : undefined);
