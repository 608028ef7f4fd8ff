import { textAtPath } from '../../../base/json.ts';
import { Secret } from '../../../base/secret.ts';
import { parseJsonObject } from '../../../files/json-edit.ts';
import { splitTextFile } from '../../../files/text-file.ts';
import { editYaml } from '../../../files/yaml-edit.ts';
import { renewalTime } from '../renewal-time.ts';
import type { CredentialSet } from '../credential-set.ts';
import { listKeyChanges, type FormatInput, type Formatted, type KeyValues } from './format.ts';

const FORMAT = 'kuflow-credentials/1';

/**
 * One object with `format`, `endpoint`, `principal`, `tenantId`, `target`, `serverName`, `namespace`, `certificate`,
 * `privateKey`, `authorities` (PEM), `expiresAt`, `renewBefore` (ISO 8601), and with a token `token` and
 * `tokenExpiresAt`. All values are strings. In an existing file, only these keys change. Throws a KnownError.
 */
export function formatJson({ set, existing, name }: FormatInput): Formatted {
  const values = jsonValues(set);
  const { mark, text, lineEnd } = splitTextFile(existing);
  const old = text.trim() === '' ? undefined : parseJsonObject(text, name);
  const edits = [...values].map(([key, value]) => ({ path: [key], value }));
  const edited =
    old === undefined
      ? `${JSON.stringify(Object.fromEntries(values), undefined, 2)}\n`
      : // JSON is YAML in flow style.
        editYaml(text, edits, name, lineEnd);
  parseJsonObject(edited, name);
  const changes = listKeyChanges(values, (key) => textAtPath(old, [key]));
  return { text: new Secret(mark + edited), changes, notes: [] };
}

function jsonValues(set: CredentialSet): KeyValues {
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
    ['expiresAt', set.leaf.notAfter],
    ['renewBefore', set.renewBefore ?? renewalTime(set.leaf)],
    ['token', set.token?.value.reveal()],
    ['tokenExpiresAt', set.token?.expiresAt],
  ]);
}
