import { Document, isMap, isScalar } from 'yaml';
import { Secret } from '../base/secret.ts';
import { SETTING_KEYS } from './keys.ts';
import type { SettingName } from './keys.ts';

export type LocalValues = Readonly<
  Partial<Record<SettingName, string | number | readonly string[] | Secret | undefined>>
>;

const HEADER = ` Settings of this machine, which override application.yaml. Contains secrets: git ignores this file, and only you should be able to read it.`;

/** The text of a new `application-local.yaml`. It contains the secrets in clear text, so write it with mode 0600. */
export function localSettingsText(values: LocalValues): string {
  const document = new Document({});
  document.commentBefore = HEADER;
  for (const { name, description } of SETTING_KEYS) {
    const value = values[name];
    if (value === undefined) continue;
    const path = name.split('.');
    document.setIn(path, value instanceof Secret ? value.reveal() : value);
    const parent = document.getIn(path.slice(0, -1), true);
    if (!isMap(parent)) continue;
    const pair = parent.items.find(({ key }) => (isScalar(key) ? key.value : key) === path.at(-1));
    if (pair === undefined) continue;
    const key = document.createNode(path.at(-1));
    key.commentBefore = ` ${description}`;
    pair.key = key;
  }
  return document.toString({ lineWidth: 0 });
}
