import tls from 'node:tls';
import { Agent, ProxyAgent, request } from 'undici';
import type { Dispatcher } from 'undici';
import { trustedAuthorities } from '../base/certificate-authorities.ts';
import type { ProxyDecision } from '../base/proxy.ts';
import type { NetworkFailure } from './failure.ts';
import { networkFailure } from './failure.ts';

export interface TransportOptions {
  readonly proxy: ProxyDecision;
  /** PEM of authorities to trust besides the runtime's own. */
  readonly ca?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds to connect, to wait for the head of an answer, and between two pieces of its body. */
  readonly connectTimeout: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
}

export interface RawRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly signal: AbortSignal;
}

export interface RawAnswer {
  readonly status: number;
  /** Lower-case names; repeated headers joined by a comma. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Exchange =
  | { readonly ok: true; readonly answer: RawAnswer }
  | { readonly ok: false; readonly failure: NetworkFailure; readonly cause: unknown };

export interface Transport {
  /** One request, one answer. Rejects only with the signal's reason; every other failure is a value. */
  send(request: RawRequest): Promise<Exchange>;
  close(): Promise<void>;
}

const MAX_ANSWER = 256 * 1024 * 1024;

function makeDispatcher(options: TransportOptions): Dispatcher {
  const authorities = trustedAuthorities(options.ca, options.env);
  // One context for all connections: reading 150 roots anew for each costs milliseconds.
  const trust = authorities === undefined ? {} : { secureContext: tls.createSecureContext({ ca: [...authorities] }) };
  const common = {
    headersTimeout: options.headersTimeout,
    bodyTimeout: options.bodyTimeout,
    maxResponseSize: MAX_ANSWER,
    keepAliveTimeout: 4000,
    connections: 8,
  };
  const connect = { ...trust, timeout: options.connectTimeout };
  if (options.proxy.kind === 'direct') return new Agent({ ...common, connect });
  const { url, credentials } = options.proxy;
  return new ProxyAgent({
    ...common,
    uri: url,
    ...(credentials === undefined ? {} : { token: `Basic ${Buffer.from(credentials.reveal()).toString('base64')}` }),
    // Each of the three is used on another leg; one alone leaves the others with the default roots.
    connect,
    requestTls: connect,
    proxyTls: connect,
  });
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return flat;
}

/** HTTP over undici: proxy, authorities and time-outs applied, redirects not followed, host names left to the proxy to resolve. */
export function createTransport(options: TransportOptions): Transport {
  const dispatcher = makeDispatcher(options);
  const proxy = options.proxy.kind === 'proxy' ? options.proxy.shown : undefined;
  return {
    async send({ method, url, headers, body, signal }) {
      let receiving = false;
      try {
        const answer = await request(url, {
          dispatcher,
          method: method,
          headers,
          body: body ?? null,
          signal,
        });
        receiving = true;
        const bytes = Buffer.from(await answer.body.arrayBuffer());
        return { ok: true, answer: { status: answer.statusCode, headers: flatten(answer.headers), body: bytes } };
      } catch (error) {
        signal.throwIfAborted();
        return { ok: false, failure: networkFailure(error, receiving, proxy), cause: error };
      }
    },
    // Not a graceful close: calls are over when the client is closed, and idle connections must not keep the process alive.
    close: () => dispatcher.destroy(),
  };
}
