import { uuid7 } from '../base/uuid.ts';
import { PACKAGE_NAME } from '../base/package-root.ts';
import { hasBodyField, operations, type OperationId } from './contract/operations.ts';

/** The parts of any call, as `call` takes them, without the types of one operation. */
export interface AnyCallParts {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface PreparedRequest {
  readonly method: string;
  /** Without the query, which may contain personal data; for messages. */
  readonly url: string;
  readonly fullUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

function searchOf(query: Readonly<Record<string, unknown>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const item of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      if (item === undefined || item === null) continue;
      search.append(name, typeof item === 'string' ? item : JSON.stringify(item));
    }
  }
  // KuFlow splits filter expressions at %20; a plus is not one.
  const text = search.toString().replaceAll('+', '%20');
  return text === '' ? '' : `?${text}`;
}

function fillIn(id: OperationId, body: unknown, tenantId: string | undefined, now: number): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const filled: Record<string, unknown> = { ...body };
  // With an id from the client, a repeated create returns the result of the first one.
  if (hasBodyField(id, 'id')) filled['id'] ??= uuid7(now);
  // The API needs it when a principal belongs to several tenants.
  if (tenantId !== undefined && hasBodyField(id, 'tenantId')) filled['tenantId'] ??= tenantId;
  return filled;
}

/** The request for a call: address, headers without credentials, and the body in the operation's media type. */
export function prepareRequest(
  id: OperationId,
  parts: AnyCallParts,
  context: { readonly endpoint: string; readonly tenantId?: string | undefined; readonly now: number },
): PreparedRequest {
  const operation = operations[id];
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = parts.path?.[name];
    if (value === undefined || value === '') throw new TypeError(`${id} needs the path parameter ${name}`);
    return encodeURIComponent(value);
  });
  const url = `${context.endpoint}${path}`;
  const media = new Set(Object.values(operation.responses).flatMap((response) => response.media ?? []));
  const headers: Record<string, string> = {
    accept: [...media, 'application/json'].join(', '),
    'user-agent': PACKAGE_NAME,
  };
  const fullUrl = `${url}${searchOf(parts.query ?? {})}`;
  const method = operation.method.toUpperCase();
  if (operation.body === undefined || parts.body === undefined) return { method, url, fullUrl, headers };
  headers['content-type'] = operation.body.media;
  const body =
    parts.body instanceof Uint8Array
      ? parts.body
      : JSON.stringify(fillIn(id, parts.body, context.tenantId, context.now));
  return { method, url, fullUrl, headers, body };
}
