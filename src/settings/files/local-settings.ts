import { Document, isMap, isScalar, parseDocument } from 'yaml';
import { KnownError } from '../../base/errors.ts';
import { Secret } from '../../base/secret.ts';
import { SETTING_KEYS } from '../keys.ts';
import type { SettingName } from '../keys.ts';

export type LocalValues = Readonly<Partial<Record<SettingName, string | number | readonly string[] | Secret>>>;

const HEADER = ` What differs from application.yaml on this machine. It holds secrets: git ignores it, and only you should read it.`;

/**
 * The text of `application-local.yaml` with these values, secrets in clear; to be written with mode 0600. `existing` is
 * edited in place: comments, order and other keys stay. Throws a KnownError when that is no YAML map.
 */
export function localSettingsText(values: LocalValues, existing?: string): string {
  const document = existing === undefined || existing.trim() === '' ? fresh() : edited(existing);
  for (const { name, description } of SETTING_KEYS) {
    const value = values[name];
    if (value === undefined) continue;
    const path = name.split('.');
    // A section without content parses as null, which can't take keys.
    for (let depth = 1; depth < path.length; depth++) {
      const section = path.slice(0, depth);
      if (document.hasIn(section) && !isMap(document.getIn(section, true)))
        document.setIn(section, document.createNode({}));
    }
    const isNew = !document.hasIn(path);
    document.setIn(path, value instanceof Secret ? value.reveal() : value);
    const parent = document.getIn(path.slice(0, -1), true);
    if (!isNew || !isMap(parent)) continue;
    const pair = parent.items.find(({ key }) => (isScalar(key) ? key.value : key) === path.at(-1));
    if (pair === undefined) continue;
    const key = document.createNode(path.at(-1));
    key.commentBefore = ` ${description}`;
    pair.key = key;
  }
  return document.toString({ lineWidth: 0 });
}

function fresh(): Document {
  const document = new Document({});
  document.commentBefore = HEADER;
  return document;
}

function edited(existing: string): Document {
  const document = parseDocument(existing, { prettyErrors: false });
  const { contents } = document;
  const empty = contents === null || (isScalar(contents) && contents.value === null);
  if (document.errors.length > 0 || (!empty && !isMap(contents))) {
    throw new KnownError({
      message: 'application-local.yaml is no YAML map, so no values can be set in it',
      next: ['Correct the file, or move it away'],
    });
  }
  if (empty) document.contents = document.createNode({}) as unknown as typeof contents;
  return document;
}
