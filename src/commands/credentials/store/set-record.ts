import { isRecord } from '../../../base/json.ts';
import { renewalTime, type CertificateFacts, type CredentialScope, type CredentialSet } from '../set.ts';

/** The content of a set's `lock.json`: enough to detect changes, without secrets. Times are in ISO 8601. */
export interface SetRecord extends CredentialScope {
  readonly id: string;
  readonly pulledAt: string;
  readonly target: string;
  readonly namespace: string;
  readonly certificate: CertificateFacts;
  readonly authorities: readonly CertificateFacts[];
  readonly renewBefore: string;
  readonly token?: { readonly expiresAt: string } | undefined;
  /** Whether the engine accepted the certificate before the switch to this set. */
  readonly proven: boolean;
  /** The set that the settings pointed to before. */
  readonly previous?: string | undefined;
}

const FORMAT = 1;
const ABOUT =
  'What was pulled, without secrets. `kuflow credentials status` compares the files in this folder with it.';

export function createSetRecord(
  set: CredentialSet,
  origin: Pick<SetRecord, 'id' | 'pulledAt' | 'proven' | 'previous'>,
): SetRecord {
  const { endpoint, principal, tenantId, target, namespace, leaf, roots, token } = set;
  return {
    ...origin,
    endpoint,
    principal,
    tenantId,
    target,
    namespace,
    certificate: leaf,
    authorities: roots,
    renewBefore: renewalTime(leaf, origin.pulledAt),
    token: token && { expiresAt: token.expiresAt },
  };
}

/** The text of `lock.json`, without keys that have no value. */
export function serializeSetRecord({ proven, ...record }: SetRecord): string {
  const data = { about: ABOUT, format: FORMAT, ...record, provenByEngine: proven };
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

/** Undefined for a text that this tool did not write. */
export function parseSetRecord(text: string): SetRecord | undefined {
  try {
    const data: unknown = JSON.parse(text);
    if (!isRecord(data) || data['format'] !== FORMAT || !Array.isArray(data['authorities'])) return undefined;
    const { tenantId, token, previous } = data;
    return {
      id: parseText(data['id']),
      pulledAt: parseTime(data['pulledAt']),
      endpoint: parseText(data['endpoint']),
      principal: parseText(data['principal']),
      tenantId: tenantId === undefined ? undefined : parseText(tenantId),
      target: parseText(data['target']),
      namespace: parseText(data['namespace']),
      certificate: parseFacts(data['certificate']),
      authorities: data['authorities'].map(parseFacts),
      renewBefore: parseTime(data['renewBefore']),
      token: isRecord(token) ? { expiresAt: parseTime(token['expiresAt']) } : undefined,
      proven: data['provenByEngine'] === true,
      previous: previous === undefined ? undefined : parseText(previous),
    };
  } catch {
    return undefined;
  }
}

function parseFacts(value: unknown): CertificateFacts {
  if (!isRecord(value)) throw new Error('not a certificate');
  const { subject, issuer, serial, fingerprint, notBefore, notAfter } = value;
  return {
    subject: parseText(subject),
    issuer: parseText(issuer),
    serial: parseText(serial),
    fingerprint: parseText(fingerprint),
    notBefore: parseTime(notBefore),
    notAfter: parseTime(notAfter),
  };
}

function parseText(value: unknown): string {
  if (typeof value !== 'string') throw new Error('not a text');
  return value;
}

function parseTime(value: unknown): string {
  const time = parseText(value);
  if (Number.isNaN(Date.parse(time))) throw new Error('not a time');
  return time;
}
