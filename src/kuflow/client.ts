import { systemClock, type Clock } from '../base/clock.ts';
import { interruptedError } from '../base/errors.ts';
import type { ProxyDecision } from '../network/proxy.ts';
import { redactSecrets, type Secret } from '../base/secret.ts';
import { readAnswer } from './answer.ts';
import type { AnswerFor, AnswerOf, Call, ItemOf, PagedOperationId, QueryOf } from './call-types.ts';
import type { OperationId } from './contract/operations.ts';
import { normaliseEndpoint } from './endpoint.ts';
import { KuFlowApiError } from './errors.ts';
import { namedOperations, type NamedOperations } from './named-operations.ts';
import { prepareRequest, type AnyCallParts, type PreparedRequest } from './request.ts';
import { DEFAULT_RETRY, backOff, mayRetry, type RetryPolicy } from './retry.ts';
import { explainWrongProtocol } from './wrong-protocol.ts';
import { createTransport, type RawAnswer } from './transport.ts';

export type KuFlowCredentials =
  | { readonly clientId: string; readonly clientSecret: Secret }
  | { readonly token: Secret };

export interface KuFlowClientOptions {
  /** As written by a person; normalized by the client. */
  readonly endpoint: string;
  readonly credentials: KuFlowCredentials;
  /** Added to request bodies with a tenant field that do not set it. */
  readonly tenantId?: string | undefined;
  /** PEM of certificate authorities to trust in addition to the runtime's own. */
  readonly ca?: string | undefined;
  /** Direct when absent; see `decideProxy`. */
  readonly proxy?: ProxyDecision | undefined;
  /** Milliseconds for a call including retries; 60,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds to connect, at most `timeoutMs`; 10,000 by default. */
  readonly connectTimeoutMs?: number | undefined;
  readonly retry?: Partial<RetryPolicy> | undefined;
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  readonly clock?: Clock | undefined;
  /** 0 to below 1, for jitter. */
  readonly random?: (() => number) | undefined;
  /** Called before every request, including retries. An error it throws ends the call. */
  readonly onRequest?: ((operationId: OperationId) => void) | undefined;
  /** Aborts every call of the client. */
  readonly signal?: AbortSignal | undefined;
}

export interface KuFlowClient extends NamedOperations {
  /** The normalized endpoint with its version segment. */
  readonly endpoint: string;
  /** Any operation of the contract. Throws KuFlowApiError; rejects with the signal's reason (or status 130) when aborted. */
  readonly call: Call;
  /** The pages of a list, one request each, 200 records unless the query says otherwise. */
  pages<Id extends PagedOperationId>(operationId: Id, query?: QueryOf<Id>): AsyncGenerator<AnswerOf<Id>, void>;
  /** The records of a list, across its pages. */
  items<Id extends PagedOperationId>(operationId: Id, query?: QueryOf<Id>): AsyncGenerator<ItemOf<Id>, void>;
  /** Closes all connections. The client cannot be used afterwards. */
  close(): Promise<void>;
}

/** Records per request unless the query says otherwise. KuFlow allows 1000; its default is 25. */
const PAGE_SIZE = 200;

interface PageQuery {
  readonly page?: number;
  readonly size?: number;
}

interface AnyPage {
  readonly metadata: { readonly page: number; readonly totalPages: number };
  readonly content: readonly unknown[];
}

function authorizationOf(credentials: KuFlowCredentials): string {
  if ('token' in credentials) return `Bearer ${credentials.token.reveal()}`;
  return `Basic ${Buffer.from(`${credentials.clientId}:${credentials.clientSecret.reveal()}`).toString('base64')}`;
}

function withoutSent({ status, headers, body }: RawAnswer, credentials: KuFlowCredentials): RawAnswer {
  const own = 'token' in credentials ? credentials.token : credentials.clientSecret;
  const sent = [own.reveal(), authorizationOf(credentials).replace(/^\w+ /, '')];
  const clean = (text: string): string => redactSecrets(text, sent);
  return {
    status,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, clean(value)])),
    body: Buffer.from(clean(body.toString('utf8'))),
  };
}

/** Throws the reason of an abort by the caller as an error that commands recognize. */
function throwIfStopped(signals: readonly AbortSignal[]): void {
  for (const signal of signals) {
    if (signal.aborted)
      throw signal.reason instanceof Error && signal.reason.name !== 'AbortError' ? signal.reason : interruptedError();
  }
}

/** Creates a client of KuFlow's REST API with credentials, timeouts, retries, paging, proxy and authorities. Close it when done. */
export function createKuFlowClient(options: KuFlowClientOptions): KuFlowClient {
  const endpoint = normaliseEndpoint(options.endpoint);
  const { clock = systemClock, random = Math.random, timeoutMs = 60_000 } = options;
  const policy: RetryPolicy = { ...DEFAULT_RETRY, ...options.retry };
  const within = (ms: number): number => Math.min(ms, timeoutMs);
  const transport = createTransport({
    proxy: options.proxy ?? { kind: 'direct', reason: 'no proxy is set' },
    ca: options.ca,
    env: options.env ?? process.env,
    connectTimeout: within(options.connectTimeoutMs ?? 10_000),
    headersTimeout: within(30_000),
    bodyTimeout: within(30_000),
  });

  let hasAnswered = false;
  /** A server that has answered once does not need to be probed. */
  const explain = async (error: KuFlowApiError): Promise<KuFlowApiError> =>
    hasAnswered || options.proxy?.kind === 'proxy' ? error : await explainWrongProtocol(error);

  async function attempt(id: OperationId, prepared: PreparedRequest, signal: AbortSignal): Promise<AnswerFor<unknown>> {
    options.onRequest?.(id);
    const { method, url, fullUrl, headers, body } = prepared;
    const exchange = await transport.send({
      method,
      url: fullUrl,
      headers: { ...headers, authorization: authorizationOf(options.credentials) },
      body,
      signal,
    });
    const site = { operationId: id, method, url };
    if (!exchange.ok) throw new KuFlowApiError({ ...site, ...exchange.failure, cause: exchange.cause });
    const { status, headers: answered } = exchange.answer;
    const read = (answer: RawAnswer): unknown => readAnswer(site, answer, clock.now());
    try {
      const body = read(exchange.answer);
      hasAnswered = true;
      return { status, headers: answered, body };
    } catch (error) {
      // Read again where it is to be quoted.
      if (error instanceof KuFlowApiError) read(withoutSent(exchange.answer, options.credentials));
      throw error;
    }
  }

  async function perform(id: OperationId, parts: AnyCallParts): Promise<AnswerFor<unknown>> {
    const prepared = prepareRequest(id, parts, { endpoint, now: clock.now(), tenantId: options.tenantId });
    const callers = [options.signal, parts.signal].filter((caller) => caller !== undefined);
    const deadline = clock.now() + timeoutMs;
    let last: KuFlowApiError | undefined;
    for (let number = 1; ; number++) {
      throwIfStopped(callers);
      const expiry = AbortSignal.timeout(Math.max(1, deadline - clock.now()));
      const signal = AbortSignal.any([expiry, ...callers]);
      try {
        return await attempt(id, prepared, signal);
      } catch (error) {
        throwIfStopped(callers);
        // The server's last answer says more than the timeout.
        if (expiry.aborted && !(error instanceof KuFlowApiError)) {
          throw (
            last ??
            new KuFlowApiError({
              kind: 'timeout',
              operationId: id,
              method: prepared.method,
              url: prepared.url,
              seen: `nothing within ${timeoutMs} ms`,
              sent: true,
            })
          ).after(number);
        }
        if (!(error instanceof KuFlowApiError)) throw error;
        last = await explain(error);
        const waitMs = backOff(policy, number, last.parts.retryAfter, random);
        if (number >= policy.attempts || !mayRetry(last) || clock.now() + waitMs >= deadline) throw last.after(number);
        try {
          await clock.sleep(waitMs, AbortSignal.any(callers));
        } catch (stop) {
          throwIfStopped(callers);
          throw stop;
        }
      }
    }
  }

  /** Ends at the last page that the server reports, or at an empty one. */
  async function* pages(id: PagedOperationId, query: PageQuery = {}): AsyncGenerator<AnyPage, void> {
    for (let page = query.page ?? 0; ; page++) {
      const answer = await perform(id, { query: { ...query, size: query.size ?? PAGE_SIZE, page } });
      const { metadata, content } = answer.body as AnyPage;
      if (content.length > 0) yield { metadata, content };
      if (content.length === 0 || page + 1 >= metadata.totalPages) return;
    }
  }

  async function* items(id: PagedOperationId, query?: PageQuery): AsyncGenerator<unknown, void> {
    for await (const { content } of pages(id, query)) yield* content;
  }

  const call = perform as Call;
  return {
    endpoint,
    call,
    pages: pages as KuFlowClient['pages'],
    items: items as KuFlowClient['items'],
    close: () => transport.close(),
    ...namedOperations(call),
  };
}
