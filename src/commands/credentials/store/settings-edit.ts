import { localSettingsText } from '../../../settings/local-settings-text.ts';
import { LOCAL_SETTINGS_FILE } from '../../../settings/keys.ts';
import type { SettingName } from '../../../settings/keys.ts';
import { textFile } from '../../../files/text-file.ts';
import { editYaml, yamlData, yamlText } from '../../../files/yaml-edit.ts';

export type SettingTexts = Readonly<Partial<Record<SettingName, string>>>;

/**
 * The text of an application file with these values and every other byte as it was: comments, order, blanks, quotes, byte order mark, line
 * endings. Throws a KnownError for text that is no YAML map, has a key twice, or leaves no place for a value.
 */
export function editSettings(existing: string | undefined, values: SettingTexts): string {
  if (existing === undefined || existing.trim() === '') return localSettingsText(values);
  const { mark, text, lineEnd } = textFile(existing);
  const edits = Object.entries(values).map(([name, value]) => ({ path: name.split('.'), value }));
  return mark + editYaml(text, edits, LOCAL_SETTINGS_FILE, lineEnd);
}

/** The values that the text of an application file gives to these keys; absent for one that is no text. Throws as `editSettings` does. */
export function settingTexts(
  text: string,
  names: readonly SettingName[],
  file: string = LOCAL_SETTINGS_FILE,
): SettingTexts {
  const data = yamlData(textFile(text).text, file);
  const found = names.map((name) => [name, yamlText(data, name.split('.'))] as const);
  return Object.fromEntries(found.filter(([, value]) => value !== undefined && value.trim() !== ''));
}
