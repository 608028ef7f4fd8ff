import { Secret } from '../../../base/secret.ts';
import type { CredentialScope, CredentialSet, CredentialToken } from '../set.ts';
import type { VerifiedMaterial } from '../material.ts';

/** Whose set it is, and where it is used. */
export interface EngineScope extends CredentialScope {
  /** `host:port` */
  readonly target: string;
  readonly serverName?: string;
}

/** A set of what has been verified. */
export function createCredentialSet(
  { endpoint, principal, tenantId, target, serverName }: EngineScope,
  { namespace, material, leaf, roots }: VerifiedMaterial,
  token?: CredentialToken,
): CredentialSet {
  return {
    endpoint,
    principal,
    ...(tenantId !== undefined && { tenantId }),
    target,
    ...(serverName !== undefined && { serverName }),
    namespace,
    certificate: material.cert,
    privateKey: new Secret(material.key),
    authorities: material.ca.join(''),
    ...(token && { token }),
    leaf,
    roots,
  };
}
