import { isRecord } from '../../../base/json.ts';
import { renewalTime, type CertificateFacts, type CredentialScope, type CredentialSet } from '../set.ts';

/** What `lock.json` says of the set beside it: enough to tell drift, and no secret. Times are milliseconds since the epoch. */
export interface SetRecord extends CredentialScope {
  readonly id: string;
  readonly pulledAt: number;
  readonly target: string;
  readonly namespace: string;
  readonly certificate: CertificateFacts;
  readonly authorities: readonly CertificateFacts[];
  readonly renewBefore: number;
  readonly tokenExpiresAt?: number;
  /** Whether the engine took this certificate before the set was switched to. */
  readonly proven: boolean;
  /** The set that the settings pointed to before. */
  readonly previous?: string;
}

const FORMAT = 1;
const ABOUT = 'What was pulled, without secrets. `kuflow credentials status` compares the files beside it with this.';

export function createSetRecord(
  set: CredentialSet,
  about: { readonly id: string; readonly pulledAt: number; readonly proven: boolean; readonly previous?: string },
): SetRecord {
  const { endpoint, principal, tenantId, target, namespace, leaf, roots, token } = set;
  return {
    ...about,
    endpoint,
    principal,
    ...(tenantId !== undefined && { tenantId }),
    target,
    namespace,
    certificate: leaf,
    authorities: roots,
    renewBefore: Math.floor(renewalTime(leaf, about.pulledAt)),
    ...(token && { tokenExpiresAt: token.expiresAt }),
  };
}

export function serializeSetRecord(record: SetRecord): string {
  const { id, pulledAt, proven, previous, endpoint, principal, tenantId, target, namespace } = record;
  const data = {
    about: ABOUT,
    format: FORMAT,
    id,
    pulledAt: iso(pulledAt),
    endpoint,
    principal,
    ...(tenantId !== undefined && { tenantId }),
    target,
    namespace,
    certificate: written(record.certificate),
    authorities: record.authorities.map(written),
    renewBefore: iso(record.renewBefore),
    ...(record.tokenExpiresAt !== undefined && { token: { expiresAt: iso(record.tokenExpiresAt) } }),
    provenByEngine: proven,
    ...(previous !== undefined && { previous }),
  };
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

/** Undefined for a text that is none of ours. */
export function parseSetRecord(text: string): SetRecord | undefined {
  try {
    const data: unknown = JSON.parse(text);
    if (!isRecord(data) || data['format'] !== FORMAT || !Array.isArray(data['authorities'])) return undefined;
    const { tenantId, token, previous } = data;
    return {
      id: word(data['id']),
      pulledAt: time(data['pulledAt']),
      endpoint: word(data['endpoint']),
      principal: word(data['principal']),
      ...(tenantId !== undefined && { tenantId: word(tenantId) }),
      target: word(data['target']),
      namespace: word(data['namespace']),
      certificate: facts(data['certificate']),
      authorities: data['authorities'].map(facts),
      renewBefore: time(data['renewBefore']),
      ...(isRecord(token) && { tokenExpiresAt: time(token['expiresAt']) }),
      proven: data['provenByEngine'] === true,
      ...(previous !== undefined && { previous: word(previous) }),
    };
  } catch {
    return undefined;
  }
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function written(certificate: CertificateFacts): object {
  return { ...certificate, notBefore: iso(certificate.notBefore), notAfter: iso(certificate.notAfter) };
}

function facts(value: unknown): CertificateFacts {
  if (!isRecord(value)) throw new Error('no certificate');
  const { subject, issuer, serial, fingerprint, notBefore, notAfter } = value;
  return {
    subject: word(subject),
    issuer: word(issuer),
    serial: word(serial),
    fingerprint: word(fingerprint),
    notBefore: time(notBefore),
    notAfter: time(notAfter),
  };
}

function word(value: unknown): string {
  if (typeof value !== 'string') throw new Error('no text');
  return value;
}

function time(value: unknown): number {
  const at = Date.parse(word(value));
  if (Number.isNaN(at)) throw new Error('no time');
  return at;
}
