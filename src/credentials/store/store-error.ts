import { codeOf, KnownError } from '../../base/errors.ts';

const MEANING: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
  EACCES: 'the permissions do not allow it',
  EPERM: 'the system does not allow it',
  EROFS: 'the file system is read-only',
  ELOOP: 'it is a symbolic link',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is no folder',
  EXDEV: 'it is on another file system',
  EIO: 'the disk failed',
};

/** A failed call of the system as an error that says what it was for; anything else as it came. */
export function storeError(error: unknown, doing: string, path: string): unknown {
  const code = codeOf(error);
  if (error instanceof KnownError || code === undefined) return error;
  const meaning = MEANING[code];
  return new KnownError({
    message: `${doing} failed${meaning === undefined ? '' : `: ${meaning}`}`,
    tried: path,
    seen: code,
    next: ['Nothing was switched: the settings and the credentials of before are as they were'],
    cause: error,
  });
}

/** Runs `work`; a failed call of the system in it becomes an error that says what it was for. */
export async function doing<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storeError(error, what, path);
  }
}

/** Runs what only tidies up: a failed call of the system in it changes nothing. */
export async function unlessSystemFails(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}
