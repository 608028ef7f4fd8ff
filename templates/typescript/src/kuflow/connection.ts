import { NativeConnection } from '@temporalio/worker';
import type { EngineIdentity } from './engine-certificate.ts';
import type { EngineToken } from './engine-token.ts';
import { proxyFor } from './proxy.ts';
import type { Settings } from './settings.ts';

const CONNECT_TIMEOUT = 20_000;

export class ConnectTimeoutError extends Error {
  override readonly name = 'ConnectTimeoutError';
}

/**
 * Connects to KuFlow's engine with mutual TLS. Even the first call needs the token. The SDK has no callback for tokens, so
 * `pushToken` replaces it later.
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
      ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    },
    // Temporal's core ignores proxy variables, so it gets the proxy that the worker uses for REST too.
    ...(proxy === undefined ? {} : { proxy: proxyOptions(proxy) }),
  });
  return withTimeout(connecting, target);
}

export async function pushToken(connection: NativeConnection, token: EngineToken): Promise<void> {
  await connection.setApiKey(token.value.reveal());
}

function proxyOptions(proxy: URL) {
  const basicAuth =
    proxy.username === ''
      ? undefined
      : { username: decodeURIComponent(proxy.username), password: decodeURIComponent(proxy.password) };
  return {
    type: 'http-connect' as const,
    targetHost: `${proxy.hostname}:${proxy.port || '80'}`,
    ...(basicAuth === undefined ? {} : { basicAuth }),
  };
}

async function withTimeout(connecting: Promise<NativeConnection>, target: string): Promise<NativeConnection> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ConnectTimeoutError(`${target}: no connection within ${CONNECT_TIMEOUT / 1000} s`)),
      CONNECT_TIMEOUT,
    );
  });
  try {
    return await Promise.race([connecting, timeout]);
  } catch (error) {
    void connecting.then((late) => late.close()).catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
