import type { Secret } from '../../base/secret.ts';

/** The parts of a certificate that may be shown. Times are in ISO 8601, as in all data about credentials. */
export interface CertificateFacts {
  /** One line, `CN=…, O=…`. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** SHA-256, colon separated. */
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

export interface CredentialToken {
  readonly value: Secret;
  readonly expiresAt: string;
}

/** The application that credentials belong to, and its KuFlow. */
export interface CredentialScope {
  /** KuFlow's REST API, with its version segment. */
  readonly endpoint: string;
  /** The client ID: an application is its own principal. */
  readonly principal: string;
  readonly tenantId?: string | undefined;
}

/** A scope with the engine at which its credentials are used. */
export interface EngineScope extends CredentialScope {
  /** `host:port` of the engine. */
  readonly target: string;
  /** Name expected in the engine's certificate, when it differs from the host of `target`. */
  readonly serverName?: string | undefined;
}

export interface VerifiedMaterial {
  readonly namespace: string;
  /** PEM, leaf first. */
  readonly certificate: string;
  /** PEM, PKCS#8. */
  readonly privateKey: Secret;
  /** PEM, one or more. */
  readonly authorities: string;
  readonly leaf: CertificateFacts;
  readonly roots: readonly CertificateFacts[];
}

/** One verified identity at the engine, as plain data. All formats are written from this. */
export interface CredentialSet extends EngineScope, VerifiedMaterial {
  readonly token?: CredentialToken | undefined;
  /** Renewal time from the set's lock file. Absent for a set that is not in a store. */
  readonly renewBefore?: string;
}
