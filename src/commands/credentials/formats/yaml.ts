import { textAtPath } from '../../../base/json.ts';
import { Secret } from '../../../base/secret.ts';
import { splitTextFile } from '../../../files/text-file.ts';
import { editYaml, parseYamlMap } from '../../../files/yaml-edit.ts';
import type { SettingName } from '../../../settings/keys.ts';
import { localSettingsText } from '../../../settings/local-settings-text.ts';
import { definedEntries, listKeyChanges, type FormatInput, type Formatted } from './format.ts';

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
  const { mark, text, lineEnd } = splitTextFile(existing);
  const edits = [...values].map(([key, value]) => ({ path: key.split('.'), value }));
  const data = parseYamlMap(text, name);
  const before = new Map(definedEntries(edits.map(({ path }) => [path.join('.'), textAtPath(data, path)])));
  const edited =
    text.trim() === ''
      ? localSettingsText(Object.fromEntries(definedEntries(values)))
      : editYaml(text, edits, name, lineEnd);
  const notes =
    set.token === undefined
      ? []
      : ['The token was not written: application files have no setting for it, and a worker gets its own tokens'];
  return { text: new Secret(mark + edited), changes: listKeyChanges(before, values), notes };
}
