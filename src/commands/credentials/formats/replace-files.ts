import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import { ignoreSystemErrors, withContext } from '../../../base/system-error.ts';
import { withLock, type LockWaitOptions } from '../../../files/file-lock.ts';
import type { FileSystem } from '../../../files/file-system.ts';
import { writeNewFile } from '../../../files/write.ts';
import { isRunning } from '../../../base/process-identity.ts';
import { readTargetFile, type TargetFile } from '../target.ts';

/** The new content of a file. */
export interface Replacement {
  readonly target: TargetFile;
  readonly content: Buffer;
  readonly mode: number;
}

const LOCK = '.kuflow-credentials-lock';
const LOCK_TIMEOUT_MS = 120_000;
const STAGED = /^\.(.+)\.(\d+)-[0-9a-f]{12}\.kuflow-new$/;

/** The name of a temporary file in the folder of `name`. It contains the id of the process that creates it. */
export function stagingFileName(name: string): string {
  return `.${name}.${process.pid}-${randomBytes(6).toString('hex')}.kuflow-new`;
}

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
 * Creates or replaces a file in one rename. The new file is private from its creation, and on disk before it gets its
 * name. Rejects with a KnownError, and then the file is unchanged.
 */
export async function replaceFile(files: FileSystem, { target, content, mode }: Replacement): Promise<void> {
  const folder = dirname(target.path);
  await withContext(`Writing ${target.name}`, target.path, async () => {
    await removeLeftovers(files, folder, [target.name]);
    const staged = join(folder, stagingFileName(target.name));
    try {
      await writeNewFile(files, staged, content, mode);
      await checkUnchanged(files, target, content);
      await files.rename(staged, target.path);
    } catch (error) {
      await ignoreSystemErrors(() => files.removeFile(staged));
      throw error;
    }
    // The file has been replaced, whether or not the folder can be synced.
    await ignoreSystemErrors(() => files.syncFolder(folder));
  });
}

/**
 * Throws a KnownError if another program has written something other than `content` into the file since it was read.
 */
export async function checkUnchanged(files: FileSystem, target: TargetFile, content: Buffer): Promise<void> {
  const { bytes } = await readTargetFile(files, target.path);
  const same = bytes === undefined ? target.bytes === undefined : target.bytes?.equals(bytes) === true;
  if (same || bytes?.equals(content) === true) return;
  throw new KnownError({
    message: `${target.name} was changed by another program`,
    tried: target.path,
    next: ['Run this command again; the other change is preserved'],
  });
}

/** Removes temporary files of these names that killed runs left. `exclusive`: no other run writes to this folder. */
export async function removeLeftovers(
  files: FileSystem,
  folder: string,
  names: readonly string[],
  exclusive = false,
): Promise<void> {
  await ignoreSystemErrors(async () => {
    for (const entry of await files.list(folder)) {
      const [, name = '', pid = ''] = STAGED.exec(entry) ?? [];
      if (!names.includes(name) || (!exclusive && isRunning(Number(pid)))) continue;
      const path = join(folder, basename(entry));
      const status = await files.look(path);
      if (status?.kind === 'file' && status.own) await files.removeFile(path);
    }
  });
}
