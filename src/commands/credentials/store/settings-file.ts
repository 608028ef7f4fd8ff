import { LOCAL_SETTINGS_FILE } from '../../../settings/keys.ts';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import { permissionNote, targetMode } from '../formats/target.ts';
import { decodeText } from '../../../files/text-file.ts';
import { stagingName, type StoreLayout } from './layout.ts';
import { MIB } from '../../../files/read.ts';
import { writeNewFile } from '../../../files/write.ts';
import { withContext, ignoreSystemErrors } from '../../../base/system-error.ts';
import type { FileStatus, StoreFiles } from '../../../files/file-system.ts';

const WHAT: Readonly<Record<Exclude<FileStatus['kind'], 'file'>, string>> = {
  link: 'a symbolic link',
  folder: 'a folder',
  other: 'a pipe, a socket or a device',
};

/** `application-local.yaml` as it is now; `text` is absent when there is none. */
export interface LocalSettingsFile {
  readonly path: string;
  readonly text?: string;
  /** Permission bits. */
  readonly mode: number;
}

/** Reads the file that is to be edited. Throws a KnownError for one that can't be edited safely, whatever it is. */
export async function readLocalSettings(files: StoreFiles, layout: StoreLayout): Promise<LocalSettingsFile> {
  const path = layout.settings;
  return await withContext(`Reading ${LOCAL_SETTINGS_FILE}`, path, async () => {
    const status = await files.look(path);
    if (status === undefined) return { path, mode: 0o600 };
    if (status.kind !== 'file') throw cannotEdit(path, `it is ${WHAT[status.kind]}`, 'Put a plain file in its place');
    if (!status.own) throw cannotEdit(path, 'it belongs to another user', 'Run this as its owner');
    if ((status.mode & 0o200) === 0) throw cannotEdit(path, 'it is read-only', `chmod u+w ${LOCAL_SETTINGS_FILE}`);
    const bytes = await files.read(path);
    if (bytes.length > MIB) throw cannotEdit(path, 'it is larger than 1 MiB', 'Check that it is the right file');
    return { path, text: decodeText(bytes, LOCAL_SETTINGS_FILE), mode: status.mode & 0o777 };
  });
}

/**
 * Puts `text` in place of the file by one rename, which is what switches to a new set. The new file is written beside the sets, where git
 * ignores it, since it may hold secrets. It is for its owner alone then, as what it points to is: returns that as a sentence, where it was not.
 */
export async function replaceLocalSettings(
  files: StoreFiles,
  layout: StoreLayout,
  before: LocalSettingsFile,
  text: string,
): Promise<readonly string[]> {
  const path = layout.settings;
  const file = { name: LOCAL_SETTINGS_FILE, mode: before.mode };
  const mode = targetMode(file, true);
  await withContext(`Writing ${LOCAL_SETTINGS_FILE}`, path, async () => {
    const staged = join(layout.store, stagingName('new', `settings-${randomBytes(4).toString('hex')}`));
    try {
      await writeNewFile(files, staged, text, mode);
      const now = await readLocalSettings(files, layout);
      if (now.text !== before.text) {
        const next = ['Run it again: what was changed is kept'];
        throw new KnownError({
          message: `${LOCAL_SETTINGS_FILE} was changed by somebody else meanwhile`,
          tried: path,
          next,
        });
      }
      await files.rename(staged, path);
    } catch (error) {
      await ignoreSystemErrors(() => files.removeFile(staged));
      throw error;
    }
    // It is switched by now, whatever the disk says of the folder.
    await ignoreSystemErrors(() => files.syncFolder(layout.project));
  });
  return mode === before.mode ? [] : [permissionNote(file, mode)];
}

function cannotEdit(path: string, seen: string, next: string): KnownError {
  return new KnownError({ message: `${LOCAL_SETTINGS_FILE} can't be edited: ${seen}`, tried: path, next: [next] });
}
