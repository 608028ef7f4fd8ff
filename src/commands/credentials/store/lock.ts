import { dirname, join } from 'node:path';
import { codeOf, KnownError } from '../../../base/errors.ts';
import { ignoreSystemErrors, withContext } from '../../../base/system-error.ts';
import { withLock, type LockWaitOptions } from '../../../files/lock.ts';
import type { FileSystem } from '../../../files/node-file-system.ts';
import { whyNotOwnFolder } from '../output-file.ts';
import { isStagingName, removeSetFolder, type StoreLayout } from './sets.ts';

const LOCK_TIMEOUT_MS = 120_000;
const TRIES = 20;

/**
 * Runs `work` as the only process that writes to this store. Creates a missing store, and first removes what killed
 * runs left. Waits up to two minutes for another run, then rejects with a KnownError of status 4. If `work` fails, the
 * folders of the store are removed if they are empty.
 */
export async function withStoreLock<T>(
  files: FileSystem,
  layout: StoreLayout,
  waiting: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  const lock = {
    take: () => acquireLock(files, layout),
    within: LOCK_TIMEOUT_MS,
    busyWith: 'writing the credentials of this project',
    path: layout.pidLock,
  };
  try {
    return await withLock(lock, waiting, async () => {
      await withContext('Cleaning up after an interrupted run', layout.store, () => removeLeftoverSets(files, layout));
      return await work();
    });
  } catch (error) {
    await ignoreSystemErrors(async () => {
      for (const folder of layout.folders.toReversed()) await files.removeFolder(folder);
    });
    throw error;
  }
}

/** Tries to take the lock. Until that succeeds, another run that failed may remove the empty store. */
async function acquireLock(files: FileSystem, layout: StoreLayout) {
  for (let left = TRIES; ; left--) {
    try {
      await makeStore(files, layout);
      return await withContext('Locking the credentials', layout.pidLock, () => files.lock(layout.pidLock));
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || left === 0) throw error;
    }
  }
}

/** Creates `.kuflow/credentials` if it is missing, accessible only to this user. */
async function makeStore(files: FileSystem, layout: StoreLayout): Promise<void> {
  for (const folder of layout.folders)
    await withContext('Creating the credentials folder', folder, () => ensureFolder(files, folder));
  await withContext('Restricting access to the credentials folder', layout.store, async () => {
    const status = await files.look(layout.store);
    if (process.platform !== 'win32' && status !== undefined && (status.mode & 0o077) !== 0)
      await files.closeFolder(layout.store);
  });
}

async function ensureFolder(files: FileSystem, folder: string): Promise<void> {
  if ((await files.look(folder)) === undefined) {
    try {
      await files.makeFolder(folder);
      await files.syncFolder(dirname(folder));
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
  const status = await files.look(folder);
  // Undefined if another run removed it. The next step fails then.
  const seen = status && whyNotOwnFolder(status);
  if (seen === undefined) return;
  throw new KnownError({
    message: `Credentials cannot be stored in ${folder}: ${seen}`,
    next: ['Credentials are only written to a folder that you own: move this one away'],
  });
}

/** Removes what killed runs left. Requires the lock. */
async function removeLeftoverSets(files: FileSystem, layout: StoreLayout): Promise<void> {
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
}
