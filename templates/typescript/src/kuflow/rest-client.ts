import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import * as tls from 'node:tls';
import { Agent, ProxyAgent, request as send, type Dispatcher } from 'undici';
import type { Metrics } from './metrics.ts';
import { proxyFor } from './proxy.ts';
import type { Settings } from './settings.ts';

export interface RestRequest {
  /** KuFlow's name of the operation, for logs and metrics. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Relative to the version segment. */
  readonly path: string;
  /** Arrays become repeated parameters. */
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
  readonly body?: unknown;
  readonly contentType?: 'application/json' | 'application/json-patch+json';
  readonly signal?: AbortSignal;
  /** Do not retry the call, because repeating it would do harm. */
  readonly once?: boolean;
}

export interface RestResponse<T> {
  readonly body: T;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

export interface RestClient {
  call<T>(request: RestRequest): Promise<RestResponse<T>>;
  close(): Promise<void>;
}

/** The body of KuFlow's error responses. */
export interface DefaultError {
  readonly timestamp?: string;
  readonly status?: number;
  readonly message?: string;
  readonly errors?: readonly { readonly code?: string; readonly message?: string; readonly location?: string }[];
}

/** A failed call. `status` is set if KuFlow responded. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly operation: string;
  readonly status: number | undefined;
  readonly details: DefaultError | undefined;
  /** How long KuFlow asked to wait, in milliseconds. */
  readonly retryAfter: number | undefined;
  readonly timedOut: boolean;

  constructor(
    message: string,
    facts: {
      operation: string;
      status?: number | undefined;
      details?: DefaultError | undefined;
      retryAfter?: number | undefined;
      timedOut?: boolean;
      cause?: unknown;
    },
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.operation = facts.operation;
    this.status = facts.status;
    this.details = facts.details;
    this.retryAfter = facts.retryAfter;
    this.timedOut = facts.timedOut ?? false;
  }
}

const MAX_RETRY_DELAY = 3_000;

/** A client for KuFlow's REST API with the credentials of the application. Each call is retried once at most. */
export function createRestClient(settings: Settings, metrics: Metrics): RestClient {
  const { endpoint, clientId, clientSecret } = settings.api;
  const authorization = `Basic ${Buffer.from(`${clientId}:${clientSecret.reveal()}`).toString('base64')}`;
  const dispatcher = createDispatcher(settings);

  const attempt = async <T>(request: RestRequest): Promise<RestResponse<T>> => {
    const url = `${endpoint}${request.path}${formatQuery(request.query)}`;
    const call = `${request.method} ${url.split('?')[0] ?? url}`;
    let response: Dispatcher.ResponseData;
    let text: string;
    try {
      response = await send(url, {
        method: request.method,
        dispatcher,
        headers: {
          authorization,
          accept: 'application/json',
          'user-agent': 'kuflow-worker-typescript',
          ...(request.body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
        },
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
        signal: request.signal ?? null,
      });
      text = await response.body.text();
    } catch (error) {
      if (request.signal?.aborted === true) throw error;
      metrics.restCall(request.operation, 'error');
      throw new RestError(`${call}: no response`, {
        operation: request.operation,
        cause: error,
        timedOut: isTimeout(error),
      });
    }
    metrics.restCall(request.operation, response.statusCode);
    const body = parseJson(text);
    if (response.statusCode >= 400) {
      const details = isRecord(body) ? (body as DefaultError) : undefined;
      throw new RestError(`${call}: ${response.statusCode} ${details?.message ?? ''}`.trim(), {
        operation: request.operation,
        status: response.statusCode,
        details,
        retryAfter: parseRetryAfter(response.headers['retry-after']),
      });
    }
    // Redirects are not followed, and must not be mistaken for success.
    if (response.statusCode < 200 || response.statusCode >= 300) {
      const target = redirectTarget(response.headers['location']);
      throw new RestError(
        `${call}: ${response.statusCode}${target} is not a KuFlow API response; check the endpoint`,
        {
          operation: request.operation,
        },
      );
    }
    if (text !== '' && body === undefined) {
      throw new RestError(
        `${call}: ${response.statusCode} with a body that is not JSON; check that the endpoint is a KuFlow API`,
        {
          operation: request.operation,
        },
      );
    }
    return { body: body as T, headers: response.headers };
  };

  return {
    call: async <T>(request: RestRequest) => {
      try {
        return await attempt<T>(request);
      } catch (error) {
        const wait = retryDelay(error);
        if (wait === undefined || request.once === true || request.signal?.aborted === true) throw error;
        await delay(wait, undefined, request.signal === undefined ? {} : { signal: request.signal });
        return attempt<T>(request);
      }
    },
    close: () => dispatcher.destroy(),
  };
}

function retryDelay(error: unknown): number | undefined {
  if (!(error instanceof RestError)) return undefined;
  const { status } = error;
  const isRetryable =
    status === undefined
      ? error.cause !== undefined
      : status === 408 || status === 429 || (status >= 500 && status !== 501 && status !== 505);
  if (!isRetryable) return undefined;
  const wait = error.retryAfter ?? 500 + Math.random() * 500;
  return wait <= MAX_RETRY_DELAY ? wait : undefined;
}

function createDispatcher(settings: Settings): Dispatcher {
  const connect = settings.api.ca === undefined ? {} : { ca: [...systemRoots(), settings.api.ca] };
  const limits = { headersTimeout: 30_000, bodyTimeout: 60_000, connectTimeout: 10_000 };
  const proxy = proxyFor(settings, settings.api.endpoint);
  if (proxy === undefined) return new Agent({ ...limits, connect });
  const token = proxyAuthorization(proxy);
  return new ProxyAgent({
    ...limits,
    uri: proxy.origin,
    ...(token === undefined ? {} : { token }),
    requestTls: connect,
    proxyTls: connect,
  });
}

// Setting `ca` replaces the default root certificates, including NODE_EXTRA_CA_CERTS.
function systemRoots(): readonly string[] {
  const extra = process.env['NODE_EXTRA_CA_CERTS'];
  if (extra === undefined || extra === '') return tls.rootCertificates;
  try {
    return [...tls.rootCertificates, readFileSync(extra, 'utf8')];
  } catch {
    return tls.rootCertificates;
  }
}

function proxyAuthorization(proxy: URL): string | undefined {
  if (proxy.username === '') return undefined;
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return `Basic ${Buffer.from(credentials).toString('base64')}`;
}

function formatQuery(query: RestRequest['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? (value as readonly string[]) : [value])
      parameters.append(name, String(item));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The origin of a redirect, for messages. Leaves out the query, which may contain secrets. */
function redirectTarget(location: string | string[] | undefined): string {
  const text = Array.isArray(location) ? location[0] : location;
  return text !== undefined && URL.canParse(text) ? ` to ${new URL(text).origin}` : '';
}

function parseRetryAfter(header: string | string[] | undefined): number | undefined {
  const text = Array.isArray(header) ? header[0] : header;
  if (text === undefined) return undefined;
  const milliseconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}

function isTimeout(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /TIMEOUT|ETIMEDOUT/.test(code);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
