import type { EngineCertificateAnswer } from './engine-certificate.ts';
import type { EngineTokenAnswer } from './engine-token.ts';
import { RestError, type RestClient } from './rest-client.ts';

interface Authentication {
  readonly engineToken?: Partial<EngineTokenAnswer>;
  readonly engineCertificate?: {
    readonly namespace?: string;
    readonly tls?: Partial<EngineCertificateAnswer['tls']>;
  };
}

const OPERATION = 'createAuthentication';

/** A new bearer token for the engine. */
export async function requestEngineToken(rest: RestClient, tenantId: string | undefined): Promise<EngineTokenAnswer> {
  const { engineToken } = await authenticate(rest, 'ENGINE_TOKEN', tenantId);
  if (typeof engineToken?.token !== 'string' || engineToken.token === '') throw incomplete('engineToken.token');
  return {
    token: engineToken.token,
    ...(typeof engineToken.expiredAt === 'string' ? { expiredAt: engineToken.expiredAt } : {}),
  };
}

/** A new client certificate for the engine, with the namespace it is for. */
export async function requestEngineCertificate(
  rest: RestClient,
  tenantId: string | undefined,
): Promise<EngineCertificateAnswer> {
  const { engineCertificate } = await authenticate(rest, 'ENGINE_CERTIFICATE', tenantId);
  const { namespace, tls } = engineCertificate ?? {};
  if (!namespace) throw incomplete('engineCertificate.namespace');
  if (!tls?.serverRootCaCertificate || !tls.clientCertificate || !tls.clientPrivateKey) {
    throw incomplete('engineCertificate.tls');
  }
  return {
    namespace,
    tls: {
      serverRootCaCertificate: tls.serverRootCaCertificate,
      clientCertificate: tls.clientCertificate,
      clientPrivateKey: tls.clientPrivateKey,
    },
  };
}

async function authenticate(rest: RestClient, type: string, tenantId: string | undefined): Promise<Authentication> {
  const { body } = await rest.call<Authentication | undefined>({
    operation: OPERATION,
    method: 'POST',
    path: '/authentications',
    body: { type, ...(tenantId === undefined ? {} : { tenantId }) },
    signal: AbortSignal.timeout(30_000),
  });
  return body ?? {};
}

function incomplete(field: string): RestError {
  return new RestError(`POST /authentications: the answer has no ${field}`, { operation: OPERATION });
}
