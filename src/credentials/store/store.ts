import { join } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { codeOf, KnownError } from '../../base/errors.ts';
import type { CredentialSet } from '../credential-set.ts';
import { isSetId, isStaging, SET_FILES, stagingName, storeFolders, type StoreLayout } from './layout.ts';
import { readRecord, recordText, type SetRecord } from './set-record.ts';
import { doing, unlessSystemFails } from './store-error.ts';
import type { StoreFiles, StoreLocking } from './store-files.ts';

const GIT_IGNORE = '.gitignore';
const LOCK_POLL = 100;
const LOCK_WITHIN = 120_000;

/**
 * Makes `.kuflow/credentials` where it is missing: for this user only, and ignored by git whatever the project says. Returns the folders
 * that it made, outer first.
 */
export async function ensureStore(files: StoreFiles, layout: StoreLayout): Promise<readonly string[]> {
  let parent = layout.project;
  const made: string[] = [];
  for (const folder of storeFolders(layout.project)) {
    const isNew = await doing('Making the folder of the credentials', folder, () =>
      ensureFolder(files, parent, folder),
    );
    if (isNew) made.push(folder);
    parent = folder;
  }
  await doing('Closing the folder of the credentials', layout.store, async () => {
    const status = await files.look(layout.store);
    if (process.platform !== 'win32' && status !== undefined && (status.mode & 0o077) !== 0)
      await files.closeFolder(layout.store);
  });
  return made;
}

/** Removes the folders that a run made which then came to nothing, unless somebody else has put something in them. */
export async function removeEmptyStore(files: StoreFiles, layout: StoreLayout, made: readonly string[]): Promise<void> {
  await unlessSystemFails(async () => {
    if (!made.includes(layout.store)) return;
    const names = await files.list(layout.store);
    if (names.some((name) => name !== GIT_IGNORE)) return;
    for (const name of names) await files.removeFile(join(layout.store, name));
    for (const folder of made.toReversed()) await files.removeFolder(folder);
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
  }
  const seen =
    status?.kind === 'folder'
      ? status.own
        ? undefined
        : 'it belongs to another user'
      : status?.kind === 'link'
        ? 'it is a symbolic link'
        : 'it is no folder';
  if (seen === undefined) return made;
  const next = ['Credentials are only written into a folder of your own: move it away'];
  throw new KnownError({ message: `Credentials can't be kept in ${folder}: ${seen}`, next });
}

/**
 * Runs `work` as the only process that writes in this store; what killed runs left is removed first. Waits for another one up to two
 * minutes, then rejects with a KnownError of status 4.
 */
export async function withStoreLock<T>(
  files: StoreFiles,
  layout: StoreLayout,
  waiting: {
    readonly clock: Clock;
    readonly signal?: AbortSignal;
    readonly onWait?: (pid: number | undefined) => void;
  },
  work: () => Promise<T>,
): Promise<T> {
  const { clock, signal, onWait } = waiting;
  const until = clock.now() + LOCK_WITHIN;
  for (let asked = false; ; asked = true) {
    const locking = await takeLock(files, layout);
    if (locking.kind === 'taken') {
      try {
        await doing('Clearing up after a run that was ended', layout.store, () => sweep(files, layout));
        return await work();
      } finally {
        await locking.release();
      }
    }
    if (!asked) onWait?.(locking.pid);
    if (clock.now() > until) {
      throw new KnownError({
        message: 'Another run is writing the credentials of this project and does not end',
        tried: layout.pidLock,
        ...(locking.pid !== undefined && { seen: `process ${locking.pid} is running` }),
        next: ['Wait for it or end it, then try again'],
        status: 4,
      });
    }
    await clock.sleep(LOCK_POLL, signal);
  }
}

/** A run that came to nothing may have removed the store that it made, between our look and this. */
async function takeLock(files: StoreFiles, layout: StoreLayout): Promise<StoreLocking> {
  const take = (): Promise<StoreLocking> =>
    doing('Taking the lock of the credentials', layout.pidLock, () => files.lock(layout.pidLock));
  try {
    return await take();
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    await ensureStore(files, layout);
    return await take();
  }
}

/** Ours, and nobody's: what was being made or removed when a run was killed. Only while the lock is held. */
async function sweep(files: StoreFiles, layout: StoreLayout): Promise<void> {
  await ignoredByGit(files, layout);
  for (const name of await files.list(layout.store)) {
    if (!isStaging(name)) continue;
    const path = join(layout.store, name);
    await unlessSystemFails(async () => {
      const status = await files.look(path);
      if (status?.own !== true) return;
      if (status.kind === 'folder') await removeSetFolder(files, path);
      else if (status.kind === 'file') await files.removeFile(path);
    });
  }
}

async function ignoredByGit(files: StoreFiles, layout: StoreLayout): Promise<void> {
  const path = join(layout.store, GIT_IGNORE);
  const staged = join(layout.store, stagingName('new', 'gitignore'));
  if ((await files.look(path)) !== undefined) return;
  await doing('Keeping the credentials out of git', path, async () => {
    await unlessSystemFails(() => files.removeFile(staged));
    try {
      await writeNewFile(files, staged, '*\n');
      await files.rename(staged, path);
    } catch (error) {
      await unlessSystemFails(() => files.removeFile(staged));
      throw error;
    }
  });
}

async function writeNewFile(files: StoreFiles, path: string, content: string): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(Buffer.from(content, 'utf8'));
    await file.sync();
  } finally {
    await file.close();
  }
}

/**
 * Writes a set into a folder of its own, which appears under its id only when all of it is on the disk, and is never changed again.
 * What was made is removed when it fails.
 */
export async function writeSet(
  files: StoreFiles,
  layout: StoreLayout,
  set: CredentialSet,
  record: SetRecord,
): Promise<void> {
  const staged = join(layout.store, stagingName('new', record.id));
  const final = join(layout.store, record.id);
  await doing('Writing the new credentials', final, async () => {
    await files.makeFolder(staged);
    try {
      const contents: readonly (readonly [string, string])[] = [
        [SET_FILES.ca, set.authorities],
        [SET_FILES.cert, set.certificate],
        [SET_FILES.key, set.privateKey.reveal()],
        ...(set.token === undefined ? [] : [[SET_FILES.token, set.token.value.reveal()] as const]),
        [SET_FILES.lock, recordText(record)],
      ];
      for (const [name, content] of contents) await writeNewFile(files, join(staged, name), content);
      await files.syncFolder(staged);
      await files.rename(staged, final);
      await files.syncFolder(layout.store);
    } catch (error) {
      for (const folder of [staged, final]) await unlessSystemFails(() => removeSetFolder(files, folder));
      throw error;
    }
  });
}

/** Removes a folder with the files of a set and nothing else in it; one that holds something else stays, and rejects. */
export async function removeSetFolder(files: StoreFiles, folder: string): Promise<void> {
  const own: readonly string[] = Object.values(SET_FILES);
  for (const name of await files.list(folder)) if (own.includes(name)) await files.removeFile(join(folder, name));
  await files.removeFolder(folder);
}

/** A set as it stands on the disk: nothing of it is verified. A part that is absent or no plain file of this user is in `problems`. */
export interface StoredSet {
  readonly id: string;
  readonly folder: string;
  readonly record?: SetRecord;
  readonly text: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly problems: readonly string[];
}

export async function readSet(files: StoreFiles, layout: StoreLayout, id: string): Promise<StoredSet> {
  const folder = join(layout.store, id);
  const problems: string[] = [];
  const text = async (name: string): Promise<string> => {
    const path = join(folder, name);
    try {
      const status = await files.look(path);
      if (status === undefined) problems.push(`${name} is missing`);
      else if (status.kind !== 'file') problems.push(`${name} is no plain file`);
      else if (!status.own) problems.push(`${name} belongs to another user`);
      else {
        if (process.platform !== 'win32' && (status.mode & 0o077) !== 0 && name !== SET_FILES.ca)
          problems.push(`${name} may be read by others: chmod 600`);
        return (await files.read(path)).toString('utf8');
      }
    } catch (error) {
      if (codeOf(error) === undefined) throw error;
      problems.push(`${name} can't be read (${codeOf(error) ?? ''})`);
    }
    return '';
  };
  const [cert, key, ca, lock] = [
    await text(SET_FILES.cert),
    await text(SET_FILES.key),
    await text(SET_FILES.ca),
    await text(SET_FILES.lock),
  ];
  const record = readRecord(lock);
  if (lock !== '' && record === undefined) problems.push(`${SET_FILES.lock} can't be read as one of ours`);
  if (record !== undefined && record.id !== id) problems.push(`${SET_FILES.lock} is that of another set`);
  return { id, folder, ...(record && { record }), text: { cert, key, ca }, problems };
}

/** Ids of the sets in the store, oldest first; empty when there is no store. */
export async function listSets(files: StoreFiles, layout: StoreLayout): Promise<readonly string[]> {
  const status = await files.look(layout.store);
  if (status?.kind !== 'folder') return [];
  return (await files.list(layout.store)).filter(isSetId).sort();
}
