import { basename, join } from 'node:path';
import { codeOf, KnownError } from '../../../base/errors.ts';
import { ignoreSystemErrors, withContext } from '../../../base/system-error.ts';
import { withLock, type LockWaitOptions } from '../../../files/file-lock.ts';
import type { FileLock, FileSystem } from '../../../files/node-file-system.ts';
import { replaceFile } from '../../../files/write.ts';
import { whyNotOwnFolder } from '../output-file.ts';
import { isStagingName, stagingName, storeFolders, type StoreLayout } from './layout.ts';
import { removeSetFolder } from './sets.ts';

const GIT_IGNORE = '.gitignore';
const LOCK_TIMEOUT_MS = 120_000;
const TRIES = 20;

/**
 * Runs `work` as the only process that writes to this store. Creates a missing store, and first removes what killed
 * runs left. Waits up to two minutes for another run, then rejects with a KnownError of status 4. If `work` fails, the
 * folders created for it are removed again.
 */
export async function withStoreLock<T>(
  files: FileSystem,
  layout: StoreLayout,
  waiting: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  const created: string[] = [];
  const locked = async (): Promise<T> => {
    try {
      const isNew = await withContext('Cleaning up after an interrupted run', layout.store, () =>
        removeLeftoverSets(files, layout),
      );
      // The run that created the store failed, and could not remove it while this run holds the lock. This run has to
      // do it.
      if (isNew && !created.includes(layout.store)) created.push(...storeFolders(layout.project));
      return await work();
    } catch (error) {
      // Not after the lock is released: the next holder relies on the .gitignore file.
      if (created.includes(layout.store)) await ignoreSystemErrors(() => emptyStore(files, layout));
      throw error;
    }
  };
  const lock = {
    take: () => acquireLock(files, layout, created),
    within: LOCK_TIMEOUT_MS,
    busyWith: 'writing the credentials of this project',
    path: layout.pidLock,
  };
  try {
    return await withLock(lock, waiting, locked);
  } catch (error) {
    // A folder that is not empty stays.
    await ignoreSystemErrors(async () => {
      for (const folder of created.toReversed()) await files.removeFolder(folder);
    });
    throw error;
  }
}

/** Tries to take the lock. Until that succeeds, another run that failed may remove the store that it created. */
async function acquireLock(files: FileSystem, layout: StoreLayout, created: string[]): Promise<FileLock> {
  for (let left = TRIES; ; left--) {
    try {
      await makeStore(files, layout, created);
      return await withContext('Locking the credentials', layout.pidLock, () => files.lock(layout.pidLock));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || left === 0) throw error;
    }
  }
}

/**
 * Creates `.kuflow/credentials` if it is missing: accessible to this user only, and ignored by git whatever the project
 * says. Adds the folders that it creates to `created`, outer ones first.
 */
async function makeStore(files: FileSystem, layout: StoreLayout, created: string[]): Promise<void> {
  let parent = layout.project;
  for (const folder of storeFolders(layout.project)) {
    const isNew = await withContext('Creating the credentials folder', folder, () =>
      ensureFolder(files, parent, folder),
    );
    if (isNew && !created.includes(folder)) created.push(folder);
    parent = folder;
  }
  await withContext('Restricting access to the credentials folder', layout.store, async () => {
    const status = await files.look(layout.store);
    if (process.platform !== 'win32' && status !== undefined && (status.mode & 0o077) !== 0)
      await files.closeFolder(layout.store);
  });
}

/** Resolves to true if it created the folder. */
async function ensureFolder(files: FileSystem, parent: string, folder: string): Promise<boolean> {
  let status = await files.look(folder);
  let created = false;
  if (status === undefined) {
    try {
      await files.makeFolder(folder);
      created = true;
      await files.syncFolder(parent);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    status = await files.look(folder);
    if (status === undefined)
      throw Object.assign(new Error(`${folder} was removed by another run`), { code: 'ENOENT' });
  }
  const seen = whyNotOwnFolder(status);
  if (seen === undefined) return created;
  throw new KnownError({
    message: `Credentials cannot be stored in ${folder}: ${seen}`,
    next: ['Credentials are only written to a folder that you own: move this one away'],
  });
}

/** Removes what every run puts into a store, if nothing else is there except this run's lock. */
async function emptyStore(files: FileSystem, layout: StoreLayout): Promise<void> {
  const names = (await files.list(layout.store)).filter((name) => !name.startsWith(basename(layout.pidLock)));
  if (names.every((name) => name === GIT_IGNORE))
    for (const name of names) await files.removeFile(join(layout.store, name));
}

/** Removes what killed runs left. Requires the lock. Resolves to true if no run has completed in this store yet. */
async function removeLeftoverSets(files: FileSystem, layout: StoreLayout): Promise<boolean> {
  const isNew = await ensureGitIgnore(files, layout);
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

/** Resolves to true if it created the .gitignore file. */
async function ensureGitIgnore(files: FileSystem, layout: StoreLayout): Promise<boolean> {
  const path = join(layout.store, GIT_IGNORE);
  const staged = join(layout.store, stagingName('new', 'gitignore'));
  if ((await files.look(path)) !== undefined) return false;
  await withContext('Excluding the credentials from git', path, async () => {
    await ignoreSystemErrors(() => files.removeFile(staged));
    await replaceFile(path, '*\n', { files, staged });
  });
  return true;
}
