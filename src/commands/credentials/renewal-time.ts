import { isoTime } from '../../base/clock.ts';
import type { CertificateFacts } from './credential-set.ts';

/**
 * When a certificate should be renewed: after two thirds of its lifetime, as workers do. The lifetime starts at `since`,
 * the time of issue, because issuers backdate `notBefore` to allow for clock differences.
 */
export function renewalTime(leaf: CertificateFacts, since = leaf.notBefore): string {
  const end = Date.parse(leaf.notAfter);
  const start = Math.min(Math.max(Date.parse(leaf.notBefore), Date.parse(since)), end);
  return isoTime(start + ((end - start) * 2) / 3);
}
