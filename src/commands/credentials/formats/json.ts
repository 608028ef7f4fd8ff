import { isRecord } from '../../../base/json.ts';
import { Secret } from '../../../base/secret.ts';
import { renewalTime, type CredentialSet } from '../set.ts';
import { editYaml } from '../../../files/yaml-edit.ts';
import { listKeyChanges, type FormatInput, type Formatted } from './format.ts';
import { cannotEdit, textFile } from '../../../files/text-file.ts';

const FORMAT = 'kuflow-credentials/1';

/**
 * One object: `format`, `endpoint`, `principal`, `tenantId`, `target`, `serverName`, `namespace`, `certificate`, `privateKey`, `authorities` (PEM),
 * `expiresAt`, `renewalTime` (ISO 8601), and with a token `token`, `tokenExpiresAt`; every value is a text. In a file that is there only these
 * keys change. Throws a KnownError.
 */
export function formatJson({ set, existing, name }: FormatInput): Formatted {
  const values = valuesOf(set);
  const { mark, text, lineEnd } = textFile(existing);
  const old = text.trim() === '' ? undefined : parsed(text, name);
  const before = new Map(
    Object.entries(old ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const edits = [...values].map(([key, value]) => ({ path: [key], value }));
  const now =
    old === undefined
      ? `${JSON.stringify(Object.fromEntries(values), undefined, 2)}\n`
      : // JSON is YAML in its flow style.
        editYaml(text, edits, name, lineEnd);
  parsed(now, name);
  return { text: new Secret(mark + now), changes: listKeyChanges(before, values), notes: [] };
}

function valuesOf(set: CredentialSet): ReadonlyMap<string, string | undefined> {
  const iso = (time: number): string => new Date(time).toISOString();
  return new Map([
    ['format', FORMAT],
    ['endpoint', set.endpoint],
    ['principal', set.principal],
    ['tenantId', set.tenantId],
    ['target', set.target],
    ['serverName', set.serverName],
    ['namespace', set.namespace],
    ['certificate', set.certificate],
    ['privateKey', set.privateKey.reveal()],
    ['authorities', set.authorities],
    ['expiresAt', iso(set.leaf.notAfter)],
    ['renewBefore', iso(set.renewBefore ?? renewalTime(set.leaf))],
    ['token', set.token?.value.reveal()],
    ['tokenExpiresAt', set.token === undefined ? undefined : iso(set.token.expiresAt)],
  ]);
}

function parsed(text: string, name: string): Record<string, unknown> {
  const next = 'Correct it, or name another file';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The engine's own words quote the file, and with it a secret.
    throw cannotEdit(name, 'it is no valid JSON', next);
  }
  if (!isRecord(value)) throw cannotEdit(name, 'it is no JSON object', next);
  return value;
}
