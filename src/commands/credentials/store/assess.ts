import type { TlsMaterialText } from '../../../engine/material/tls-material.ts';
import { renewalTime, type CertificateFacts, type CredentialScope } from '../set.ts';
import { SET_FILES } from './layout.ts';
import type { SetRecord } from './set-record.ts';
import type { StoredSet } from './sets.ts';
import { readLeafFacts, verifyMaterial, type VerifiedMaterial } from '../material.ts';

/** Why a set on the disk does not do; in the order in which they are looked at. */
export type StaleReason =
  'none' | 'files' | 'unusable' | 'changed' | 'endpoint' | 'principal' | 'tenant' | 'namespace' | 'renewal-due';

export interface Staleness {
  readonly reason: StaleReason;
  /** One sentence. */
  readonly text: string;
}

/** What a set on the disk is worth. `record` and `verified` are there as far as they could be read. */
export interface Assessment {
  readonly record?: SetRecord;
  readonly verified?: VerifiedMaterial;
  /** When a new one is due, milliseconds since the epoch. */
  readonly renewBefore?: number;
  /** Everything that speaks against it; empty for a set that is fine. */
  readonly stale: readonly Staleness[];
}

const MATERIAL: readonly string[] = [SET_FILES.cert, SET_FILES.key, SET_FILES.ca];

/**
 * Judges a set by itself, by its lock file and by what is wanted. Another leaf certificate at the server is no reason: the server
 * makes a new one for each request. `namespace` is what the settings say.
 */
export function assessSet(
  stored: StoredSet | undefined,
  wanted: CredentialScope & { readonly namespace?: string },
  now: number,
): Assessment {
  if (stored === undefined) return { stale: [{ reason: 'none', text: 'no set has been pulled yet' }] };
  const { record, problems } = stored;
  const stale: Staleness[] = problems.map(({ text }) => ({ reason: 'files', text }));
  const add = (reason: StaleReason, sentence: string): void => void stale.push({ reason, text: sentence });
  if (record === undefined) return { stale };
  const verdict = verifyMaterial({ namespace: record.namespace, text: stored.text }, now);
  // A part that was not read is named already.
  const readable = !problems.some(({ file, code }) => MATERIAL.includes(file) && code !== 'open');
  if (!verdict.ok && readable) for (const { message } of verdict.problems) add('unusable', message);
  const verified = verdict.ok ? verdict.verified : undefined;
  for (const difference of verified === undefined ? [] : drift(record, verified)) add('changed', difference);
  if (record.endpoint !== wanted.endpoint) add('endpoint', `it is for ${record.endpoint}, ${notFor(wanted.endpoint)}`);
  if (record.principal !== wanted.principal)
    add('principal', `it is for the application ${record.principal}, ${notFor(wanted.principal)}`);
  const [tenant, given] = [record.tenantId, wanted.tenantId].map((id) => id && `the tenant ${id}`);
  if (tenant !== given) add('tenant', `it is for ${tenant ?? 'no tenant in particular'}, ${notFor(given)}`);
  if (record.namespace !== wanted.namespace)
    add('namespace', `it is for the namespace ${record.namespace}, and the settings say ${wanted.namespace ?? 'none'}`);
  const due = verified === undefined ? undefined : renewalTime(verified.leaf, record.pulledAt);
  stale.push(...overdue(due, now));
  return { record, ...(verified && { verified }), ...(due !== undefined && { renewBefore: due }), stale };
}

/** Judges a certificate that is no set of ours, by itself: when it was issued is what it says. `namespace` is what the settings say. */
export function assessCertificate(
  { namespace, text }: { readonly namespace: string | undefined; readonly text: TlsMaterialText },
  now: number,
): { readonly certificate?: CertificateFacts; readonly renewBefore?: number; readonly stale: readonly Staleness[] } {
  const verdict = verifyMaterial({ namespace: namespace ?? '', text }, now);
  // That there is none is a problem of the settings, and said as one.
  const problems = verdict.ok
    ? []
    : verdict.problems.filter(({ code }) => namespace !== undefined || code !== 'namespace');
  const stale = problems.map(({ message }): Staleness => ({ reason: 'unusable', text: message }));
  const certificate = verdict.ok ? verdict.verified.leaf : readLeafFacts(text);
  if (certificate === undefined) return { stale };
  const due = renewalTime(certificate);
  return { certificate, renewBefore: due, stale: [...stale, ...(stale.length === 0 ? overdue(due, now) : [])] };
}

// Settings that are not whole give an empty text.
function notFor(given: string | undefined): string {
  return given ? `not for ${given}` : 'and the settings give none';
}

function overdue(due: number | undefined, now: number): readonly Staleness[] {
  if (due === undefined || now < due) return [];
  const text = `two thirds of its life have passed: it should have been renewed before ${iso(due)}`;
  return [{ reason: 'renewal-due', text }];
}

function drift(record: SetRecord, { leaf, roots }: VerifiedMaterial): readonly string[] {
  const differences: string[] = [];
  if (leaf.fingerprint !== record.certificate.fingerprint) {
    const serials = `serial ${leaf.serial}, pulled was ${record.certificate.serial}`;
    differences.push(`client.pem is not the certificate that was pulled (${serials})`);
  }
  const [now, then] = [roots, record.authorities].map((list) => list.map(({ fingerprint }) => fingerprint).join());
  if (now !== then) differences.push('ca.pem does not hold the authorities that were pulled');
  return differences;
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
