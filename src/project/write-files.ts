import { randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, mkdirSync, openSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { constants, copyFile, link, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { writeFileAtomic } from '../files/write.ts';
import { KnownError, codeOf, messageOf } from '../base/errors.ts';
import type { ComparedFile, PlanComparison } from './conflicts.ts';

export interface WriteOptions {
  /** Aborted: what was written is taken back and the signal's reason thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each file is written; what it throws is a failed write. */
  readonly onWrite?: ((path: string, index: number) => void | Promise<void>) | undefined;
}

interface Undo {
  readonly path: string;
  readonly undo: () => Promise<void>;
  /** Removes what only an undo needs, once there will be none. */
  readonly cleanUp?: () => Promise<void>;
}

/**
 * Writes the files of a decision without conflicts; returns once the last one is on disk. A new file never replaces one that appeared
 * meanwhile, and no file leaves the folder through a link. On a failure everything that this call made is taken back, in reverse, and
 * nothing else: folders only when empty, replaced files restored. Throws a KnownError that says so.
 */
export async function writeFiles(decision: PlanComparison, options: WriteOptions = {}): Promise<void> {
  if (decision.conflicts.length > 0) throw new Error('A decision with conflicts is not written');
  const undos: Undo[] = [];
  let at = decision.folder;
  try {
    createFolders(decision.folder, undos);
    const root = realpathSync.native(decision.folder);
    let index = 0;
    for (const file of decision.files) {
      if (file.action === 'identical') continue;
      // A file is written without waiting, which takes a fifth of the time; between two of them interrupts and progress get their turn.
      await setImmediate();
      options.signal?.throwIfAborted();
      at = join(decision.folder, file.path);
      await options.onWrite?.(file.path, index++);
      createFolders(dirname(at), undos);
      assertInside(root, dirname(at));
      if (file.action === 'create') createFile(at, file, undos);
      else await replaceFile(at, file, undos);
    }
    options.signal?.throwIfAborted();
    for (const { cleanUp: forget } of undos) await forget?.().catch(() => undefined);
  } catch (error) {
    const left = await rollBack(undos);
    if (options.signal?.aborted === true && left.length === 0) throw options.signal.reason;
    throw writeError(at, error, left);
  }
}

function writeError(path: string, error: unknown, left: readonly string[]): KnownError {
  return new KnownError({
    message: 'The project could not be written',
    tried: `write ${path}`,
    seen: `${error instanceof KnownError ? (error.seen ?? error.message) : describeWriteError(error)}; ${
      left.length === 0 ? 'everything written so far was taken back' : `not taken back: ${left.join(', ')}`
    }`,
    next: ['Choose a folder that can be written to, then run the command again'],
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

function createFolders(folder: string, undos: Undo[]): void {
  const missing: string[] = [];
  for (let at = folder; statSync(at, { throwIfNoEntry: false }) === undefined; at = dirname(at)) {
    if (dirname(at) === at) break;
    missing.unshift(at);
  }
  for (const at of missing) {
    mkdirSync(at);
    undos.push({ path: at, undo: () => rmdir(at) });
  }
}

function assertInside(root: string, folder: string): void {
  const real = realpathSync.native(folder);
  if (real !== root && !real.startsWith(root + sep)) {
    throw new KnownError({ message: `${folder} leads out of the project`, seen: `${folder} leads to ${real}` });
  }
}

function createFile(path: string, file: ComparedFile, undos: Undo[]): void {
  const handle = openSync(path, 'wx', file.mode);
  undos.push({ path: path, undo: () => rm(path) });
  try {
    writeFileSync(handle, file.contents);
    // The umask may have taken rights that an executable needs; 0600 it can only narrow.
    if (file.mode === 0o755 && process.platform !== 'win32') fchmodSync(handle, file.mode);
  } finally {
    closeSync(handle);
  }
}

async function replaceFile(path: string, file: ComparedFile, undos: Undo[]): Promise<void> {
  if (file.original !== undefined && !(await readFile(path)).equals(file.original)) {
    throw new KnownError({ message: `${path} changed meanwhile`, seen: 'the file changed after it was read' });
  }
  const kept = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.before`);
  await keepOriginal(path, kept);
  undos.push({
    path: path,
    undo: async () => {
      await rename(kept, path);
      // Two names of one file, when it had not been replaced yet: then renaming does nothing.
      await rm(kept, { force: true });
    },
    cleanUp: () => rm(kept),
  });
  await writeFileAtomic(path, file.contents, file.mode);
}

/** A second name for what is to be replaced: giving it back takes no space, which a full disk would not have. */
async function keepOriginal(path: string, kept: string): Promise<void> {
  try {
    await link(path, kept);
  } catch {
    // Not every file system has hard links.
    await copyFile(path, kept, constants.COPYFILE_EXCL).catch(async (error: unknown) => {
      await rm(kept, { force: true });
      throw error;
    });
  }
}

async function rollBack(undos: readonly Undo[]): Promise<readonly string[]> {
  const left: string[] = [];
  for (const { path: what, undo } of [...undos].reverse()) {
    try {
      await undo();
    } catch (error) {
      // Gone is what we want; a folder that somebody put a file into is no longer ours.
      if (codeOf(error) !== 'ENOENT') left.push(what);
    }
  }
  return left;
}
