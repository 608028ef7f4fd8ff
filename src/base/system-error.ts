import { codeOf, KnownError } from './errors.ts';

const AGAIN = 'Fix the cause, then run the command again';

/** The meaning of a system error code, and what to do. */
const MEANING: Readonly<Record<string, readonly [meaning: string, next: string]>> = {
  ENOSPC: ['the disk is full', 'Free some disk space, then run the command again'],
  EDQUOT: ['the disk quota is exceeded', 'Free some disk space, then run the command again'],
  EACCES: ['permission denied', 'Check the owner and the permissions, then run the command again'],
  EPERM: ['operation not permitted', 'Check the owner and the permissions, then run the command again'],
  EROFS: ['the file system is read-only', AGAIN],
  ELOOP: ['it is a symbolic link', 'Replace it with a regular file or folder, then run the command again'],
  EISDIR: ['it is a folder', 'Replace it with a regular file, then run the command again'],
  ENOTDIR: ['part of the path is not a folder', 'Check the path, then run the command again'],
  EEXIST: ['it already exists', 'Move it away, then run the command again'],
  ENOENT: ['it does not exist, or a folder of its path does not', 'Check the path, then run the command again'],
  EXDEV: ['it is on another file system', AGAIN],
  EIO: ['the disk reported an error', AGAIN],
};

/** A failed system call, with its purpose. */
export class SystemError extends KnownError {}

/**
 * Converts the error of a failed system call to a SystemError for people: `what` is its purpose ("Reading the state"), `path` its
 * subject. Returns other errors, KnownErrors included, unchanged.
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

/** Runs `work` on files at `path`. A failed system call in it becomes a SystemError that names the purpose. */
export async function withContext<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw systemError(error, what, path);
  }
}

/** Runs work whose failed system calls are ignored, such as cleanup. Resolves to its result; undefined if it failed. */
export async function ignoreSystemErrors<T>(work: () => T): Promise<Awaited<T> | undefined> {
  try {
    return await work();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return undefined;
  }
}
