import { NativeConnection } from '@temporalio/worker';
import type { EngineIdentity } from './engine-certificate.ts';
import type { EngineToken } from './engine-token.ts';
import { proxyFor } from './proxy.ts';
import type { Settings } from './settings.ts';

const CONNECT_TIME_OUT = 20_000;

export class ConnectTimeOut extends Error {
  override readonly name = 'ConnectTimeOut';
}

/**
 * A connection to KuFlow's engine: mutual TLS, and the token on the very first call.
 * The SDK has no callback for the token; `pushToken` replaces it later.
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
      // The whole file: every certificate in it is trusted.
      serverRootCACertificate: Buffer.from(identity.ca),
      clientCertPair: { crt: Buffer.from(identity.cert), key: Buffer.from(identity.key.reveal()) },
      ...(serverName === undefined ? {} : { serverNameOverride: serverName }),
    },
    // Temporal's core reads no proxy variables, so the worker's one decision is handed over.
    ...(proxy === undefined ? {} : { proxy: httpConnect(proxy) }),
  });
  return withTimeOut(connecting, target);
}

export async function pushToken(connection: NativeConnection, token: EngineToken): Promise<void> {
  await connection.setApiKey(token.value.reveal());
}

function httpConnect(proxy: URL) {
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

async function withTimeOut(connecting: Promise<NativeConnection>, target: string): Promise<NativeConnection> {
  let timer: NodeJS.Timeout | undefined;
  const timeOut = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new ConnectTimeOut(`${target}: no connection within ${CONNECT_TIME_OUT / 1000} s`)),
      CONNECT_TIME_OUT,
    );
  });
  try {
    return await Promise.race([connecting, timeOut]);
  } catch (error) {
    void connecting.then((late) => late.close()).catch(() => undefined);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
