import type { DefaultError } from '../kuflow/contract/common.ts';
import type { JsonObject } from '../base/json.ts';
import { CONSOLE_MARK, currentToken } from './sign-in.ts';

/** A request of the console that failed. Without a status, the local KuFlow could not be reached. */
export class RequestFailure extends Error {
  readonly status: number | undefined;
  readonly reasons: readonly string[];

  constructor(message: string, status?: number, reasons: readonly string[] = []) {
    super(message);
    this.status = status;
    this.reasons = reasons;
  }
}

export type ApiMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface ApiCallOptions {
  readonly query?: Readonly<Record<string, string | number | readonly string[] | undefined>> | undefined;
  readonly body?: JsonObject | object | undefined;
  readonly bytes?: Blob | undefined;
  readonly signal?: AbortSignal | undefined;
}

export function authorizedHeaders(): Record<string, string> {
  return { authorization: `Bearer ${currentToken() ?? ''}`, ...CONSOLE_MARK };
}

/** Calls the local KuFlow and returns the JSON of its answer. Rejects with a `RequestFailure`. */
export async function callApi<Answer>(method: ApiMethod, path: string, options: ApiCallOptions = {}): Promise<Answer> {
  const response = await request(method, path, options);
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as Answer;
}

export async function downloadBytes(path: string, options: ApiCallOptions): Promise<Blob> {
  return await (await request('GET', path, options)).blob();
}

async function request(method: ApiMethod, path: string, options: ApiCallOptions): Promise<Response> {
  const { body, bytes, signal } = options;
  let response: Response;
  try {
    response = await fetch(`${path}${queryText(options.query)}`, {
      method,
      cache: 'no-store',
      headers: {
        ...authorizedHeaders(),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(bytes === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      },
      body: body === undefined ? (bytes ?? null) : JSON.stringify(body),
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted === true) throw error;
    throw new RequestFailure('The local KuFlow is not responding');
  }
  if (!response.ok) throw await failureOf(response);
  return response;
}

async function failureOf(response: Response): Promise<RequestFailure> {
  // Without a JSON body, the status says enough.
  const answer = (await response.json().catch(() => ({}))) as Partial<DefaultError>;
  const message = answer.message ?? `The local KuFlow answered ${response.status}`;
  const reasons = (answer.errors ?? [])
    .filter(({ message: reason }) => !message.includes(reason))
    .map(({ message: reason, location: place }) => (place === undefined ? reason : `${place}: ${reason}`));
  return new RequestFailure(message, response.status, reasons);
}

function queryText(query: ApiCallOptions['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : (Array.isArray(value) ? (value as string[]) : [String(value)]).map((one) => [name, one]),
  );
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs).toString()}`;
}

export function toFailure(error: unknown): RequestFailure {
  if (error instanceof RequestFailure) return error;
  return new RequestFailure(error instanceof Error ? error.message : String(error));
}

/** A random UUID. `crypto.randomUUID` needs a secure context, which a page on a plain http host name does not have. */
export function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
