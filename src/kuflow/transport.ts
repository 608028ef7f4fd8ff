import { createSecureContext } from 'node:tls';
import { Agent, request } from 'undici';
import { lazy } from '../base/lazy.ts';
import { trustedAuthorities } from '../network/certificate-authorities.ts';
import type { ProxyDecision } from '../network/proxy.ts';
import { createConnector } from './connector.ts';
import { networkFailure, type NetworkFailure } from './failure-kinds.ts';

interface TransportOptions {
  readonly proxy: ProxyDecision;
  /** PEM of authorities to trust in addition to the runtime's own. */
  readonly ca?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds to connect, to wait for the head of an answer, and to wait between two pieces of its body. */
  readonly connectTimeout: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | undefined;
  readonly signal: AbortSignal;
  /** Called with the status as soon as the head of the answer has arrived. */
  readonly onStatus?: ((status: number) => void) | undefined;
}

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

type Exchange =
  | { readonly ok: true; readonly answer: RawAnswer }
  | { readonly ok: false; readonly failure: NetworkFailure; readonly cause: unknown };

const MAX_ANSWER = 256 * 1024 * 1024;

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** Rejects when the signal aborts; undici listens to it only once the request has been sent. */
function until<Value>(signal: AbortSignal, work: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    work.then(resolve, reject).finally(() => {
      signal.removeEventListener('abort', stop);
    });
  });
}

/** HTTP over undici with proxy, authorities and timeouts. Redirects are not followed; behind a proxy, the proxy resolves host names. */
export function createTransport(options: TransportOptions) {
  const authorities = trustedAuthorities(options.ca, options.env);
  const connector = createConnector({
    proxy: options.proxy,
    // Reading 150 root certificates takes about 20 ms, so it is done once, for the first connection that needs them.
    secureContext: authorities && lazy(() => createSecureContext({ ca: [...authorities] })),
    timeout: options.connectTimeout,
  });
  const dispatcher = new Agent({
    connect: connector.connect,
    headersTimeout: options.headersTimeout,
    bodyTimeout: options.bodyTimeout,
    maxResponseSize: MAX_ANSWER,
    keepAliveTimeout: 4000,
    connections: 8,
  });
  return {
    /** One request, one answer. Rejects only with the signal's reason; every other failure is a value. */
    async send({ method, url, headers, body, signal, onStatus }: RawRequest): Promise<Exchange> {
      let receiving = false;
      const exchange = async (): Promise<RawAnswer> => {
        const answer = await request(url, { dispatcher, method, headers, body: body ?? null, signal });
        receiving = true;
        onStatus?.(answer.statusCode);
        const bytes = Buffer.from(await answer.body.arrayBuffer());
        return { status: answer.statusCode, headers: flatten(answer.headers), body: bytes };
      };
      try {
        return { ok: true, answer: await until(signal, exchange()) };
      } catch (error) {
        signal.throwIfAborted();
        return { ok: false, failure: networkFailure(error, receiving), cause: error };
      }
    },
    // Not a graceful close: no calls are running, and idle connections must not keep the process alive.
    close: async (): Promise<void> => {
      connector.close();
      await dispatcher.destroy();
    },
  };
}
