import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { LOCAL_SETTINGS, stagingName, type StoreLayout } from './layout.ts';
import { doing, unlessSystemFails } from './store-error.ts';
import type { FileStatus, StoreFiles } from './store-files.ts';

const LARGEST = 1024 * 1024;
const WHAT: Readonly<Record<Exclude<FileStatus['kind'], 'file'>, string>> = {
  link: 'a symbolic link',
  folder: 'a folder',
  other: 'a pipe, a socket or a device',
};

/** `application-local.yaml` as it is now; `text` is absent when there is none. */
export interface LocalSettingsFile {
  readonly path: string;
  readonly text?: string;
  /** Permission bits to keep. */
  readonly mode: number;
}

/** Reads the file that is to be edited. Throws a KnownError for one that can't be edited safely, whatever it is. */
export async function readLocalSettings(files: StoreFiles, layout: StoreLayout): Promise<LocalSettingsFile> {
  const path = layout.settings;
  return await doing(`Reading ${LOCAL_SETTINGS}`, path, async () => {
    const status = await files.look(path);
    if (status === undefined) return { path, mode: 0o600 };
    if (status.kind !== 'file') throw cannotEdit(path, `it is ${WHAT[status.kind]}`, 'Put a plain file in its place');
    if (!status.own) throw cannotEdit(path, 'it belongs to another user', 'Run this as its owner');
    if ((status.mode & 0o200) === 0) throw cannotEdit(path, 'it is read-only', `chmod u+w ${LOCAL_SETTINGS}`);
    const bytes = await files.read(path);
    if (bytes.length > LARGEST) throw cannotEdit(path, 'it is larger than 1 MiB', 'Check that it is the right file');
    return { path, text: decoded(bytes, path), mode: status.mode & 0o777 };
  });
}

/**
 * Puts `text` in place of the file by one rename, which is what switches to a new set. The new file is written beside the sets, where git
 * ignores it, since it may hold secrets.
 */
export async function replaceLocalSettings(
  files: StoreFiles,
  layout: StoreLayout,
  before: LocalSettingsFile,
  text: string,
): Promise<void> {
  const path = layout.settings;
  await doing(`Writing ${LOCAL_SETTINGS}`, path, async () => {
    const staged = join(layout.store, stagingName('new', `settings-${randomBytes(4).toString('hex')}`));
    const file = await files.create(staged);
    try {
      try {
        await file.write(Buffer.from(text, 'utf8'));
        if (before.mode !== 0o600) await file.setMode(before.mode);
        await file.sync();
      } finally {
        await file.close();
      }
      const now = await readLocalSettings(files, layout);
      if (now.text !== before.text) {
        const next = ['Run it again: what was changed is kept'];
        throw new KnownError({
          message: `${LOCAL_SETTINGS} was changed by somebody else meanwhile`,
          tried: path,
          next,
        });
      }
      await files.rename(staged, path);
    } catch (error) {
      await unlessSystemFails(() => files.removeFile(staged));
      throw error;
    }
    // It is switched by now, whatever the disk says of the folder.
    await unlessSystemFails(() => files.syncFolder(layout.project));
  });
}

function cannotEdit(path: string, seen: string, next: string): KnownError {
  return new KnownError({ message: `${LOCAL_SETTINGS} can't be edited: ${seen}`, tried: path, next: [next] });
}

function decoded(bytes: Buffer, path: string): string {
  const wide = [bytes.subarray(0, 2).toString('hex'), bytes.includes(0) ? 'fffe' : ''];
  if (wide.includes('fffe') || wide.includes('feff'))
    throw cannotEdit(path, 'it is UTF-16 or binary', 'Save it as UTF-8');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw cannotEdit(path, 'it is not UTF-8', 'Save it as UTF-8');
  }
}
