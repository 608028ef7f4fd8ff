import { basename, join } from 'node:path';
import { codeOf, KnownError } from '../../../base/errors.ts';
import { isStagingName, stagingName, storeFolders, type StoreLayout } from './layout.ts';
import { writeNewFile } from '../../../files/write.ts';
import { withContext, ignoreSystemErrors } from '../../../base/system-error.ts';
import type { StoreFiles, FileLock } from '../../../files/file-system.ts';
import { removeSetFolder } from './sets.ts';
import { withLock, type LockWaiting } from '../../../files/file-lock.ts';

const GIT_IGNORE = '.gitignore';
const LOCK_WITHIN = 120_000;

/**
 * Runs `work` as the only process that writes in this store, which is made where it is missing; what killed runs left is removed first. Waits for
 * another run up to two minutes, then rejects with a KnownError of status 4. Folders that were made for work that failed are removed again.
 */
export async function withStoreLock<T>(
  files: StoreFiles,
  layout: StoreLayout,
  waiting: LockWaiting,
  work: () => Promise<T>,
): Promise<T> {
  const made: string[] = [];
  const locked = async (): Promise<T> => {
    try {
      const isNew = await withContext('Clearing up after a run that was ended', layout.store, () =>
        sweep(files, layout),
      );
      // The run that made it failed, and could not remove it from under our lock: then that is left to this one.
      if (isNew && !made.includes(layout.store)) made.push(...storeFolders(layout.project));
      return await work();
    } catch (error) {
      // Not after the lock is given back: another run that has it then counts on being ignored by git.
      if (made.includes(layout.store)) await ignoreSystemErrors(() => emptyStore(files, layout));
      throw error;
    }
  };
  const lock = {
    take: () => takeLock(files, layout, made),
    within: LOCK_WITHIN,
    busyWith: 'writing the credentials of this project',
    path: layout.pidLock,
  };
  try {
    await ensureStore(files, layout, made);
    return await withLock(lock, waiting, locked);
  } catch (error) {
    // A folder that is not empty stays.
    await ignoreSystemErrors(async () => {
      for (const folder of made.toReversed()) await files.removeFolder(folder);
    });
    throw error;
  }
}

/** Until it is taken, a run that came to nothing may remove the store that it made. */
async function takeLock(files: StoreFiles, layout: StoreLayout, made: string[]): Promise<FileLock> {
  const take = (): Promise<FileLock> =>
    withContext('Taking the lock of the credentials', layout.pidLock, () => files.lock(layout.pidLock));
  for (let left = 5; left > 0; left--) {
    try {
      return await take();
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      await ensureStore(files, layout, made);
    }
  }
  return await take();
}

/**
 * Makes `.kuflow/credentials` where it is missing: for this user only, and ignored by git whatever the project says. Adds to `made` the
 * folders that it makes, outer first.
 */
async function ensureStore(files: StoreFiles, layout: StoreLayout, made: string[]): Promise<void> {
  for (let left = 5; ; left--) {
    try {
      await makeStore(files, layout, made);
      return;
    } catch (error) {
      // Between two of these steps too a run that came to nothing may remove what it made.
      if (codeOf(error) !== 'ENOENT' || left === 0) throw error;
    }
  }
}

async function makeStore(files: StoreFiles, layout: StoreLayout, made: string[]): Promise<void> {
  let parent = layout.project;
  for (const folder of storeFolders(layout.project)) {
    const isNew = await withContext('Making the folder of the credentials', folder, () =>
      ensureFolder(files, parent, folder),
    );
    if (isNew && !made.includes(folder)) made.push(folder);
    parent = folder;
  }
  await withContext('Closing the folder of the credentials', layout.store, async () => {
    const status = await files.look(layout.store);
    if (process.platform !== 'win32' && status !== undefined && (status.mode & 0o077) !== 0)
      await files.closeFolder(layout.store);
  });
}

/** Whether it was made. */
async function ensureFolder(files: StoreFiles, parent: string, folder: string): Promise<boolean> {
  let status = await files.look(folder);
  let made = false;
  if (status === undefined) {
    try {
      await files.makeFolder(folder);
      made = true;
      await files.syncFolder(parent);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    status = await files.look(folder);
    if (status === undefined) throw Object.assign(new Error(`${folder} was removed meanwhile`), { code: 'ENOENT' });
  }
  const seen =
    status.kind === 'folder'
      ? status.own
        ? undefined
        : 'it belongs to another user'
      : status.kind === 'link'
        ? 'it is a symbolic link'
        : 'it is no folder';
  if (seen === undefined) return made;
  const next = ['Credentials are only written into a folder of your own: move it away'];
  throw new KnownError({ message: `Credentials can't be kept in ${folder}: ${seen}`, next });
}

/** Takes out what every run puts into a store, when nothing else is there but the lock, which is ours. */
async function emptyStore(files: StoreFiles, layout: StoreLayout): Promise<void> {
  const names = (await files.list(layout.store)).filter((name) => !name.startsWith(basename(layout.pidLock)));
  if (names.every((name) => name === GIT_IGNORE))
    for (const name of names) await files.removeFile(join(layout.store, name));
}

/** Ours, and nobody's: what was being made or removed when a run was killed. Only while the lock is held. Whether no run has come to an end here yet. */
async function sweep(files: StoreFiles, layout: StoreLayout): Promise<boolean> {
  const isNew = await ignoredByGit(files, layout);
  for (const name of await files.list(layout.store)) {
    if (!isStagingName(name)) continue;
    const path = join(layout.store, name);
    await ignoreSystemErrors(async () => {
      const status = await files.look(path);
      if (status?.own !== true) return;
      if (status.kind === 'folder') await removeSetFolder(files, path);
      else if (status.kind === 'file') await files.removeFile(path);
    });
  }
  return isNew;
}

/** Whether it was not yet. */
async function ignoredByGit(files: StoreFiles, layout: StoreLayout): Promise<boolean> {
  const path = join(layout.store, GIT_IGNORE);
  const staged = join(layout.store, stagingName('new', 'gitignore'));
  if ((await files.look(path)) !== undefined) return false;
  await withContext('Keeping the credentials out of git', path, async () => {
    await ignoreSystemErrors(() => files.removeFile(staged));
    try {
      await writeNewFile(files, staged, '*\n');
      await files.rename(staged, path);
    } catch (error) {
      await ignoreSystemErrors(() => files.removeFile(staged));
      throw error;
    }
  });
  return true;
}
