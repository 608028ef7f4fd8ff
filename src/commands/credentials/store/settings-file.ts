import { randomBytes } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, KnownError } from '../../../base/errors.ts';
import { textAtPath } from '../../../base/json.ts';
import { withContext } from '../../../base/system-error.ts';
import type { FileSystem } from '../../../files/file-system.ts';
import { replaceFile } from '../../../files/write.ts';
import { MIB } from '../../../files/read.ts';
import { splitTextFile } from '../../../files/text-file.ts';
import { editYaml, parseYamlMap } from '../../../files/yaml-edit.ts';
import { LOCAL_SETTINGS_FILE, type SettingName } from '../../../settings/keys.ts';
import { localSettingsText } from '../../../settings/local-settings-text.ts';
import {
  changedError,
  permissionNote,
  readOwnFile,
  SPECIAL_FILE,
  targetMode,
  targetText,
  type TargetFile,
} from '../target.ts';
import { stagingName, type StoreLayout } from './layout.ts';

/** A file that is read through links, because it is never written. `why` is a phrase. */
export type FollowedFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads a file of at most `largestMib`, following links. */
export async function readFollowingLinks(files: FileSystem, path: string, largestMib: number): Promise<FollowedFile> {
  const unreadable = (why: string): FollowedFile => ({ kind: 'unreadable', why });
  try {
    const isLink = (await files.look(path))?.kind === 'link';
    const real = isLink ? await realpath(path) : path;
    const status = await files.look(real);
    if (status === undefined || status.kind === 'folder') return { kind: 'absent' };
    if (status.kind !== 'file') return unreadable(SPECIAL_FILE);
    if (status.size > largestMib * MIB) return unreadable(`it is larger than ${largestMib} MiB`);
    return { kind: 'text', text: (await files.read(real)).toString('utf8') };
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return unreadable(code === 'ENOENT' ? 'it is a dangling link' : code);
  }
}

export type SettingTexts = Readonly<Partial<Record<SettingName, string | undefined>>>;

/**
 * The text of an application file with these values set, or removed if undefined. All other bytes stay the same: comments, order, blank lines,
 * quotes, byte order mark and line endings. Throws a KnownError for text that is not a YAML map, repeats a key, or has
 * no place for a value.
 */
export function editSettings(
  existing: string | undefined,
  values: SettingTexts,
  file: string = LOCAL_SETTINGS_FILE,
): string {
  if (existing === undefined || existing.trim() === '') return localSettingsText(values);
  const { mark, text, lineEnd } = splitTextFile(existing);
  const edits = Object.entries(values).map(([name, value]) => ({ path: name.split('.'), value }));
  return mark + editYaml(text, edits, file, lineEnd);
}

/** The values of these keys in an application file, if they are text and not blank. Throws as `editSettings` does. */
export function settingTexts(
  text: string,
  names: readonly SettingName[],
  file: string = LOCAL_SETTINGS_FILE,
): SettingTexts {
  const data = parseYamlMap(splitTextFile(text).text, file);
  const entries = names.map((name) => [name, textAtPath(data, name.split('.'))] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined && value.trim() !== ''));
}

/** The current `application-local.yaml`; `text` is absent if there is no such file. */
export type LocalSettingsFile = TargetFile & { readonly text?: string | undefined };

/** Reads `application-local.yaml` before an edit. Throws a KnownError if it cannot be edited safely. */
export async function readLocalSettings(files: FileSystem, { settings }: StoreLayout): Promise<LocalSettingsFile> {
  const file = await readOwnFile(files, settings, (seen) => {
    const message = `${LOCAL_SETTINGS_FILE} cannot be edited: ${seen}`;
    const next = ['Replace it with a regular file of at most 1 MiB that you own and can write to'];
    return new KnownError({ message, tried: settings, next });
  });
  return { ...file, text: targetText(file) };
}

/**
 * Replaces `application-local.yaml` in one rename, which switches to a new set. The new file is staged in the store,
 * where git ignores it, because it may contain secrets. Like the files it points to, it is readable by its owner only;
 * returns a note if its permissions changed.
 */
export async function replaceLocalSettings(
  files: FileSystem,
  layout: StoreLayout,
  before: LocalSettingsFile,
  text: string,
): Promise<readonly string[]> {
  const { path } = before;
  const mode = targetMode(before, true);
  await withContext(`Writing ${LOCAL_SETTINGS_FILE}`, path, async () => {
    await replaceFile(path, text, {
      files,
      mode,
      staged: join(layout.store, stagingName('new', `settings-${randomBytes(4).toString('hex')}`)),
      check: async () => {
        const now = await readLocalSettings(files, layout);
        if (now.text !== before.text) throw changedError(LOCAL_SETTINGS_FILE, path);
      },
    });
  });
  return mode === before.mode ? [] : [permissionNote(before, mode)];
}
