import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { KnownError } from '../../../base/errors.ts';
import { isRunning } from '../../../base/process-identity.ts';
import { writeNewFile } from '../../../files/write.ts';
import { withContext, ignoreSystemErrors } from '../../../base/system-error.ts';
import type { StoreFiles } from '../../../files/file-system.ts';
import { withLock, type LockWaiting } from '../../../files/file-lock.ts';
import { readTargetFile, type TargetFile } from './target.ts';

/** What is to stand in a file. */
export interface Replacement {
  readonly target: TargetFile;
  readonly content: Buffer;
  readonly mode: number;
}

const LOCK = '.kuflow-credentials-lock';
const LOCK_WITHIN = 120_000;
const STAGED = /^\.(.+)\.(\d+)-[0-9a-f]{12}\.kuflow-new$/;

/** A name beside the file, which tells whose run made it. */
export function stagingFileName(name: string): string {
  return `.${name}.${process.pid}-${randomBytes(6).toString('hex')}.kuflow-new`;
}

/** Runs `work` as the only run of ours that writes in the folder, whichever project it is of. Rejects with a KnownError. */
export async function withFolderLock<T>(
  files: StoreFiles,
  folder: string,
  waiting: LockWaiting,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(folder, LOCK);
  const take = () => withContext('Taking the lock of the folder', folder, () => files.lock(path));
  const lock = { take, path, within: LOCK_WITHIN, busyWith: `writing credentials into ${folder}` };
  return await withLock(lock, waiting, work);
}

/**
 * Puts a new file in place of one, or of nothing, by one rename: closed to others from birth, on the disk before it has its name. Rejects with a
 * KnownError, and the file is as it was.
 */
export async function replaceFile(files: StoreFiles, { target, content, mode }: Replacement): Promise<void> {
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
    // It is in place by now, whatever the disk says of the folder.
    await ignoreSystemErrors(() => files.syncFolder(folder));
  });
}

/** Throws a KnownError when somebody wrote something else than `content` into the file since it was read. */
export async function checkUnchanged(files: StoreFiles, target: TargetFile, content: Buffer): Promise<void> {
  const { bytes } = await readTargetFile(files, target.path);
  const same = bytes === undefined ? target.bytes === undefined : target.bytes?.equals(bytes) === true;
  if (same || bytes?.equals(content) === true) return;
  throw new KnownError({
    message: `${target.name} was changed by somebody else meanwhile`,
    tried: target.path,
    next: ['Run it again: what was changed is kept'],
  });
}

/** Removes what killed runs left beside these files. `alone`: no other run writes here. */
export async function removeLeftovers(
  files: StoreFiles,
  folder: string,
  names: readonly string[],
  alone = false,
): Promise<void> {
  await ignoreSystemErrors(async () => {
    for (const entry of await files.list(folder)) {
      const [, name = '', pid = ''] = STAGED.exec(entry) ?? [];
      if (!names.includes(name) || (!alone && isRunning(Number(pid)))) continue;
      const path = join(folder, basename(entry));
      const status = await files.look(path);
      if (status?.kind === 'file' && status.own) await files.removeFile(path);
    }
  });
}
