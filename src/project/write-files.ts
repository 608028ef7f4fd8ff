import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, mkdirSync, openSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { constants, copyFile, link, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { writeFileAtomic } from '../files/write.ts';
import { KnownError, codeOf, messageOf } from '../base/errors.ts';
import type { ComparedFile, PlanComparison } from './conflicts.ts';

export interface WriteOptions {
  /** On abort, everything written is rolled back and the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each file is written. An error it throws fails the write. */
  readonly onWrite?: ((path: string, index: number) => void | Promise<void>) | undefined;
}

interface Undo {
  readonly path: string;
  readonly undo: () => Promise<void>;
  /** Removes what only `undo` needs. Called after everything is written. */
  readonly cleanUp?: () => Promise<void>;
}

/**
 * Writes the files of a comparison without conflicts, including those outside the project. Resolves once the last file is on disk. A new file
 * never replaces one that appeared in the meantime, and no file leaves the folder through a link. On a failure, everything that this call
 * created is rolled back in reverse order, and nothing else: folders only if they are empty, replaced files restored. Rejects with a
 * KnownError that lists what could not be rolled back.
 */
export async function writeFiles(comparison: PlanComparison, options: WriteOptions = {}): Promise<void> {
  if (comparison.conflicts.length > 0) throw new Error('A comparison with conflicts cannot be written');
  const undos: Undo[] = [];
  let at = comparison.folder;
  try {
    let index = 0;
    // A list that is outside the project names it, so it changes last.
    for (const { folder, files } of [comparison, ...(comparison.outside ?? [])]) {
      createFolders(folder, undos);
      const root = realpathSync.native(folder);
      for (const file of files) {
        if (file.action === 'identical') continue;
        // Synchronous writes take a fifth of the time. Yielding between files lets interrupts and progress output through.
        await setImmediate();
        options.signal?.throwIfAborted();
        at = join(folder, file.path);
        await options.onWrite?.(file.path, index++);
        createFolders(dirname(at), undos);
        assertInside(root, dirname(at));
        if (file.action === 'create') createFile(at, file, undos);
        else await replaceFile(at, file, undos);
      }
    }
    options.signal?.throwIfAborted();
    for (const { cleanUp: forget } of undos) await forget?.().catch(() => undefined);
  } catch (error) {
    const remaining = await rollBack(undos);
    if (options.signal?.aborted === true && remaining.length === 0) throw options.signal.reason;
    throw writeError(at, error, remaining);
  }
}

/** `remaining`: what could not be rolled back. */
export function writeError(path: string, error: unknown, remaining: readonly string[]): KnownError {
  return new KnownError({
    message: 'Could not write the project',
    tried: `write ${path}`,
    seen: `${error instanceof KnownError ? (error.seen ?? error.message) : describeWriteError(error)}; ${
      remaining.length === 0 ? 'all changes were rolled back' : `could not roll back: ${remaining.join(', ')}`
    }`,
    next: ['Choose a writable folder, then run the command again'],
    cause: error,
  });
}

function describeWriteError(error: unknown): string {
  switch (codeOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EROFS':
      return 'the file system is read-only';
    case 'ENOSPC':
      return 'no space left';
    case 'EEXIST':
      return 'the file appeared while the project was being written';
    case 'ENAMETOOLONG':
      return 'the path is too long';
    default:
      return messageOf(error);
  }
}

/** The folder and those above it that do not exist, parents first. */
export function missingFolders(folder: string): readonly string[] {
  const missing: string[] = [];
  for (let at = folder; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) {
    if (dirname(at) === at) break;
    missing.unshift(at);
  }
  return missing;
}

function createFolders(folder: string, undos: Undo[]): void {
  for (const at of missingFolders(folder)) {
    mkdirSync(at);
    undos.push({ path: at, undo: () => rmdir(at) });
  }
}

/** Throws a KnownError if a link leads the folder out of `root`, which has no links in its path. */
export function assertInside(root: string, folder: string): void {
  const real = realpathSync.native(folder);
  if (real !== root && !real.startsWith(root + sep)) {
    throw new KnownError({ message: `${folder} is outside the project`, seen: `${folder} points to ${real}` });
  }
}

function createFile(path: string, { contents, mode }: ComparedFile, undos: Undo[]): void {
  writeNewProjectFile(path, contents, mode, () => undos.push({ path: path, undo: () => rm(path) }));
}

/** Creates a file with these permission bits. `onCreated` is called before it has its contents. Throws the system error if it exists. */
export function writeNewProjectFile(
  path: string,
  contents: Uint8Array,
  mode: number,
  onCreated: () => void = () => undefined,
): void {
  const handle = openSync(path, 'wx', mode);
  onCreated();
  try {
    writeFileSync(handle, contents);
    // The umask may have removed permissions that an executable needs. It can only narrow 0600.
    if (mode === 0o755 && process.platform !== 'win32') fchmodSync(handle, mode);
  } finally {
    closeSync(handle);
  }
}

async function replaceFile(path: string, file: ComparedFile, undos: Undo[]): Promise<void> {
  if (file.original !== undefined && !(await readFile(path)).equals(file.original)) {
    throw new KnownError({ message: `${path} changed after it was read`, seen: 'the file changed after it was read' });
  }
  const kept = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.before`);
  await keepOriginal(path, kept);
  undos.push({
    path: path,
    undo: async () => {
      await rename(kept, path);
      // If the file was not replaced yet, both names are links to it and renaming does nothing.
      await rm(kept, { force: true });
    },
    cleanUp: () => rm(kept),
  });
  await writeFileAtomic(path, file.contents, file.mode);
}

/** Keeps the original under a second name. Restoring a hard link needs no disk space, which matters on a full disk. */
export async function keepOriginal(path: string, kept: string): Promise<void> {
  try {
    await link(path, kept);
  } catch {
    // Not every file system supports hard links.
    await copyFile(path, kept, constants.COPYFILE_EXCL).catch(async (error: unknown) => {
      await rm(kept, { force: true });
      throw error;
    });
  }
}

async function rollBack(undos: readonly Undo[]): Promise<readonly string[]> {
  const remaining: string[] = [];
  for (const { path: what, undo } of [...undos].reverse()) {
    try {
      await undo();
    } catch (error) {
      // Already removed is fine. A folder that has other files in it now is kept and reported.
      if (codeOf(error) !== 'ENOENT') remaining.push(what);
    }
  }
  return remaining;
}
