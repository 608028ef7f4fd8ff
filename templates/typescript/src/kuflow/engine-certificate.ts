import { certificateProblem, parseCertificates, keyProblem, normalizePem, toPkcs8 } from './pem.ts';
import { Secret } from './secret.ts';
import type { Settings } from './settings.ts';

/** KuFlow's response to an authentication of type ENGINE_CERTIFICATE. */
export interface EngineCertificateResponse {
  readonly namespace: string;
  readonly tls: {
    readonly serverRootCaCertificate: string;
    readonly clientCertificate: string;
    readonly clientPrivateKey: string;
  };
}

/** How this worker authenticates to the engine: a namespace and a client certificate for it, in PEM format. */
export interface EngineIdentity {
  readonly from: 'api' | 'files' | 'data';
  readonly namespace: string;
  readonly cert: string;
  readonly key: Secret;
  readonly ca: string;
  /** Milliseconds since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
}

export function identityFromResponse(response: EngineCertificateResponse, settings: Settings): EngineIdentity {
  const key = normalizePem(response.tls.clientPrivateKey);
  const problem = keyProblem(key);
  if (problem !== undefined)
    throw new Error(`KuFlow returned an unusable private key for the engine certificate: found ${problem}`);
  return createIdentity({
    from: 'api',
    namespace: settings.temporal.namespace ?? response.namespace,
    cert: normalizePem(response.tls.clientCertificate),
    key: new Secret(toPkcs8(key)),
    ca: normalizePem(response.tls.serverRootCaCertificate),
  });
}

/** The identity from the settings, or undefined if it must be requested from KuFlow. */
export function identityFromSettings(settings: Settings): EngineIdentity | undefined {
  const { mutualTls, namespace } = settings.temporal;
  return mutualTls === undefined || namespace === undefined ? undefined : createIdentity({ ...mutualTls, namespace });
}

export function isSameIdentity(one: EngineIdentity, other: EngineIdentity): boolean {
  return (
    one.namespace === other.namespace &&
    one.cert === other.cert &&
    one.ca === other.ca &&
    one.key.reveal() === other.key.reveal()
  );
}

/** When the certificate is due for renewal: after two thirds of its lifetime, in milliseconds since the epoch. */
export function certificateRenewalTime(identity: EngineIdentity): number {
  return identity.validFrom + ((identity.validTo - identity.validFrom) * 2) / 3;
}

function createIdentity(parts: Omit<EngineIdentity, 'validFrom' | 'validTo'>): EngineIdentity {
  const problem = certificateProblem(parts.cert);
  if (problem !== undefined) throw new Error(`The engine certificate is not usable: found ${problem}`);
  const [leaf] = parseCertificates(parts.cert);
  const validFrom = Date.parse(leaf?.validFrom ?? '');
  return {
    ...parts,
    // Issuers backdate certificates to allow for clock skew, so the lifetime of a requested one starts when it arrives.
    validFrom: parts.from === 'api' ? Math.max(validFrom, Date.now()) : validFrom,
    validTo: Date.parse(leaf?.validTo ?? ''),
  };
}
