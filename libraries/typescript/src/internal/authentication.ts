import { readFile } from 'node:fs/promises';
import type { Logger } from '@temporalio/common';
import { createIdentity, type EngineIdentity } from './engine-certificate.ts';
import { createToken, type EngineToken } from './engine-token.ts';
import { readAuthorities, readCertificate, readPrivateKey } from './pem.ts';
import type { RestClient } from './rest-client.ts';
import { Secret } from './secret.ts';
import type { Settings } from './settings.ts';

interface Authentication {
  readonly engineToken?: { readonly token?: string; readonly expiredAt?: string };
  readonly engineCertificate?: {
    readonly namespace?: string;
    readonly tls?: {
      readonly serverRootCaCertificate?: string;
      readonly clientCertificate?: string;
      readonly clientPrivateKey?: string;
    };
  };
}

/** Requests a new bearer token for the engine. Reads the file with the client secret again, if there is one. */
export async function renewEngineToken(rest: RestClient, settings: Settings, logger: Logger): Promise<EngineToken> {
  const { clientSecretFile } = settings.api;
  if (clientSecretFile !== undefined)
    await readFile(clientSecretFile, 'utf8').then(
      (text) => {
        const secret = text.trim();
        // The file is empty while it is being replaced.
        if (secret !== '') rest.useSecret(new Secret(secret));
      },
      // KuFlow may still accept the previous one.
      (error: unknown) => logger.warn('Could not read the file with the client secret again', { error }),
    );
  return requestEngineToken(rest, settings);
}

export async function requestEngineToken(rest: RestClient, settings: Settings): Promise<EngineToken> {
  const { engineToken } = await authenticate(rest, settings, 'ENGINE_TOKEN');
  if (!engineToken?.token) throw new Error('POST /authentications: the response has no engineToken.token');
  return createToken(engineToken.token, engineToken.expiredAt);
}

/** Requests a new client certificate for the engine, and the namespace it is valid for. */
export async function requestEngineCertificate(rest: RestClient, settings: Settings): Promise<EngineIdentity> {
  const { engineCertificate } = await authenticate(rest, settings, 'ENGINE_CERTIFICATE');
  const { namespace, tls } = engineCertificate ?? {};
  if (!namespace || !tls?.serverRootCaCertificate || !tls.clientCertificate || !tls.clientPrivateKey)
    throw new Error('POST /authentications: the response has no complete engineCertificate');
  try {
    return createIdentity({
      from: 'api',
      namespace: settings.temporal.namespace ?? namespace,
      cert: readCertificate(tls.clientCertificate),
      key: new Secret(readPrivateKey(tls.clientPrivateKey)),
      ca: readAuthorities(tls.serverRootCaCertificate),
    });
  } catch (error) {
    throw new Error(`The engine certificate from KuFlow is not usable: found ${(error as Error).message}`);
  }
}

async function authenticate(rest: RestClient, { api }: Settings, type: string): Promise<Authentication> {
  const { body } = await rest.call<Authentication | undefined>({
    operation: 'createAuthentication',
    method: 'POST',
    path: '/authentications',
    body: { type, tenantId: api.tenantId },
    signal: AbortSignal.timeout(30_000),
  });
  return body ?? {};
}
