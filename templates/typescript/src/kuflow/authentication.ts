import type { EngineCertificateResponse } from './engine-certificate.ts';
import type { EngineTokenResponse } from './engine-token.ts';
import { RestError, type RestClient } from './rest-client.ts';

interface Authentication {
  readonly engineToken?: Partial<EngineTokenResponse>;
  readonly engineCertificate?: {
    readonly namespace?: string;
    readonly tls?: Partial<EngineCertificateResponse['tls']>;
  };
}

const OPERATION = 'createAuthentication';

/** Requests a new bearer token for the engine. */
export async function requestEngineToken(rest: RestClient, tenantId: string | undefined): Promise<EngineTokenResponse> {
  const { engineToken } = await authenticate(rest, 'ENGINE_TOKEN', tenantId);
  if (typeof engineToken?.token !== 'string' || engineToken.token === '') throw missingFieldError('engineToken.token');
  return {
    token: engineToken.token,
    ...(typeof engineToken.expiredAt === 'string' ? { expiredAt: engineToken.expiredAt } : {}),
  };
}

/** Requests a new client certificate for the engine, and the namespace it is valid for. */
export async function requestEngineCertificate(
  rest: RestClient,
  tenantId: string | undefined,
): Promise<EngineCertificateResponse> {
  const { engineCertificate } = await authenticate(rest, 'ENGINE_CERTIFICATE', tenantId);
  const { namespace, tls } = engineCertificate ?? {};
  if (!namespace) throw missingFieldError('engineCertificate.namespace');
  if (!tls?.serverRootCaCertificate || !tls.clientCertificate || !tls.clientPrivateKey) {
    throw missingFieldError('engineCertificate.tls');
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

function missingFieldError(field: string): RestError {
  return new RestError(`POST /authentications: the response has no ${field}`, { operation: OPERATION });
}
