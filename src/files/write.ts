import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { isRunning } from '../base/process-identity.ts';
import { ignoreSystemErrors } from '../base/system-error.ts';
import { nodeFileSystem, type FileSystem, type NewFile } from './node-file-system.ts';

export interface NewContent {
  /** Absolute. */
  readonly path: string;
  readonly content: string | Uint8Array;
  /** Permission bits. Default: 0600. */
  readonly mode?: number | undefined;
  /** Whether the umask narrows `mode`. */
  readonly withUmask?: boolean | undefined;
  /** A file whose owner the new one gets, if this process may do that. */
  readonly likeOwnerOf?: string | undefined;
}

const OPEN_FILES = 32;

/**
 * Writes new files and syncs them to disk. A file with other than its final permissions is accessible only to its owner. Rejects with the system
 * error, or with the reason of the signal; then some of the files may exist.
 */
export async function writeNewFiles(
  files: FileSystem,
  contents: readonly NewContent[],
  signal?: AbortSignal,
): Promise<void> {
  for (let start = 0; start < contents.length; start += OPEN_FILES) {
    const opened: NewFile[] = [];
    let problem: { readonly error: unknown } | undefined;
    try {
      for (const one of contents.slice(start, start + OPEN_FILES)) {
        signal?.throwIfAborted();
        const file = await files.create(one.path, one.withUmask === true ? one.mode : 0o600);
        opened.push(file);
        await fill(files, one, file);
      }
      // Together, because each waits for the disk.
      const synced = await Promise.allSettled(opened.map((file) => file.sync()));
      for (const result of synced) if (result.status === 'rejected') throw result.reason;
    } catch (error) {
      problem = { error };
    }
    for (const file of opened) await file.close().catch((error: unknown) => (problem ??= { error }));
    if (problem !== undefined) throw problem.error;
  }
}

async function fill(
  files: FileSystem,
  { content, mode = 0o600, withUmask = false, likeOwnerOf }: NewContent,
  file: NewFile,
): Promise<void> {
  await file.write(typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
  const like = likeOwnerOf === undefined ? undefined : await files.look(likeOwnerOf);
  // Only root may do this, and only root needs it.
  if (like?.own === false) await ignoreSystemErrors(() => file.setOwner(like.uid, like.gid));
  if (!withUmask && mode !== 0o600) await file.setMode(mode);
}

export interface ReplaceOptions {
  readonly files?: FileSystem | undefined;
  /** Permission bits. Default: 0600. */
  readonly mode?: number | undefined;
  /** Whether only this process writes to the file, because it holds a lock. Then what any other process left is removed. */
  readonly isLocked?: boolean | undefined;
  /**
   * Where the new file is until it is complete, on the same file system. Default: next to the file. The caller removes what a killed run left there.
   */
  readonly staged?: string | undefined;
  /** Called when the new file is complete. An error it throws leaves the file unchanged. */
  readonly check?: (() => Promise<void>) | undefined;
}

/**
 * Creates or replaces a file in one rename. The new file is private until it is complete, and on disk before it gets its name. Rejects with the
 * system error, or with that of `check`, and then the file is unchanged.
 */
export async function replaceFile(
  path: string,
  content: string | Uint8Array,
  { files = nodeFileSystem, mode, isLocked = false, staged, check }: ReplaceOptions = {},
): Promise<void> {
  const at = staged ?? stagedSibling(path);
  if (staged === undefined) await removeStagedSiblings(files, path, isLocked);
  try {
    await writeNewFiles(files, [{ path: at, content, mode }]);
    await check?.();
    await files.rename(at, path);
  } catch (error) {
    await ignoreSystemErrors(() => files.removeFile(at));
    throw error;
  }
  // The file has been replaced, whether or not the folder can be synced.
  await ignoreSystemErrors(() => files.syncFolder(dirname(path)));
}

const STAGED = /^\.(.+)\.(\d+)-[0-9a-f]{12}\.kuflow-new$/;

/** A name next to a file. It contains the id of the process that creates it. */
function stagedSibling(path: string): string {
  return join(dirname(path), `.${basename(path)}.${process.pid}-${randomBytes(6).toString('hex')}.kuflow-new`);
}

/** Removes what killed runs were writing next to a file. `isLocked`: no other process writes to the file. */
export async function removeStagedSiblings(files: FileSystem, path: string, isLocked: boolean): Promise<void> {
  await ignoreSystemErrors(async () => {
    for (const entry of await files.list(dirname(path))) {
      const [, name, pid] = STAGED.exec(entry) ?? [];
      if (name !== basename(path) || (!isLocked && isRunning(Number(pid)))) continue;
      const at = join(dirname(path), entry);
      const status = await files.look(at);
      if (status?.kind === 'file' && status.own) await files.removeFile(at);
    }
  });
}
