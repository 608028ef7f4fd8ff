import { Secret } from '../../../base/secret.ts';
import type { CredentialSet } from '../set.ts';
import type { EngineScope } from '../material/make-set.ts';

/** Written as certificates and keys are, so that every form has to find the same room for it. */
const pemOf = (label: string): string =>
  [`-----BEGIN ${label}-----`, 'A'.repeat(64), 'stands/for/one==', `-----END ${label}-----`, ''].join('\n');

/** Stands for a set that nobody has been asked for yet: to see whether a target has a place for one. Never to be written. */
export function placeholderSet(place: EngineScope, withToken: boolean, now: number): CredentialSet {
  const certificate = { subject: '-', issuer: '-', serial: '-', fingerprint: '-', notBefore: now, notAfter: now };
  return {
    ...place,
    namespace: 'placeholder.namespace',
    certificate: pemOf('CERTIFICATE'),
    privateKey: new Secret(pemOf('PRIVATE KEY')),
    authorities: pemOf('CERTIFICATE'),
    ...(withToken && { token: { value: new Secret('placeholder.token'), expiresAt: now } }),
    leaf: certificate,
    roots: [certificate],
  };
}
