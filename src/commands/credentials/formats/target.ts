import { access, constants, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { codeOf, KnownError, usageError } from '../../../base/errors.ts';
import { escapeForTerminal } from '../../../base/escape.ts';
import { withContext } from '../../../base/system-error.ts';
import type { StoreFiles } from '../../../files/file-system.ts';
import { MIB } from '../../../files/read.ts';
import { gitState } from '../../../files/git.ts';
import { decodeText } from '../../../files/text-file.ts';

const WINDOWS = process.platform === 'win32';

/** A file that is to be written, as it is now. */
export interface TargetFile {
  /** Absolute, its folder without links. */
  readonly path: string;
  /** What messages call it. */
  readonly name: string;
  readonly bytes?: Buffer;
  /** Permission bits; those of a new file when there is none. */
  readonly mode: number;
}

/** Looks at a file before anything is written. Throws a KnownError for one that is not to be replaced. */
export async function readTargetFile(files: StoreFiles, path: string): Promise<TargetFile> {
  const real = join(await resolveFolder(dirname(path)), basename(path));
  const name = basename(path);
  return await withContext(`Reading ${name}`, path, async () => {
    const status = await files.look(real);
    if (status === undefined) return { path: real, name, mode: 0o600 };
    const seen =
      status.kind === 'folder'
        ? 'it is a folder'
        : status.kind === 'link'
          ? 'it is a symbolic link'
          : status.kind === 'other'
            ? 'it is a pipe, a socket or a device'
            : status.own
              ? (status.mode & 0o200) === 0
                ? 'it is read-only'
                : undefined
              : 'it belongs to another user';
    if (seen !== undefined) throw notWritten(path, seen);
    const bytes = await files.read(real);
    if (bytes.length > MIB) throw notWritten(path, 'it is larger than 1 MiB');
    return { path: real, name, bytes, mode: status.mode & 0o777 };
  });
}

/** The text of a target, absent when nothing is there. Throws a KnownError for what is no UTF-8. */
export function targetText({ bytes, name }: TargetFile): string | undefined {
  return bytes === undefined ? undefined : decodeText(bytes, name);
}

export async function resolveFolder(folder: string): Promise<string> {
  try {
    const real = await realpath(folder);
    if ((await stat(real)).isDirectory()) return real;
    throw usageError(`${folder} is no folder, so nothing can be written into it`, ['Name another one by --output']);
  } catch (error) {
    if (error instanceof KnownError) throw error;
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw usageError(`There is no folder ${folder} to write into`, [
        'Make it first, or name another one by --output',
      ]);
    throw new KnownError({ message: `The folder ${folder} can't be looked at`, seen: code ?? '', cause: error });
  }
}

/** Rejects with a KnownError when nothing can be put into the folder: even one file is replaced by another one beside it. */
export async function requireWritable(folder: string): Promise<void> {
  await withContext(`Writing into ${folder}`, folder, () => access(folder, constants.W_OK | constants.X_OK));
}

function notWritten(path: string, seen: string): KnownError {
  return new KnownError({
    message: `Credentials are not written to ${path}: ${seen}`,
    next: ['Name a plain file of your own by --output, or - for stdout', 'Nothing was written there'],
  });
}

/**
 * Asks git about a file that is to hold secrets. Throws a KnownError when git tracks it, or would take it with the next `git add`, unless `allowed`.
 * Returns what a person should know.
 */
export async function ensureIgnoredByGit(
  path: string,
  env: Readonly<Record<string, string | undefined>>,
  allowed: boolean,
): Promise<readonly string[]> {
  const state = await gitState(path, env);
  const name = basename(path);
  if (state.kind === 'unknown')
    return [`git could not be asked whether it ignores ${name}: ${escapeForTerminal(state.why)}`];
  if (state.kind === 'none' || state.kind === 'ignored') return [];
  const seen = state.kind === 'tracked' ? 'git tracks it' : 'git does not ignore it';
  if (allowed) return [`${name} holds secrets, and ${seen}`];
  const next =
    state.kind === 'tracked'
      ? [`git rm --cached ${name}, and ignore it: what was committed stays in the history`]
      : [`Add this line to ${join(dirname(path), '.gitignore')}: ${state.line}`];
  throw new KnownError({
    message: `Secrets are not written to ${path}: ${seen}`,
    next: [...next, 'Or give --allow-git to write it all the same', 'Nothing was written there'],
  });
}

/** That a file was closed to others. */
export function permissionNote({ name, mode: before }: Pick<TargetFile, 'name' | 'mode'>, mode: number): string {
  const octal = (bits: number): string => bits.toString(8).padStart(4, '0');
  return `${name} was open to other users (${octal(before)}), and is not any more (${octal(mode)})`;
}

/** A file with secrets is for its owner alone; another one keeps what it has. */
export function targetMode(target: Pick<TargetFile, 'mode'>, secret: boolean): number {
  return secret && !WINDOWS ? target.mode & 0o700 : target.mode;
}
