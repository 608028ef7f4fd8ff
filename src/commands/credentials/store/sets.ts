import { join } from 'node:path';
import { codeOf } from '../../../base/errors.ts';
import { Secret } from '../../../base/secret.ts';
import type { CredentialSet } from '../set.ts';
import { isSetId, SET_FILES, stagingName, type StoreLayout } from './layout.ts';
import { writeNewFile } from '../../../files/write.ts';
import { parseSetRecord, serializeSetRecord, type SetRecord } from './set-record.ts';
import { withContext, ignoreSystemErrors } from '../../../base/system-error.ts';
import type { StoreFiles } from '../../../files/file-system.ts';

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
  await withContext('Writing the new credentials', final, async () => {
    await files.makeFolder(staged);
    try {
      const contents: readonly (readonly [string, string])[] = [
        [SET_FILES.ca, set.authorities],
        [SET_FILES.cert, set.certificate],
        [SET_FILES.key, set.privateKey.reveal()],
        ...(set.token === undefined ? [] : [[SET_FILES.token, set.token.value.reveal()] as const]),
        [SET_FILES.lock, serializeSetRecord(record)],
      ];
      for (const [name, content] of contents) await writeNewFile(files, join(staged, name), content);
      await files.syncFolder(staged);
      await files.rename(staged, final);
      await files.syncFolder(layout.store);
    } catch (error) {
      for (const folder of [staged, final]) await ignoreSystemErrors(() => removeSetFolder(files, folder));
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

export type SetFile = (typeof SET_FILES)[keyof typeof SET_FILES];

/** What is wrong with one file of a set; one that is `open` was read all the same. */
export interface StoredProblem {
  readonly file: SetFile;
  readonly code: 'absent' | 'no-file' | 'foreign' | 'open' | 'unreadable' | 'content';
  /** One sentence. */
  readonly text: string;
}

/** A set as it stands on the disk: nothing of it is verified. A part that is absent or no plain file of this user is in `problems`. */
export interface StoredSet {
  readonly id: string;
  readonly folder: string;
  readonly record?: SetRecord;
  readonly text: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Where the record says that there is one. */
  readonly token?: Secret;
  readonly problems: readonly StoredProblem[];
}

export async function readSet(files: StoreFiles, layout: StoreLayout, id: string): Promise<StoredSet> {
  const folder = join(layout.store, id);
  const problems: StoredProblem[] = [];
  const add = (file: SetFile, code: StoredProblem['code'], what: string): void =>
    void problems.push({ file, code, text: `${file} ${what}` });
  const text = async (name: SetFile): Promise<string> => {
    const path = join(folder, name);
    try {
      const status = await files.look(path);
      if (status === undefined) add(name, 'absent', 'is missing');
      else if (status.kind !== 'file') add(name, 'no-file', 'is no plain file');
      else if (!status.own) add(name, 'foreign', 'belongs to another user');
      else {
        if (process.platform !== 'win32' && (status.mode & 0o077) !== 0 && name !== SET_FILES.ca)
          add(name, 'open', 'may be read by others: chmod 600');
        return (await files.read(path)).toString('utf8');
      }
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      add(name, 'unreadable', `can't be read (${code})`);
    }
    return '';
  };
  const tokenText = async (): Promise<string> => {
    const before = problems.length;
    const token = await text(SET_FILES.token);
    if (problems.length === before && !/^[!-~]+$/.test(token)) add(SET_FILES.token, 'content', 'holds no token');
    return token;
  };
  const [cert, key, ca, lock] = [
    await text(SET_FILES.cert),
    await text(SET_FILES.key),
    await text(SET_FILES.ca),
    await text(SET_FILES.lock),
  ];
  const record = parseSetRecord(lock);
  if (lock !== '' && record === undefined) add(SET_FILES.lock, 'content', "can't be read as one of ours");
  if (record !== undefined && record.id !== id) add(SET_FILES.lock, 'content', 'is that of another set');
  const token = record?.tokenExpiresAt === undefined ? undefined : await tokenText();
  return {
    ...{ id, folder, text: { cert, key, ca }, problems },
    ...(record && { record }),
    ...(token !== undefined && { token: new Secret(token) }),
  };
}

/** Ids of the sets in the store, oldest first; empty when there is no store. */
export async function listSets(files: StoreFiles, layout: StoreLayout): Promise<readonly string[]> {
  const status = await files.look(layout.store);
  if (status?.kind !== 'folder') return [];
  return (await files.list(layout.store)).filter(isSetId).sort();
}
