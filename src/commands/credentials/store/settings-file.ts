import { randomBytes } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, KnownError } from '../../../base/errors.ts';
import { textAtPath } from '../../../base/json.ts';
import { withContext } from '../../../base/system-error.ts';
import type { FileStatus, FileSystem } from '../../../files/file-system.ts';
import { replaceFile } from '../../../files/write.ts';
import { MIB } from '../../../files/read.ts';
import { decodeText, splitTextFile } from '../../../files/text-file.ts';
import { editYaml, parseYamlMap } from '../../../files/yaml-edit.ts';
import { LOCAL_SETTINGS_FILE, type SettingName } from '../../../settings/keys.ts';
import { localSettingsText } from '../../../settings/local-settings-text.ts';
import { changedError, permissionNote, targetMode } from '../target.ts';
import { stagingName, type StoreLayout } from './layout.ts';

const KINDS: Readonly<Record<Exclude<FileStatus['kind'], 'file'>, string>> = {
  link: 'a symbolic link',
  folder: 'a folder',
  other: 'a pipe, a socket or a device',
};

/**
 * A file that is read through links, because it is never written. `unreadable`: something is there; `why` is a phrase.
 */
export type FollowedFile =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'absent' | 'folder' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** Reads a file of at most `largestMib`, following links. */
export async function readFollowingLinks(files: FileSystem, path: string, largestMib: number): Promise<FollowedFile> {
  const unreadable = (why: string): FollowedFile => ({ kind: 'unreadable', why });
  let real = path;
  try {
    let status = await files.look(path);
    if (status === undefined) return { kind: 'absent' };
    if (status.kind === 'link') {
      real = await realpath(path);
      status = await files.look(real);
    }
    if (status?.kind === 'folder') return { kind: 'folder' };
    if (status?.kind !== 'file') return unreadable(`it is ${KINDS.other}`);
    if (status.size > largestMib * MIB) return unreadable(`it is larger than ${largestMib} MiB`);
    return { kind: 'text', text: (await files.read(real)).toString('utf8') };
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    return unreadable(code === 'ENOENT' ? 'it is a dangling link' : code);
  }
}

export type SettingTexts = Readonly<Partial<Record<SettingName, string>>>;

/**
 * The text of an application file with these values set. All other bytes stay the same: comments, order, blank lines,
 * quotes, byte order mark and line endings. Throws a KnownError for text that is not a YAML map, repeats a key, or has
 * no place for a value.
 */
export function editSettings(existing: string | undefined, values: SettingTexts): string {
  if (existing === undefined || existing.trim() === '') return localSettingsText(values);
  const { mark, text, lineEnd } = splitTextFile(existing);
  const edits = Object.entries(values).map(([name, value]) => ({ path: name.split('.'), value }));
  return mark + editYaml(text, edits, LOCAL_SETTINGS_FILE, lineEnd);
}

/**
 * The values of these keys in the text of an application file, without blank values and values that are not text.
 * Throws as `editSettings` does.
 */
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
export interface LocalSettingsFile {
  readonly path: string;
  readonly text?: string;
  /** Permission bits. */
  readonly mode: number;
}

/** Reads `application-local.yaml` before an edit. Throws a KnownError if it cannot be edited safely. */
export async function readLocalSettings(files: FileSystem, layout: StoreLayout): Promise<LocalSettingsFile> {
  const path = layout.settings;
  return await withContext(`Reading ${LOCAL_SETTINGS_FILE}`, path, async () => {
    const status = await files.look(path);
    if (status === undefined) return { path, mode: 0o600 };
    if (status.kind !== 'file')
      throw cannotEditError(path, `it is ${KINDS[status.kind]}`, 'Replace it with a regular file');
    if (!status.own) throw cannotEditError(path, 'it belongs to another user', 'Run this command as its owner');
    if ((status.mode & 0o200) === 0) throw cannotEditError(path, 'it is read-only', `chmod u+w ${LOCAL_SETTINGS_FILE}`);
    const bytes = await files.read(path);
    if (bytes.length > MIB) throw cannotEditError(path, 'it is larger than 1 MiB', 'Check that it is the right file');
    return { path, text: decodeText(bytes, LOCAL_SETTINGS_FILE), mode: status.mode & 0o777 };
  });
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
  const path = layout.settings;
  const file = { name: LOCAL_SETTINGS_FILE, mode: before.mode };
  const mode = targetMode(file, true);
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
  return mode === before.mode ? [] : [permissionNote(file, mode)];
}

function cannotEditError(path: string, seen: string, next: string): KnownError {
  return new KnownError({ message: `${LOCAL_SETTINGS_FILE} cannot be edited: ${seen}`, tried: path, next: [next] });
}
