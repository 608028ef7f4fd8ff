import { certificateProblem, certificatesOf, keyProblem, normalizePem } from './pem.ts';
import { Secret } from './secret.ts';
import type { Settings } from './settings.ts';

/** KuFlow's answer to a request of type ENGINE_CERTIFICATE. */
export interface EngineCertificateAnswer {
  readonly namespace: string;
  readonly tls: {
    readonly serverRootCaCertificate: string;
    readonly clientCertificate: string;
    readonly clientPrivateKey: string;
  };
}

/** What this worker shows the engine: a client certificate for a namespace. PEM texts. */
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

export function identityOfAnswer(answer: EngineCertificateAnswer, settings: Settings): EngineIdentity {
  const key = normalizePem(answer.tls.clientPrivateKey);
  const problem = keyProblem(key);
  if (problem !== undefined) throw new Error(`KuFlow's engine certificate can't be used: ${problem}`);
  return identityOf({
    from: 'api',
    namespace: settings.temporal.namespace ?? answer.namespace,
    cert: normalizePem(answer.tls.clientCertificate),
    key: new Secret(key),
    ca: normalizePem(answer.tls.serverRootCaCertificate),
  });
}

/** The identity that the settings hold, or undefined when it has to be requested. */
export function identityOfSettings(settings: Settings): EngineIdentity | undefined {
  const { mutualTls, namespace } = settings.temporal;
  return mutualTls === undefined || namespace === undefined ? undefined : identityOf({ ...mutualTls, namespace });
}

export function sameIdentity(one: EngineIdentity, other: EngineIdentity): boolean {
  return (
    one.namespace === other.namespace &&
    one.cert === other.cert &&
    one.ca === other.ca &&
    one.key.reveal() === other.key.reveal()
  );
}

/** Two thirds of the life of the certificate: when a new one is due. */
export function renewalTimeOfIdentity(identity: EngineIdentity): number {
  return identity.validFrom + ((identity.validTo - identity.validFrom) * 2) / 3;
}

function identityOf(parts: Omit<EngineIdentity, 'validFrom' | 'validTo'>): EngineIdentity {
  const problem = certificateProblem(parts.cert);
  if (problem !== undefined) throw new Error(`The engine certificate can't be used: ${problem}`);
  const [leaf] = certificatesOf(parts.cert);
  const validFrom = Date.parse(leaf?.validFrom ?? '');
  return {
    ...parts,
    // A requested one begins its life as it arrives: issuers date it back, against clocks that differ.
    validFrom: parts.from === 'api' ? Math.max(validFrom, Date.now()) : validFrom,
    validTo: Date.parse(leaf?.validTo ?? ''),
  };
}
