import { usageError } from '../base/errors.ts';
import { isLoopbackHost } from '../network/address.ts';

/** Path segment of the KuFlow API version that the contract describes. Here, so that reading an endpoint does not load schemas. */
export const API_VERSION = 'v2024-06-14';

export const DEFAULT_ENDPOINT = 'https://api.kuflow.com';

/**
 * Normalizes the base address of KuFlow's REST API to `https://host[:port][/prefix]/v2024-06-14` without a trailing slash. Throws a usage
 * error for a text that is not an http(s) URL, that has credentials, a query, a fragment or another API version, or that is plain `http:` to
 * another host: every call carries credentials, so only loopback may be used without TLS. `allowInsecure` accepts plain `http:`, for addresses
 * that are only displayed.
 */
export function normaliseEndpoint(text: string, allowInsecure = false): string {
  const advice = [`An endpoint looks like ${DEFAULT_ENDPOINT}`];
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw usageError('The KuFlow endpoint is not a URL', advice);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw usageError(`The KuFlow endpoint must start with https:, not ${url.protocol}`, advice);
  if (url.username !== '' || url.password !== '')
    throw usageError('The KuFlow endpoint must not contain credentials', advice);
  if (url.search !== '' || url.hash !== '')
    throw usageError('The KuFlow endpoint must not have a query or a fragment', advice);
  if (!isSecureEnough(url) && !allowInsecure) {
    throw usageError(`http://${url.host} does not use TLS, so the client secret would be sent in plain text`, [
      `Use https://${url.host}`,
    ]);
  }
  const path = url.pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  const version = /\/(v\d{4}-\d{2}-\d{2})$/.exec(path)?.[1];
  if (version !== undefined && version !== API_VERSION) {
    throw usageError(`The KuFlow endpoint names the API version ${version}; this tool speaks ${API_VERSION}`, [
      'Leave the version out of the endpoint',
    ]);
  }
  return `${url.origin}${path}${version === undefined ? `/${API_VERSION}` : ''}`;
}

/** Whether credentials can be sent to this address without a warning. */
export function isSecureEnough(url: URL): boolean {
  return url.protocol === 'https:' || isLoopbackHost(url.hostname);
}
