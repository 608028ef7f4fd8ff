import { access, constants, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf, KnownError, usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { withContext } from '../../base/system-error.ts';
import { withLock, type LockWaitOptions } from '../../files/lock.ts';
import type { FileStatus, FileSystem } from '../../files/node-file-system.ts';
import { readGitState } from '../../files/git-state.ts';
import { MIB } from '../../files/read.ts';
import { decodeText } from '../../files/text-file.ts';
import type { Environment } from '../../settings/environment.ts';

const WINDOWS = process.platform === 'win32';

/** The current state of a file that is to be written. */
export interface TargetFile {
  /** Absolute, with the links in its folder resolved. */
  readonly path: string;
  readonly name: string;
  readonly bytes?: Buffer;
  /** Permission bits; for a missing file, those it will get. */
  readonly mode: number;
}

/** Reads the target before anything is written. Throws a KnownError for a target that must not be replaced. */
export async function readTargetFile(files: FileSystem, path: string): Promise<TargetFile> {
  const real = join(await resolveFolder(dirname(path)), basename(path));
  return await readOwnFile(files, real, (seen) => invalidTargetError(path, seen));
}

/** Reads a file that is going to be replaced. Rejects with the error of `invalid`, which gets a phrase, if it must not be. */
export async function readOwnFile(
  files: FileSystem,
  path: string,
  invalid: (seen: string) => KnownError,
): Promise<TargetFile> {
  const name = basename(path);
  return await withContext(`Reading ${name}`, path, async () => {
    const status = await files.look(path);
    if (status === undefined) return { path, name, mode: 0o600 };
    const seen = whyNotReplaceable(status);
    if (seen !== undefined) throw invalid(seen);
    const bytes = await files.read(path);
    if (bytes.length > MIB) throw invalid('it is larger than 1 MiB');
    return { path, name, bytes, mode: status.mode & 0o777 };
  });
}

export const SPECIAL_FILE = 'it is a pipe, a socket or a device';

function whyNotReplaceable({ kind, own, mode }: FileStatus): string | undefined {
  if (kind !== 'file') return { folder: 'it is a folder', link: 'it is a symbolic link', other: SPECIAL_FILE }[kind];
  if (!own) return 'it belongs to another user';
  return (mode & 0o200) === 0 ? 'it is read-only' : undefined;
}

/** Throws a KnownError if another program has written something else into the file since it was read. */
export async function checkUnchanged(files: FileSystem, target: TargetFile, content: Buffer): Promise<void> {
  const { bytes } = await readTargetFile(files, target.path);
  const same = bytes === undefined ? target.bytes === undefined : target.bytes?.equals(bytes) === true;
  if (!same && bytes?.equals(content) !== true) throw changedError(target.name, target.path);
}

export function changedError(name: string, path: string): KnownError {
  return new KnownError({
    message: `${name} was changed by another program`,
    tried: path,
    next: ['Run this command again; the other change is preserved'],
  });
}

/** The text of a target; undefined for a missing file. Throws a KnownError for a file that is not UTF-8. */
export function targetText({ bytes, name }: TargetFile): string | undefined {
  return bytes === undefined ? undefined : decodeText(bytes, name);
}

/** Why credentials must not be written to a folder; undefined if they may. */
export function whyNotOwnFolder({ kind, own }: FileStatus): string | undefined {
  if (kind !== 'folder') return kind === 'link' ? 'it is a symbolic link' : 'it is not a folder';
  return own ? undefined : 'it belongs to another user';
}

/** The path of an existing folder with all links resolved. Rejects with a KnownError. */
export async function resolveFolder(folder: string): Promise<string> {
  try {
    const real = await realpath(folder);
    if ((await stat(real)).isDirectory()) return real;
    throw usageError(`${folder} is not a folder, so nothing can be written into it`, [
      'Choose another one with --output',
    ]);
  } catch (error) {
    if (error instanceof KnownError) throw error;
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw usageError(`The folder ${folder} does not exist`, ['Create it first, or choose another one with --output']);
    throw new KnownError({ message: `The folder ${folder} cannot be accessed`, seen: code, cause: error });
  }
}

/** Rejects with a KnownError if the folder is not writable, because even an existing file is replaced by a new one. */
export async function requireWritable(folder: string): Promise<void> {
  await withContext(`Writing to ${folder}`, folder, () => access(folder, constants.W_OK | constants.X_OK));
}

function invalidTargetError(path: string, seen: string): KnownError {
  return new KnownError({
    message: `Credentials cannot be written to ${path}: ${seen}`,
    next: [
      'Choose a regular file that you own with --output, or - for standard output',
      'Nothing was written to this target',
    ],
  });
}

/**
 * Asks git about a file that is going to contain secrets. Throws a KnownError if git tracks the file or would add it
 * with the next `git add`, unless `allowed`. Returns notes for the user.
 */
export async function ensureIgnoredByGit(path: string, env: Environment, allowed: boolean): Promise<readonly string[]> {
  const state = await readGitState(path, env);
  const name = basename(path);
  if (state.kind === 'unknown') return [`Could not check whether git ignores ${name}: ${escapeForTerminal(state.why)}`];
  if (state.kind === 'none' || state.kind === 'ignored') return [];
  const seen = state.kind === 'tracked' ? 'git tracks it' : 'git does not ignore it';
  if (allowed) return [`${name} contains secrets, and ${seen}`];
  const next =
    state.kind === 'tracked'
      ? [`Run git rm --cached ${name} and ignore the file; earlier commits still contain it`]
      : [`Add this line to ${join(dirname(path), '.gitignore')}: ${state.line}`];
  throw new KnownError({
    message: `Secrets were not written to ${path}: ${seen}`,
    next: [...next, 'Or add --allow-git to write them anyway', 'Nothing was written to this target'],
  });
}

export function permissionNote({ name, mode: before }: Pick<TargetFile, 'name' | 'mode'>, mode: number): string {
  const octal = (bits: number): string => bits.toString(8).padStart(4, '0');
  return `${name} was accessible to other users (${octal(before)}) and is now private (${octal(mode)})`;
}

/** A file with secrets is private to its owner; any other file keeps its permissions. */
export function targetMode(target: Pick<TargetFile, 'mode'>, secret: boolean): number {
  return secret && !WINDOWS ? target.mode & 0o700 : target.mode;
}

const LOCK = '.kuflow-credentials-lock';
const LOCK_TIMEOUT_MS = 120_000;

/** Runs `work` as the only run of this tool, from any project, that writes to the folder. Rejects with a KnownError. */
export async function withFolderLock<T>(
  files: FileSystem,
  folder: string,
  waiting: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(folder, LOCK);
  const take = () => withContext('Locking the folder', folder, () => files.lock(path));
  const lock = { take, path, within: LOCK_TIMEOUT_MS, busyWith: `writing credentials into ${folder}` };
  return await withLock(lock, waiting, work);
}
