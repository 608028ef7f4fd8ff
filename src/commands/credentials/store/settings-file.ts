import { randomBytes } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, KnownError, usageError } from '../../../base/errors.ts';
import { textAtPath } from '../../../base/json.ts';
import { withContext } from '../../../base/system-error.ts';
import type { FileSystem } from '../../../files/node-file-system.ts';
import { replaceFile } from '../../../files/write.ts';
import { MIB } from '../../../files/read.ts';
import { splitTextFile } from '../../../files/text-file.ts';
import { editYaml, parseYamlMap } from '../../../files/yaml-edit.ts';
import { LOCAL_SETTINGS_FILE, variableOf, type SettingName } from '../../../settings/keys.ts';
import type { Environment } from '../../../settings/environment.ts';
import { localSettingsText } from '../../../settings/application-files.ts';
import {
  changedError,
  permissionNote,
  readOwnFile,
  SPECIAL_FILE,
  targetMode,
  targetText,
  type TargetFile,
} from '../output-file.ts';
import { SET_FILES, setIdFromPath, settingPath, stagingName, type StoreLayout } from './sets.ts';

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
type LocalSettingsFile = TargetFile & { readonly text?: string | undefined };

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

const PATHS = {
  'temporal.mutual-tls.cert': SET_FILES.cert,
  'temporal.mutual-tls.key': SET_FILES.key,
  'temporal.mutual-tls.ca': SET_FILES.ca,
} as const;
type PathName = keyof typeof PATHS;
const PATH_NAMES = Object.keys(PATHS) as readonly PathName[];
const INLINE: readonly SettingName[] = PATH_NAMES.map((name) => `${name}-data` as const);
const NAMESPACE = 'temporal.namespace';

/** What the application files say about the engine certificate. */
export interface Pointers {
  readonly local: LocalSettingsFile;
  /** `other`: files that were not pulled here; `source` names the setting and its file. */
  readonly to:
    | { readonly kind: 'none' }
    | { readonly kind: 'set'; readonly id: string }
    | { readonly kind: 'other'; readonly source: string };
  readonly namespace?: string | undefined;
  /** Setting and file of an inline certificate, which cannot be combined with certificate files. */
  readonly inline?: string | undefined;
}

/** Reads the pointers. Rejects with a KnownError if `application-local.yaml` cannot be edited. */
export async function readPointers(files: FileSystem, layout: StoreLayout): Promise<Pointers> {
  const local = await readLocalSettings(files, layout);
  const [localName, baseName] = [LOCAL_SETTINGS_FILE, 'application.yaml'];
  const names = [...PATH_NAMES, ...INLINE, NAMESPACE] as const;
  const inLocal = settingTexts(local.text ?? '', names, localName);
  // As commands and workers read it. A file that they cannot read is reported with the settings.
  const base = await readFollowingLinks(files, join(layout.project, baseName), 1);
  const inBase = settingTexts(base.kind === 'text' ? base.text : '', names, baseName);
  const locate = (name: SettingName): string | undefined =>
    inLocal[name] !== undefined
      ? `${name} in ${localName}`
      : inBase[name] !== undefined
        ? `${name} in ${baseName}`
        : undefined;
  const merged: SettingTexts = { ...inBase, ...inLocal };
  const [firstPath] = PATH_NAMES.filter((name) => merged[name] !== undefined);
  const ids = new Set(PATH_NAMES.map((name) => setIdFromPath(layout, merged[name] ?? '', PATHS[name])));
  const [id] = ids;
  return {
    local,
    to:
      firstPath === undefined
        ? { kind: 'none' }
        : ids.size === 1 && id !== undefined
          ? { kind: 'set', id }
          : { kind: 'other', source: locate(firstPath) ?? firstPath },
    namespace: merged[NAMESPACE],
    inline: INLINE.map(locate).find((source) => source !== undefined),
  };
}

/** The settings that point to a set, including its namespace. They are written to `application-local.yaml` together. */
export function pointerSettings(layout: StoreLayout, id: string, namespace: string): SettingTexts {
  const paths = PATH_NAMES.map((name) => [name, settingPath(layout, id, PATHS[name])]);
  return { ...(Object.fromEntries(paths) as SettingTexts), [NAMESPACE]: namespace };
}

/** Throws if the settings have a certificate that must not be replaced: inline text, or other files without `force`. */
export function requireReplaceable(pointers: Pointers, env: Environment, force: boolean): void {
  const inline = pointers.inline ?? findSetVariables(env, INLINE)[0];
  if (inline !== undefined) {
    throw new KnownError({
      message: 'The settings contain an inline certificate, which cannot be combined with certificate files',
      seen: inline,
      next: [`Remove ${inline} and the other inline certificate settings, then pull again`],
    });
  }
  if (pointers.to.kind === 'other' && !force) {
    throw usageError(`The settings point to certificate files that were not pulled here: ${pointers.to.source}`, [
      'Add --force to point to pulled files instead; the other files are not deleted',
    ]);
  }
}

/** Warnings about environment variables that override the certificate, and the connection, in the application files. */
export function shadowWarnings(env: Environment, connection: SettingTexts = {}): readonly string[] {
  const names = Object.keys(connection) as SettingName[];
  return findSetVariables(env, [...names, ...PATH_NAMES, NAMESPACE]).map(
    (variable) => `${variable} is set in this environment and overrides application-local.yaml`,
  );
}

function findSetVariables(env: Environment, names: readonly SettingName[]): readonly string[] {
  return names.map(variableOf).filter((variable) => (env[variable] ?? '').trim() !== '');
}
