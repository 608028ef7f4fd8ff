import { basename, join } from 'node:path';
import { codeOf, KnownError, messageOf } from '../../../base/errors.ts';
import { systemError, withContext } from '../../../base/system-error.ts';
import type { LockWaitOptions } from '../../../files/lock.ts';
import type { FileSystem } from '../../../files/node-file-system.ts';
import {
  FileChangedError,
  readStaged,
  recoverStaged,
  StagedWriteError,
  writeStaged,
  type StagingTarget,
} from '../../../files/staged-write.ts';
import type { CredentialSet } from '../credential-set.ts';
import { SET_FILES, setContents } from '../store/sets.ts';
import {
  changedError,
  permissionNote,
  readTargetFile,
  targetMode,
  withFolderLock,
  type TargetFile,
} from '../output-file.ts';
import type { KeyChange } from './format.ts';

const JOURNAL = '.kuflow-credentials-journal';

const PEM_FILES = [SET_FILES.ca, SET_FILES.cert, SET_FILES.key, SET_FILES.token] as const;

const SECRET: readonly string[] = [SET_FILES.key, SET_FILES.token];

/** The files of a set that only their owner may read. */
export function secretFiles(set: CredentialSet): readonly string[] {
  return SECRET.filter((name) => name !== SET_FILES.token || set.token !== undefined);
}

/** Compares the files in the folder with the set. Throws a KnownError for a file that must not be replaced. */
export async function planPem(files: FileSystem, folder: string, set: CredentialSet) {
  const plan: { readonly target: TargetFile; readonly content: Buffer; readonly mode: number }[] = [];
  const changes: KeyChange[] = [];
  const notes: string[] = [];
  for (const [name, text] of setContents(set)) {
    const target = await readTargetFile(files, join(folder, name));
    const content = Buffer.from(text, 'utf8');
    const mode = targetMode(target, SECRET.includes(name));
    const same = target.bytes?.equals(content) === true;
    if (same && mode === target.mode) continue;
    plan.push({ target, content, mode });
    if (mode !== target.mode) notes.push(permissionNote(target, mode));
    if (same) continue;
    changes.push({ kind: target.bytes === undefined ? 'added' : 'changed', key: name });
  }
  const token = join(folder, SET_FILES.token);
  const hasOldToken =
    set.token === undefined && (await withContext('Reading the folder', folder, () => files.look(token))) !== undefined;
  if (hasOldToken) notes.push(`${SET_FILES.token} is unchanged; add --with-token to renew the token`);
  return { files: plan, changes, notes };
}

/** Rejects with a KnownError for a journal in the folder that cannot be completed. */
export async function checkPemJournal(files: FileSystem, folder: string): Promise<void> {
  await rejectForeignJournal(files, folder);
  try {
    await readStaged(pemStaging(files, folder));
  } catch (error) {
    // The journal disappeared while it was read: another run has completed it.
    if (codeOf(error) !== 'ENOENT') throw systemError(error, 'Reading the journal', folder);
  }
}

/**
 * Runs `work` as the only run of this tool in the folder. First completes or undoes the change of a killed run, because until
 * then the folder may contain files of two sets. Rejects with a KnownError.
 */
export async function withPemFolderLock<T>(
  files: FileSystem,
  folder: string,
  waiting: LockWaitOptions,
  work: (completed: boolean) => Promise<T>,
): Promise<T> {
  return await withFolderLock(files, folder, waiting, async () => {
    await rejectForeignJournal(files, folder);
    const recovery = await withContext('Completing an interrupted change', folder, () =>
      recoverStaged(pemStaging(files, folder)),
    );
    return await work(recovery?.kind === 'completed');
  });
}

/** Replaces all files or none of them. Call it only in `withPemFolderLock`. Rejects with a KnownError. */
export async function writePem(
  files: FileSystem,
  folder: string,
  plan: Pick<Awaited<ReturnType<typeof planPem>>, 'files'>,
): Promise<void> {
  if (plan.files.length === 0) return;
  const changes = plan.files.map(({ target: { name, bytes }, content, mode }) => {
    return { path: name, before: bytes, after: content, mode };
  });
  await withContext('Writing the credentials', folder, async () => {
    try {
      await writeStaged(pemStaging(files, folder), changes);
    } catch (error) {
      if (!(error instanceof StagedWriteError)) throw error;
      const { at, cause, remaining } = error;
      if (remaining.length > 0)
        throw new KnownError({
          message: `Only some of the credentials in ${folder} were replaced`,
          seen: codeOf(cause) ?? messageOf(cause),
          next: ['Fix the cause, then run this command again to undo the change and write the credentials'],
          cause,
        });
      throw cause instanceof FileChangedError ? changedError(basename(at), at) : cause;
    }
  });
}

function pemStaging(files: FileSystem, folder: string): StagingTarget {
  return {
    files,
    folder,
    journal: JOURNAL,
    title: 'the folder',
    repair: (journal) => `Remove ${journal}, then write the credentials again`,
    allows: (path) => PEM_FILES.some((name) => name === path),
  };
}

/** Throws a KnownError for a journal of another user. */
async function rejectForeignJournal(files: FileSystem, folder: string): Promise<void> {
  const path = join(folder, JOURNAL);
  const status = await withContext('Reading the journal', folder, () => files.look(path));
  if (status?.own === false)
    throw new KnownError({
      message: `${path} belongs to another user`,
      next: ['Remove it, then write the credentials again'],
    });
}
