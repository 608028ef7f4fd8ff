import { codeOf, KnownError } from './errors.ts';

const AGAIN = 'Run it again when the cause is gone';

/** What a code says, and what to do about it. */
const MEANING: Readonly<Record<string, readonly [meaning: string, next: string]>> = {
  ENOSPC: ['the disk is full', 'Make room, then run it again'],
  EDQUOT: ['the quota of this user is used up', 'Make room, then run it again'],
  EACCES: ['the permissions do not allow it', 'Check whose it is and who may write there, then run it again'],
  EPERM: ['the system does not allow it', 'Check whose it is and who may write there, then run it again'],
  EROFS: ['the file system is read-only', AGAIN],
  ELOOP: ['it is a symbolic link', 'Put a plain file or folder in its place, then run it again'],
  EISDIR: ['it is a folder', 'Put a plain file in its place, then run it again'],
  ENOTDIR: ['a part of the path is no folder', 'Put a folder in its place, then run it again'],
  EEXIST: ['something else is in its place', 'Move it away, then run it again'],
  ENOENT: ['it is not there, or a folder of its path is not', 'Check the path, then run it again'],
  EXDEV: ['it is on another file system', AGAIN],
  EIO: ['the disk failed', AGAIN],
};

/** A call of the system that failed, with what it was for. */
export class SystemError extends KnownError {}

/**
 * A failed call of the system, told for a person: `what` is what it was for ("Reading the state"), `path` what it was about. Anything else,
 * a KnownError among them, as it came.
 */
export function systemError(error: unknown, what: string, path: string): unknown {
  const code = codeOf(error);
  if (error instanceof KnownError || code === undefined) return error;
  const [meaning, next] = MEANING[code] ?? [undefined, AGAIN];
  return new SystemError({
    message: `${what} failed${meaning === undefined ? '' : `: ${meaning}`}`,
    tried: path,
    seen: code,
    next: [next],
    cause: error,
  });
}

/** Runs `work` on files at `path`; a failed call of the system in it becomes a SystemError that says what it was for. */
export async function withContext<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw systemError(error, what, path);
  }
}

/** Runs what only tidies up: a failed call of the system in it changes nothing. */
export async function ignoreSystemErrors(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}
