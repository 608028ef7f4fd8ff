import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KnownError, codeOf, messageOf } from '../base/errors.ts';
import { nodeFileSystem, type FileSystem } from '../files/node-file-system.ts';
import { relativePath } from '../files/relative-path.ts';
import {
  FileChangedError,
  hasJournal,
  StagedWriteError,
  writeStaged,
  type StagedChange,
  type StagedWriteOptions,
} from '../files/staged-write.ts';
import type { PlannedFile } from '../languages/planned-file.ts';
import { BASE_FILE } from './base-archive.ts';
import type { PlanComparison } from './existing-files.ts';
import { JOURNAL_FOLDER, lockProject, projectStaging, recoverProject } from './edit/journal.ts';

export interface WriteOptions extends StagedWriteOptions {
  readonly files?: FileSystem | undefined;
}

const WRITE_FAILED = 'Could not write the project';

export interface ChangedFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  /** The bytes on disk; undefined if the file does not exist. If the file has others when it is written, the write fails. */
  readonly before: Uint8Array | undefined;
  /** Undefined if the file is deleted. */
  readonly after: Uint8Array | undefined;
  /** Default: the permissions of the file, or 0o644 for a new one. */
  readonly mode?: PlannedFile['mode'] | undefined;
}

/**
 * Writes the files of a comparison without conflicts, including those outside the project. All or nothing: a new file never replaces one that
 * appeared in the meantime, no file leaves the folder through a link, a failure rolls everything back, and an interruption is completed or
 * undone by the next command in the folder. Rejects with a KnownError that lists what could not be rolled back.
 */
export async function writeFiles(comparison: PlanComparison, options: WriteOptions = {}): Promise<void> {
  if (comparison.conflicts.length > 0) throw new Error('A comparison with conflicts cannot be written');
  const { files = nodeFileSystem, signal, onWrite } = options;
  // A list that is outside the project names it, so it changes last.
  const parts = [comparison, ...(comparison.outside ?? [])];
  // Every folder outside the project is above it.
  const root = parts.map(({ folder }) => folder).sort((one, other) => one.length - other.length)[0] ?? '';
  const planned = parts.flatMap((part) => part.files.map((file) => ({ folder: part.folder, ...file })));
  const changed = planned.filter(({ action }) => action !== 'identical');
  if (changed.length === 0) return;
  const changes = changed.map(({ folder, path, original: before, contents: after, mode }): ChangedFile => {
    // Other files keep their permissions.
    return { path: relativePath(root, join(folder, path)), before, after, mode: mode === 0o644 ? undefined : mode };
  });
  const created: string[] = [];
  let at = root;
  try {
    for (const folder of missingFolders(dirname(join(root, JOURNAL_FOLDER)))) {
      at = folder;
      await files.makeFolder(folder, 0o777);
      created.push(folder);
    }
    await recoverProject(root);
    await stage(root, changes, {
      ...{ files, signal },
      onWrite: (_, index) => onWrite?.(changed[index]?.path ?? '', index),
    });
  } catch (error) {
    const failure = error instanceof StagedWriteError ? error : new StagedWriteError(at, [], error);
    const remaining = [...failure.remaining, ...(await removeCreated(files, created))];
    if (signal?.aborted === true && remaining.length === 0) throw signal.reason;
    throw writeError(failure, remaining, 'Choose a writable folder, then run the command again');
  }
  await removeCreated(files, created.slice(-1));
}

/**
 * Writes changes of files and of the state of the project in `folder`. All or nothing: a failure rolls back everything, and an interruption is
 * completed or undone by the next command that opens the project. Fails if a file changed after it was read, or if another process is writing to
 * the project. Rejects with a KnownError.
 */
export async function writeChanges(
  folder: string,
  changes: readonly ChangedFile[],
  state: readonly ChangedFile[],
  options: WriteOptions = {},
): Promise<void> {
  const isArchive = ({ path }: ChangedFile): boolean => path === BASE_FILE;
  // The archive comes last: while any other file is not written yet, neither is the archive.
  const all = [...state.filter((one) => !isArchive(one)), ...changes, ...state.filter(isArchive)];
  try {
    await stage(folder, all, options);
  } catch (error) {
    if (!(error instanceof StagedWriteError)) throw error;
    const remaining = error.remaining.map((path) =>
      path.startsWith(join(folder, '/')) ? relativePath(folder, path) : path,
    );
    throw writeError(error, remaining, 'Fix the problem, then run the command again');
  }
}

async function stage(
  folder: string,
  changes: readonly ChangedFile[],
  { files, ...options }: WriteOptions,
): Promise<void> {
  const target = projectStaging(folder, files);
  const release = lockProject(folder, WRITE_FAILED);
  try {
    if (hasJournal(target))
      throw new KnownError({
        message: WRITE_FAILED,
        tried: `create ${join(folder, JOURNAL_FOLDER)}`,
        seen: 'another process was interrupted while it changed the project; nothing was written',
        next: ['Run the command again'],
      });
    const staged: StagedChange[] = [];
    for (const change of changes) {
      const { mode = 0o644 } = (await target.files.look(join(folder, change.path))) ?? {};
      staged.push({ ...change, mode: change.mode ?? mode & 0o777 });
    }
    await writeStaged(target, staged, options);
  } finally {
    release();
  }
}

/** Removes folders, parents first in the list, if nothing is in them. Returns the others. */
async function removeCreated(files: FileSystem, folders: readonly string[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const folder of folders.toReversed()) {
    try {
      await files.removeFolder(folder);
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') left.push(folder);
    }
  }
  return left;
}

/** `remaining`: what could not be rolled back. */
function writeError({ at, cause }: StagedWriteError, remaining: readonly string[], next: string): KnownError {
  return new KnownError({
    message: WRITE_FAILED,
    tried: `write ${at}`,
    seen: `${cause instanceof KnownError ? (cause.seen ?? cause.message) : describeWriteError(cause)}; ${
      remaining.length === 0 ? 'all changes were rolled back' : `could not roll back: ${remaining.join(', ')}`
    }`,
    next: [next],
    cause,
  });
}

function describeWriteError(error: unknown): string {
  if (error instanceof FileChangedError)
    return error.appeared
      ? 'the file appeared while the project was being written'
      : 'the file changed after it was read';
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
      return 'no space left';
    case 'ENAMETOOLONG':
      return 'the path is too long';
    default:
      return messageOf(error);
  }
}

/** The folder and those above it that do not exist, parents first. */
function missingFolders(folder: string): readonly string[] {
  const missing: string[] = [];
  for (let at = folder; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) {
    if (dirname(at) === at) break;
    missing.unshift(at);
  }
  return missing;
}
