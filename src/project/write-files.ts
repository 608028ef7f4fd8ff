import { lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { KnownError, codeOf, messageOf } from '../base/errors.ts';
import { nodeFileSystem, type FileSystem } from '../files/node-file-system.ts';
import { relativePath } from '../files/relative-path.ts';
import {
  FileChangedError,
  StagedWriteError,
  writeStaged,
  type StagedChange,
  type StagedWriteOptions,
} from '../files/staged-write.ts';
import type { ComparedFile, PlanComparison } from './existing-files.ts';
import { recoverProject } from './edit/recover-project.ts';
import { JOURNAL_FOLDER, lockProject, projectStaging } from './edit/staging.ts';

export interface WriteOptions extends StagedWriteOptions {
  readonly files?: FileSystem | undefined;
}

export const WRITE_FAILED = 'Could not write the project';

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
  const planned = parts.flatMap(({ folder, files: all }) =>
    all.filter(({ action }) => action !== 'identical').map((file) => ({ folder, file })),
  );
  if (planned.length === 0) return;
  // Every folder outside the project is above it.
  const root = parts.map(({ folder }) => folder).sort((one, other) => one.length - other.length)[0] ?? '';
  const created: string[] = [];
  let problem: { readonly error: unknown; readonly at: string; readonly remaining: readonly string[] } | undefined;
  let at = root;
  try {
    for (const folder of missingFolders(dirname(join(root, JOURNAL_FOLDER)))) {
      at = folder;
      await files.makeFolder(folder, 0o777);
      created.push(folder);
    }
    await recoverProject(root);
    const release = lockProject(root, WRITE_FAILED);
    try {
      const changes: StagedChange[] = [];
      for (const { folder, file } of planned) {
        at = join(folder, file.path);
        changes.push(await toChange(files, relativePath(root, at), at, file));
      }
      await writeStaged(projectStaging(root, files), changes, {
        signal,
        onWrite: (_, index) => onWrite?.(planned[index]?.file.path ?? '', index),
      });
    } finally {
      release();
    }
  } catch (error) {
    problem =
      error instanceof StagedWriteError
        ? { error: error.cause, at: error.at, remaining: error.remaining }
        : { error, at, remaining: [] };
  }
  const left = await removeCreated(files, problem === undefined ? created.slice(-1) : created);
  if (problem === undefined) return;
  const remaining = [...problem.remaining, ...left];
  if (signal?.aborted === true && remaining.length === 0) throw signal.reason;
  throw writeError(problem.at, problem.error, remaining);
}

async function toChange(files: FileSystem, path: string, at: string, file: ComparedFile): Promise<StagedChange> {
  const { contents: after, mode, action, original } = file;
  if (action === 'create') return { path, before: undefined, after, mode };
  // Other files keep their permissions.
  const kept = mode === 0o644 ? lstatSync(at).mode & 0o777 : mode;
  const before = await files.read(at);
  if (original !== undefined && !before.equals(original)) throw new FileChangedError(at, false);
  return { path, before, after, mode: kept };
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
export function writeError(path: string, error: unknown, remaining: readonly string[]): KnownError {
  return new KnownError({
    message: WRITE_FAILED,
    tried: `write ${path}`,
    seen: `${error instanceof KnownError ? (error.seen ?? error.message) : describeWriteError(error)}; ${
      remaining.length === 0 ? 'all changes were rolled back' : `could not roll back: ${remaining.join(', ')}`
    }`,
    next: ['Choose a writable folder, then run the command again'],
    cause: error,
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
