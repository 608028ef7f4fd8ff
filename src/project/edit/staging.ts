import { realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { KnownError, messageOf } from '../../base/errors.ts';
import { nodeFileSystem, type FileSystem } from '../../files/node-file-system.ts';
import { acquirePidLock } from '../../files/lock.ts';
import type { StagingTarget } from '../../files/staged-write.ts';

/** Changes of a project that are in progress or were interrupted, relative to the project. Ignored by git. */
export const JOURNAL_FOLDER = '.kuflow/journal';

/** The files of the project in `folder` (absolute). Changing them requires the lock of the project. */
export function projectStaging(folder: string, files: FileSystem = nodeFileSystem): StagingTarget {
  return {
    files,
    folder,
    journal: JOURNAL_FOLDER,
    title: 'the project',
    repair: (journal) => `Restore the project from version control, and delete ${journal}`,
  };
}

/** Relative to the project. */
export const LOCK_FILE = '.kuflow/project.lock';

/**
 * Takes the lock that a process needs to change the project in `folder`, and returns a function that releases it. `failed`: what could not be
 * done, for the KnownError that this throws if another process has the lock or it cannot be written.
 */
export function lockProject(folder: string, failed: string): () => void {
  const path = join(folder, LOCK_FILE);
  const blocked = (seen: string, next: string, cause?: unknown): KnownError =>
    new KnownError({ message: failed, tried: `lock ${path}`, seen, next: [next], cause });
  let lock: ReturnType<typeof acquirePidLock>;
  try {
    rejectOutside(realpathSync.native(folder), dirname(path));
    lock = acquirePidLock(path);
  } catch (error) {
    throw blocked(messageOf(error), 'Make sure that the project is writable, then run the command again', error);
  }
  if (lock.kind === 'taken') return lock.release;
  const holder = lock.pid !== undefined ? ` (pid ${lock.pid})` : '';
  throw blocked(`another process${holder} is changing the project; nothing was written`, 'Run the command again');
}

/** Throws a KnownError if a link leads the folder out of `root`, which has no links in its path. */
function rejectOutside(root: string, folder: string): void {
  const real = realpathSync.native(folder);
  if (real !== root && !real.startsWith(root + sep))
    throw new KnownError({ message: `${folder} is outside the project`, seen: `${folder} points to ${real}` });
}
