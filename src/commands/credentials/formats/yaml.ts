import { textAtPath } from '../../../base/json.ts';
import { Secret } from '../../../base/secret.ts';
import { splitTextFile } from '../../../files/text-file.ts';
import { parseYamlMap } from '../../../files/yaml-edit.ts';
import type { SettingName } from '../../../settings/keys.ts';
import { editSettings } from '../store/settings-file.ts';
import { listKeyChanges, type FormatInput, type Formatted } from './format.ts';

/** The text of an application file with the set in it: inline, or the paths of its files. Throws a KnownError. */
export function formatYaml({ set, existing, name, paths }: FormatInput): Formatted {
  const values = new Map<SettingName, string | undefined>([
    ['temporal.target', set.target],
    ['temporal.namespace', set.namespace],
    ['temporal.mutual-tls.cert', paths?.cert],
    ['temporal.mutual-tls.key', paths?.key],
    ['temporal.mutual-tls.ca', paths?.ca],
    ['temporal.mutual-tls.cert-data', paths === undefined ? set.certificate : undefined],
    ['temporal.mutual-tls.key-data', paths === undefined ? set.privateKey.reveal() : undefined],
    ['temporal.mutual-tls.ca-data', paths === undefined ? set.authorities : undefined],
    ['temporal.mutual-tls.server-name', set.serverName],
  ]);
  const data = parseYamlMap(splitTextFile(existing).text, name);
  const edited = editSettings(existing, Object.fromEntries(values), name);
  const notes =
    set.token === undefined
      ? []
      : ['The token was not written: application files have no setting for it, and a worker gets its own tokens'];
  const changes = listKeyChanges(values, (key) => textAtPath(data, key.split('.')));
  return { text: new Secret(edited), changes, notes };
}
