import { join } from 'node:path';
import { withContext } from '../../../base/system-error.ts';
import { withLock, type LockWaitOptions } from '../../../files/file-lock.ts';
import type { FileSystem } from '../../../files/file-system.ts';

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
