import type { Secret } from '../../base/secret.ts';

/** A certificate as far as it may be shown. Times are milliseconds since the epoch. */
export interface CertificateFacts {
  /** One line, `CN=…, O=…`. */
  readonly subject: string;
  readonly issuer: string;
  /** Hexadecimal. */
  readonly serial: string;
  /** SHA-256, colon separated. */
  readonly fingerprint: string;
  readonly notBefore: number;
  readonly notAfter: number;
}

export interface CredentialToken {
  readonly value: Secret;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Whose identity it is, and where it counts. */
export interface CredentialScope {
  /** KuFlow's REST API, with its version segment. */
  readonly endpoint: string;
  /** The client id: an application is its own principal. */
  readonly principal: string;
  readonly tenantId?: string;
}

/** One verified identity at the engine, as plain data: every form in which it is written or handed on is made from this. */
export interface CredentialSet extends CredentialScope {
  /** `host:port` of the engine. */
  readonly target: string;
  /** Name expected in the engine's certificate, when it is not that of the target. */
  readonly serverName?: string;
  readonly namespace: string;
  /** PEM, leaf first. */
  readonly certificate: string;
  /** PEM, PKCS#8. */
  readonly privateKey: Secret;
  /** PEM, one or more. */
  readonly authorities: string;
  readonly token?: CredentialToken;
  readonly leaf: CertificateFacts;
  readonly roots: readonly CertificateFacts[];
  /** When a new one is due, as the lock file of the set says; milliseconds since the epoch. Absent for one that is in no store. */
  readonly renewBefore?: number;
}

/**
 * When a new certificate is due, in milliseconds since the epoch: two thirds of its life, as a worker renews. `since` is when it was
 * issued, because issuers date back against clocks that differ.
 */
export function renewalTime(leaf: CertificateFacts, since: number = leaf.notBefore): number {
  const begin = Math.min(Math.max(leaf.notBefore, since), leaf.notAfter);
  return begin + ((leaf.notAfter - begin) * 2) / 3;
}
