import { join } from 'node:path';
import { codeOf, KnownError, messageOf } from '../../../base/errors.ts';
import { withContext } from '../../../base/system-error.ts';
import type { FileSystem } from '../../../files/node-file-system.ts';
import { replaceFile } from '../../../files/write.ts';
import type { CredentialSet } from '../set.ts';
import { SET_FILES, setContents } from '../store/sets.ts';
import { checkUnchanged, permissionNote, readTargetFile, targetMode, type TargetFile } from '../output-file.ts';
import type { KeyChange } from './format.ts';

const SECRET: readonly string[] = [SET_FILES.key, SET_FILES.token];

/** The files of a set that only their owner may read. */
export function secretFiles(set: CredentialSet): readonly string[] {
  return SECRET.filter((name) => name !== SET_FILES.token || set.token !== undefined);
}

interface PlannedFile {
  readonly target: TargetFile;
  readonly content: Buffer;
  readonly mode: number;
}

/** Compares the files in the folder with the set. Throws a KnownError for a file that must not be replaced. */
export async function planPem(files: FileSystem, folder: string, set: CredentialSet) {
  const plan: PlannedFile[] = [];
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

/**
 * Replaces all files or none of them. A killed run may leave files of two sets, which the next run replaces. Call it only in
 * `withFolderLock`. Rejects with a KnownError.
 */
export async function writePem(files: FileSystem, folder: string, plan: readonly PlannedFile[]): Promise<void> {
  const replaced: PlannedFile[] = [];
  const replace = async ([one, ...others]: readonly PlannedFile[]): Promise<void> => {
    if (one === undefined) return;
    const { target, content, mode } = one;
    // All files are complete under temporary names before one of them gets its own.
    const check = async (): Promise<void> => {
      await checkUnchanged(files, target, content);
      await replace(others);
    };
    await replaceFile(target.path, content, { files, mode, isLocked: true, check });
    replaced.push(one);
  };
  await withContext('Writing the credentials', folder, async () => {
    try {
      await replace(plan);
    } catch (error) {
      await putBack(files, folder, replaced);
      throw error;
    }
  });
}

async function putBack(files: FileSystem, folder: string, replaced: readonly PlannedFile[]): Promise<void> {
  try {
    for (const { target } of replaced) {
      const { path, bytes, mode } = target;
      if (bytes === undefined) await files.removeFile(path);
      else await replaceFile(path, bytes, { files, mode, isLocked: true });
    }
  } catch (error) {
    throw new KnownError({
      message: `Only some of the credentials in ${folder} were replaced`,
      seen: codeOf(error) ?? messageOf(error),
      next: ['Fix the cause, then run this command again'],
      cause: error,
    });
  }
}
