import type { TlsMaterialText } from '../../../engine/material/tls-material.ts';
import { readLeafFacts, verifyMaterial } from '../verify-certificate-and-token.ts';
import { renewalTime } from '../renewal-time.ts';
import type { CertificateFacts, CredentialScope, VerifiedMaterial } from '../credential-set.ts';
import { SET_FILES, type SetRecord, type StoredSet } from './sets.ts';

/** Why a stored set cannot be used as it is, in the order of the checks. */
export type StaleReason =
  | 'none'
  | 'files'
  | 'unusable'
  | 'changed'
  | 'endpoint'
  | 'principal'
  | 'tenant'
  | 'namespace'
  | 'connection'
  | 'renewal-due';

export interface Staleness {
  readonly reason: StaleReason;
  /** One sentence. */
  readonly text: string;
}

export interface CertificateAssessment {
  readonly certificate?: CertificateFacts | undefined;
  /** When renewal is due, in ISO 8601. */
  readonly renewBefore?: string | undefined;
  /** Every reason not to use it; empty for a usable one. */
  readonly stale: readonly Staleness[];
}

/** The state of a stored set. `record` and `certificate` are present if they could be read. */
export interface SetAssessment extends CertificateAssessment {
  readonly record?: SetRecord | undefined;
}

const MATERIAL: readonly string[] = [SET_FILES.cert, SET_FILES.key, SET_FILES.ca];

/**
 * Checks a stored set in itself, against its lock file and against the scope it is needed for. `namespace` is the one
 * in the settings. Another leaf certificate at the server is not a reason to replace a set: the server issues a new one
 * for each request.
 */
export function assessSet(
  stored: StoredSet | undefined,
  wanted: CredentialScope & { readonly namespace?: string | undefined },
  now: number,
): SetAssessment {
  if (stored === undefined) return { stale: [{ reason: 'none', text: 'no credentials have been pulled yet' }] };
  const { record, problems } = stored;
  const stale: Staleness[] = problems.map(({ text }) => ({ reason: 'files', text }));
  const add = (reason: StaleReason, sentence: string): void => void stale.push({ reason, text: sentence });
  if (record === undefined) return { stale };
  const verdict = verifyMaterial({ namespace: record.namespace, text: stored.text }, now);
  // A part that could not be read is reported already.
  const isReadable = !problems.some(({ file, isRead }) => MATERIAL.includes(file) && !isRead);
  if (!verdict.ok && isReadable) for (const { message } of verdict.problems) add('unusable', message);
  const verified = verdict.ok ? verdict.verified : undefined;
  for (const difference of verified === undefined ? [] : findChanges(record, verified)) add('changed', difference);
  const { endpoint, principal, tenantId, namespace } = record;
  const tenant = tenantId === undefined ? 'no specific tenant' : `tenant ${tenantId}`;
  for (const [reason, pulled, current, name] of [
    ['endpoint', endpoint, wanted.endpoint, endpoint],
    ['principal', principal, wanted.principal, `application ${principal}`],
    ['tenant', tenantId, wanted.tenantId, tenant],
    ['namespace', namespace, wanted.namespace, `namespace ${namespace}`],
  ] as const)
    // Incomplete settings give an empty text.
    if (pulled !== current)
      add(reason, `the set is for ${name}, but the settings ${current ? `have ${current}` : 'do not set one'}`);
  const renewBefore = verified && renewalTime(verified.leaf, record.pulledAt);
  stale.push(...checkRenewal(renewBefore, now));
  return { record, certificate: verified?.leaf ?? record.certificate, renewBefore, stale };
}

/** Checks a certificate that is not from the store. Its own `notBefore` counts as the time of issue. */
export function assessCertificate(
  { namespace, text }: { readonly namespace: string | undefined; readonly text: TlsMaterialText },
  now: number,
): CertificateAssessment {
  const verdict = verifyMaterial({ namespace: namespace ?? '', text }, now);
  // A missing namespace is reported as a problem of the settings.
  const problems = verdict.ok
    ? []
    : verdict.problems.filter(({ code }) => namespace !== undefined || code !== 'namespace');
  const stale = problems.map(({ message }): Staleness => ({ reason: 'unusable', text: message }));
  const certificate = verdict.ok ? verdict.verified.leaf : readLeafFacts(text);
  if (certificate === undefined) return { stale };
  const renewBefore = renewalTime(certificate);
  return { certificate, renewBefore, stale: stale.length === 0 ? checkRenewal(renewBefore, now) : stale };
}

function checkRenewal(due: string | undefined, now: number): readonly Staleness[] {
  if (due === undefined || now < Date.parse(due)) return [];
  const text = `two thirds of the certificate's lifetime have passed; renewal was due on ${due}`;
  return [{ reason: 'renewal-due', text }];
}

function findChanges(record: SetRecord, { leaf, roots }: VerifiedMaterial): readonly string[] {
  const changes: string[] = [];
  if (leaf.fingerprint !== record.certificate.fingerprint) {
    const serials = `serial ${leaf.serial}, pulled: ${record.certificate.serial}`;
    changes.push(`client.pem is not the certificate that was pulled (${serials})`);
  }
  const [now, pulled] = [roots, record.authorities].map((list) => list.map(({ fingerprint }) => fingerprint).join());
  if (now !== pulled) changes.push('ca.pem does not contain the certificate authorities that were pulled');
  return changes;
}
