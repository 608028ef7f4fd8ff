import { Agent, request as send } from 'undici';

const API = '/v2024-06-14';

/** What the local KuFlow answers about a process that something waits for. */
export interface WaitResult {
  readonly reached: boolean;
  readonly items: readonly { readonly id: string; readonly code?: string; readonly state?: string }[];
  /** If it was not reached: what is open, who polls and what fails. */
  readonly problem?: string;
}

/** Calls the local KuFlow. */
export interface LocalClient {
  /** Calls KuFlow's API as a user. */
  api<T>(method: 'GET' | 'POST' | 'PUT', path: string, token: string, body?: object): Promise<T>;
  /** Calls what only the local KuFlow has. */
  dev<T>(method: 'GET' | 'POST', path: string, body?: object): Promise<T>;
  close(): Promise<void>;
}

/** `signal` ends each call with its reason. */
export function createLocalClient(http: string, devToken: string, signal: () => AbortSignal | undefined): LocalClient {
  // The local KuFlow answers when what a call waits for has happened. A proxy is not used.
  const dispatcher = new Agent({ headersTimeout: 0, bodyTimeout: 0 });
  const call = async <T>(method: 'GET' | 'POST' | 'PUT', path: string, token: string, body?: object): Promise<T> => {
    const { statusCode, body: answer } = await send(`${http}${path}`, {
      method,
      dispatcher,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: signal() ?? null,
    });
    const text = await answer.text();
    if (statusCode >= 400) throw new Error(`${method} ${path} failed with ${statusCode}: ${problemOf(text)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  };
  return {
    api: (method, path, token, body) => call(method, `${API}${path}`, token, body),
    dev: (method, path, body) => call(method, `/_dev${path}`, devToken, body),
    close: () => dispatcher.destroy(),
  };
}

function problemOf(text: string): string {
  try {
    const { message, errors = [] } = JSON.parse(text) as {
      readonly message: string;
      readonly errors?: readonly { readonly message?: string }[];
    };
    return [message, ...errors.flatMap(({ message: more }) => (more === undefined || more === message ? [] : [more]))].join('; ');
  } catch {
    return text;
  }
}
