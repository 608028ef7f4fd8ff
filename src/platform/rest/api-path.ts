import { API_VERSION } from '../../kuflow/endpoint.ts';

/** The path without `/apis/external`, the version and repeated slashes (KuFlow's JS SDK sends two). The query stays. */
export function stripApiPrefix(url: string): string {
  const at = url.indexOf('?');
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)];
  let below = path.replace(/\/{2,}/g, '/');
  for (const prefix of ['/apis/external', `/${API_VERSION}`]) {
    if (below === prefix || below.startsWith(`${prefix}/`)) below = below.slice(prefix.length);
  }
  return `${below === '' ? '/' : below}${query}`;
}

/** Why a request matches no operation. Old KuFlow SDKs call another version of the API, or operations that this one no longer has. */
export function describeUnknownOperation(method: string, path: string): string {
  const version = /^\/(v\d{4}-\d{2}-\d{2})(?:\/|$)/.exec(stripApiPrefix(path))?.[1];
  if (version !== undefined)
    return `The local KuFlow serves KuFlow's API ${API_VERSION}, not ${version}. Update the KuFlow SDK, or the API endpoint in the settings`;
  const unknown = `KuFlow's API ${API_VERSION} does not have an operation ${method} ${path}`;
  return path.endsWith('/~actions/upload-user-action-document')
    ? `${unknown}: current KuFlow SDKs upload documents with POST /documents/~actions/upload. Update the KuFlow SDK`
    : unknown;
}
