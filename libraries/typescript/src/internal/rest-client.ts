import { readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import * as tls from 'node:tls';
import { Agent, request as send, type Dispatcher } from 'undici';
import type { Metrics } from './metrics.ts';
import { connectThrough, proxyFor } from './proxy.ts';
import type { Secret } from './secret.ts';
import type { Settings } from './settings.ts';
import { userAgent } from './user-agent.ts';

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
  /** Sent instead of a body, and never repeated: a stream can be read only once. `size` is in bytes. */
  readonly file?: { readonly stream: Readable; readonly size: number };
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
  download(request: RestRequest): Promise<Readable>;
  /** Takes effect from the next call on. */
  useSecret(secret: Secret): void;
  close(): Promise<void>;
}

/** The body of KuFlow's error responses. */
export interface DefaultError {
  readonly timestamp?: string;
  readonly status?: number;
  readonly message?: string;
  readonly errors?: readonly { readonly code?: string; readonly message?: string; readonly location?: string }[];
}

/** A failed call to KuFlow's API. `status` is set if KuFlow responded. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly operation: string;
  readonly status: number | undefined;
  readonly details: DefaultError | undefined;
  /** How long KuFlow asked to wait, in milliseconds, at most 5 minutes. */
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
/** As long as the longest pause between two attempts of an activity, so that no header parks a process for a day. */
const MAX_RETRY_AFTER = 5 * 60_000;

/** A client for KuFlow's REST API with the credentials of the application. Each call is retried once at most. */
export function createRestClient(
  settings: Pick<Settings, 'api' | 'temporal'>,
  metrics: Metrics,
  agent: string = userAgent('unknown'),
): RestClient {
  const { endpoint, clientId, clientSecret } = settings.api;
  const authorizationWith = (secret: Secret): string =>
    `Basic ${Buffer.from(`${clientId}:${secret.reveal()}`).toString('base64')}`;
  let authorization = authorizationWith(clientSecret);
  const dispatcher = createDispatcher(settings);

  /** Sends a request and returns KuFlow's response if it is a success. */
  const open = async (request: RestRequest): Promise<Dispatcher.ResponseData> => {
    const { operation, method, body, file } = request;
    const url = `${endpoint}${request.path}${formatQuery(request.query)}`;
    const call = describe(request);
    let response: Dispatcher.ResponseData;
    try {
      response = await send(url, {
        method,
        dispatcher,
        headers: {
          authorization,
          accept: 'application/json, application/octet-stream',
          'user-agent': agent,
          ...(body !== undefined && { 'content-type': request.contentType ?? 'application/json' }),
          ...(file !== undefined && { 'content-type': 'application/octet-stream', 'content-length': String(file.size) }),
        },
        body: file?.stream ?? (body === undefined ? null : JSON.stringify(body)),
        signal: request.signal ?? null,
      });
    } catch (error) {
      throw noResponse(request, error);
    }
    const { statusCode, headers } = response;
    metrics.restCall(operation, statusCode);
    if (statusCode >= 200 && statusCode < 300) return response;
    const details = parseJson(await readText(request, response));
    // Redirects are not followed, and must not be mistaken for success.
    if (statusCode < 400)
      throw new RestError(
        `${call}: ${statusCode}${redirectTarget(headers['location'])} is not a KuFlow API response; check the endpoint`,
        { operation },
      );
    throw new RestError(`${call}: ${statusCode} ${isRecord(details) ? String(details['message'] ?? '') : ''}`.trim(), {
      operation,
      status: statusCode,
      details: isRecord(details) ? (details as DefaultError) : undefined,
      retryAfter: parseRetryAfter(headers['retry-after']),
    });
  };

  const readText = async (request: RestRequest, response: Dispatcher.ResponseData): Promise<string> => {
    try {
      return await response.body.text();
    } catch (error) {
      throw noResponse(request, error);
    }
  };

  const noResponse = (request: RestRequest, error: unknown): unknown => {
    if (request.signal?.aborted === true) return error;
    const { operation } = request;
    metrics.restCall(operation, 'error');
    return new RestError(`${describe(request)}: no response`, { operation, cause: error, timedOut: isTimeout(error) });
  };

  const describe = ({ method, path }: RestRequest): string => `${method} ${endpoint}${path}`;

  const attempt = async <T>(request: RestRequest): Promise<RestResponse<T>> => {
    const response = await open(request);
    const text = await readText(request, response);
    const body = parseJson(text);
    if (text !== '' && body === undefined)
      throw new RestError(
        `${describe(request)}: ${response.statusCode} with a body that is not JSON; check that the endpoint is a KuFlow API`,
        { operation: request.operation },
      );
    return { body: body as T, headers: response.headers };
  };

  /** Repeats a failed request once, unless that would do harm. */
  const withRetry = async <Result>(request: RestRequest, run: () => Promise<Result>): Promise<Result> => {
    try {
      return await run();
    } catch (error) {
      const { once = request.file !== undefined, signal } = request;
      const wait = retryDelay(error);
      if (wait === undefined || once || signal?.aborted === true) throw error;
      await delay(wait, undefined, signal === undefined ? {} : { signal });
      return run();
    }
  };

  return {
    call: (request) => withRetry(request, () => attempt(request)),
    download: (request) => withRetry(request, async () => (await open(request)).body),
    useSecret: (secret) => {
      authorization = authorizationWith(secret);
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

function createDispatcher(settings: Pick<Settings, 'api' | 'temporal'>): Dispatcher {
  const connect = settings.api.ca === undefined ? {} : { ca: [...systemRoots(), settings.api.ca] };
  const limits = { headersTimeout: 30_000, bodyTimeout: 60_000, connectTimeout: 10_000 };
  const proxy = proxyFor(settings, settings.api.endpoint);
  if (proxy === undefined) return new Agent({ ...limits, connect });
  return new Agent({ ...limits, connect: connectThrough(proxy, connect, limits.connectTimeout) });
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
  return Number.isFinite(milliseconds) ? Math.min(Math.max(0, milliseconds), MAX_RETRY_AFTER) : undefined;
}

function isTimeout(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /TIMEOUT|ETIMEDOUT/.test(code);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
