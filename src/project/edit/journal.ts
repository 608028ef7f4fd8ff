import { realpathSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { countOf } from '../../base/count-of.ts';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { ignoreSystemErrors } from '../../base/system-error.ts';
import { acquirePidLock } from '../../files/lock.ts';
import { nodeFileSystem, type FileSystem } from '../../files/node-file-system.ts';
import { relativePath } from '../../files/relative-path.ts';
import {
  hasJournal,
  readStaged,
  recoverStaged,
  type StagedContents,
  type StagedRecovery,
  type StagingTarget,
} from '../../files/staged-write.ts';
import { findAbove } from '../../process/find-project.ts';
import { BASE_FILE, parseBase, readBaseFile, renderBaseFile, withoutChanges } from '../base-archive.ts';

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

const FAILED = 'Could not complete an interrupted change to the project';

/**
 * Completes or undoes an interrupted change to the project in `folder`. Undefined if there is no such change. Rejects with a KnownError
 * if another process is changing the project, if the journal is damaged, or if the project cannot be written.
 */
export async function recoverProject(folder: string): Promise<StagedRecovery | undefined> {
  const target = projectStaging(folder);
  if (!hasJournal(target)) return undefined;
  const release = lockProject(folder, 'Could not open the project');
  try {
    return await recoverStaged(target, (left, staged) => keepBases(folder, left, staged));
  } catch (error) {
    if (error instanceof KnownError || codeOf(error) === undefined) throw error;
    throw new KnownError({
      message: FAILED,
      tried: join(folder, JOURNAL_FOLDER),
      seen: messageOf(error),
      next: ['Make sure that the project is writable, then run the command again'],
      cause: error,
    });
  } finally {
    release();
  }
}

export interface RecoverOptions {
  /** Called after an interrupted change to the project was completed or undone. */
  readonly onRecovered?: ((recovery: StagedRecovery) => void) | undefined;
  /** Leaves such a change as it is, and calls `onRecovered` with the kind `pending`. */
  readonly readOnly?: boolean | undefined;
}

/**
 * Completes or undoes the interrupted changes that affect `folder`, which may not exist: in the folder itself, and in those above it, up to the
 * root of its repository, because a new member of a workspace changes files there. `all`: also changes above it that affect only other files. Folders
 * whose journal belongs to another user are left out. Rejects as `recoverProject` does.
 */
export async function recoverAround(
  folder: string,
  { onRecovered, readOnly = false, all = false }: RecoverOptions & { readonly all?: boolean } = {},
): Promise<void> {
  if (readOnly && onRecovered === undefined) return;
  for await (const at of interruptedFolders(folder, all)) {
    const recovery = await (readOnly ? readStaged(projectStaging(at)) : recoverProject(at));
    if (recovery !== undefined) onRecovered?.(recovery);
  }
}

/** Those of the folder and the folders above it whose journal affects the folder, or, with `all`, that have one. */
async function* interruptedFolders(folder: string, all: boolean): AsyncIterable<string> {
  const root = findAbove(folder, '.git');
  for (let at = folder; ; at = dirname(at)) {
    // A folder that cannot be used is reported when it is read.
    const journal = await ignoreSystemErrors(() => nodeFileSystem.look(join(at, JOURNAL_FOLDER)));
    // Anybody can put a journal above a folder.
    const isUsable = at === folder || (journal?.own === true && (all || (await affects(at, folder))));
    if (journal && isUsable) yield at;
    if (at === root || at === dirname(at)) return;
  }
}

async function affects(at: string, folder: string): Promise<boolean> {
  const pending = await readStaged(projectStaging(at));
  return pending?.files.some((path) => path.startsWith(`${relativePath(at, folder)}/`)) === true;
}

/** One or more sentences about what happened to an interrupted change. */
export function recoveryText({ kind, files, left }: StagedRecovery): string {
  const count = files.length - left.length;
  const what = `an interrupted change to the project (${countOf(count, 'file')})`;
  const rest = left.length === 0 ? '' : `. These files were changed since and are left as they are: ${left.join(', ')}`;
  switch (kind) {
    case 'completed':
      return `Completed ${what}${rest}`;
    case 'undone':
      return `Undid ${what}${rest}`;
    case 'removed':
      return 'A change to the project was interrupted before it wrote a file. Its temporary files were removed';
    case 'pending':
      return `A change to the project is not complete (${countOf(files.length, 'file')}). The next command that changes the project completes or undoes it`;
  }
}

/** The files that are left were not merged, so they keep their base in the archive, and the next change of them is merged with that. */
async function keepBases(folder: string, left: readonly string[], staged: StagedContents): Promise<void> {
  const [next, previous] = [await staged.read(BASE_FILE), await readBaseFile(folder)];
  if (next === undefined || previous === undefined) return;
  const base = withoutChanges(await parseBase(next), await parseBase(previous), left);
  await staged.replace(BASE_FILE, (await renderBaseFile(base)).contents);
}
