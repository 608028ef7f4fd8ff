import type { PlatformIdentity, PlatformOptions } from '../shared/types.ts';
import { DEFAULT_CERTIFICATE_LIFE, type Authority } from './authority.ts';
import { DEFAULT_TOKEN_LIFE, type EngineTokens } from './tokens.ts';

/** Issues what a worker needs to connect to the engine. */
export function createEngineIssuers(
  { authority, tokens }: { readonly authority: Authority; readonly tokens: EngineTokens },
  { tenantId, namespace }: Pick<PlatformIdentity, 'tenantId' | 'namespace'>,
  { tokenLife, certificateLife }: Pick<PlatformOptions, 'tokenLife' | 'certificateLife'>,
) {
  return {
    /** `expiredAt` is ISO 8601. */
    issueToken: async (principalId: string) => {
      const request = { principalId, tenantId, namespace, lifeSeconds: tokenLife ?? DEFAULT_TOKEN_LIFE };
      const { token, expiredAt } = await tokens.issueToken(request);
      return { token: token.reveal(), expiredAt: new Date(expiredAt).toISOString() };
    },
    /** In PEM; the private key is PKCS#8. */
    issueCertificate: async (principalId: string) => {
      const request = { principalId, namespace, lifeSeconds: certificateLife ?? DEFAULT_CERTIFICATE_LIFE };
      const { certificate, privateKey } = await authority.issueClientCertificate(request);
      return {
        namespace,
        tls: {
          serverRootCaCertificate: authority.certificate,
          clientCertificate: certificate,
          clientPrivateKey: privateKey.reveal(),
        },
      };
    },
  };
}

export type EngineIssuers = ReturnType<typeof createEngineIssuers>;
