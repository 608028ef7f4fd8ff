import { NativeConnection } from '@temporalio/worker';
import type { EngineIdentity } from './engine-certificate.ts';
import type { EngineToken } from './engine-token.ts';
import { proxyFor } from './proxy.ts';
import type { Settings } from './settings.ts';

const CONNECT_TIMEOUT = 20_000;

/**
 * Connects to KuFlow's engine with mutual TLS. Even the first call needs the token. The SDK has no callback for tokens, so each
 * new token must be passed to `setApiKey` of the connection.
 */
export async function connectToEngine(
  settings: Settings,
  identity: EngineIdentity,
  token: EngineToken,
): Promise<NativeConnection> {
  const { target, serverName } = settings.temporal;
  const proxy = proxyFor(settings, target);
  const connecting = NativeConnection.connect({
    address: target,
    apiKey: token.value.reveal(),
    tls: {
      // May contain several certificates. All of them are trusted.
      serverRootCACertificate: Buffer.from(identity.ca),
      clientCertPair: { crt: Buffer.from(identity.cert), key: Buffer.from(identity.key.reveal()) },
      serverNameOverride: serverName,
    },
    // Temporal's core ignores proxy variables, so it gets the proxy that the worker uses for REST too.
    proxy: proxy && proxyOptions(proxy),
  });
  try {
    return await withTimeout(
      connecting,
      CONNECT_TIMEOUT,
      `${target}: no connection within ${CONNECT_TIMEOUT / 1000} s`,
    );
  } catch (error) {
    void connecting.then((late) => late.close()).catch(() => undefined);
    throw error;
  }
}

/** gRPC statuses of an engine that does not allow a call. */
const RESTRICTED = { 7: 'PERMISSION_DENIED', 12: 'UNIMPLEMENTED' } as const;
type Restriction = (typeof RESTRICTED)[keyof typeof RESTRICTED];

/** Asks the engine for a namespace. Resolves to the name of its status if the engine does not allow that. */
export async function describeNamespace(
  connection: NativeConnection,
  namespace: string,
  milliseconds: number,
): Promise<Restriction | undefined> {
  try {
    await connection.withDeadline(Date.now() + milliseconds, () =>
      connection.workflowService.describeNamespace({ namespace }),
    );
    return undefined;
  } catch (error) {
    const restriction = (RESTRICTED as Readonly<Record<number, Restriction>>)[grpcStatus(error) ?? 0];
    if (restriction === undefined) throw error;
    return restriction;
  }
}

/** Rejects with a `TimeoutError` if `work` takes too long. */
export async function withTimeout<T>(work: Promise<T>, milliseconds: number, message: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DOMException(message, 'TimeoutError')), milliseconds);
  });
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

export function grpcStatus(error: unknown): number | undefined {
  return (error as { code?: number } | undefined)?.code;
}

function proxyOptions(proxy: URL) {
  const username = decodeURIComponent(proxy.username);
  const password = decodeURIComponent(proxy.password);
  return {
    type: 'http-connect' as const,
    targetHost: `${proxy.hostname}:${proxy.port || '80'}`,
    basicAuth: username === '' ? undefined : { username, password },
  };
}
