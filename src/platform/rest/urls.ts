import { API_VERSION } from '../../kuflow/contract/api-version.ts';

/**
 * The path below the version segment: slashes collapsed (KuFlow's JS SDK sends two), an optional `/apis/external` and the version cut off.
 * The query stays as it is.
 */
export function stripApiPrefix(url: string): string {
  const at = url.indexOf('?');
  const [path, query] = at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at)];
  let below = path.replace(/\/{2,}/g, '/');
  for (const prefix of ['/apis/external', `/${API_VERSION}`]) {
    if (below === prefix || below.startsWith(`${prefix}/`)) below = below.slice(prefix.length);
  }
  return `${below === '' ? '/' : below}${query}`;
}

/** The query as lists of texts by name; `+` is a space, as forms send it. */
export function parseQuery(text: string): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of new URLSearchParams(text)) {
    const before = query[name];
    query[name] = before === undefined ? value : [...[before].flat(), value];
  }
  return { ...query };
}
