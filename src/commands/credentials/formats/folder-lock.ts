import { join } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import { withContext } from '../../../base/system-error.ts';
import { withLock, type LockWaitOptions } from '../../../files/file-lock.ts';
import type { FileSystem } from '../../../files/file-system.ts';
import { readTargetFile, type TargetFile } from '../target.ts';

const LOCK = '.kuflow-credentials-lock';
const LOCK_TIMEOUT_MS = 120_000;

/** Runs `work` as the only run of this tool, from any project, that writes to the folder. Rejects with a KnownError. */
export async function withFolderLock<T>(
  files: FileSystem,
  folder: string,
  waiting: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(folder, LOCK);
  const take = () => withContext('Locking the folder', folder, () => files.lock(path));
  const lock = { take, path, within: LOCK_TIMEOUT_MS, busyWith: `writing credentials into ${folder}` };
  return await withLock(lock, waiting, work);
}

/**
 * Throws a KnownError if another program has written something other than `content` into the file since it was read.
 */
export async function checkUnchanged(files: FileSystem, target: TargetFile, content: Buffer): Promise<void> {
  const { bytes } = await readTargetFile(files, target.path);
  const same = bytes === undefined ? target.bytes === undefined : target.bytes?.equals(bytes) === true;
  if (!same && bytes?.equals(content) !== true) throw changedError(target.name, target.path);
}

export function changedError(name: string, path: string): KnownError {
  return new KnownError({
    message: `${name} was changed by another program`,
    tried: path,
    next: ['Run this command again; the other change is preserved'],
  });
}
