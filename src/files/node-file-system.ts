import { execFile } from 'node:child_process';
import { constants, fsync, type Stats } from 'node:fs';
import { chmod, link, lstat, mkdir, open, readdir, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { codeOf } from '../base/errors.ts';
import { acquirePidLock, type FileLock } from './lock.ts';
import { renameFile } from './rename.ts';

/** What is at a path; for a link, the link itself. */
export interface FileStatus {
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Permission bits. */
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** Whether it belongs to the user of this process. Always true on systems without file owners. */
  readonly own: boolean;
  readonly uid: number;
  readonly gid: number;
  /** Equal for two names of one file. */
  readonly id: string;
}

export type FileSystem = typeof nodeFileSystem;
export type NewFile = Awaited<ReturnType<FileSystem['create']>>;

const WINDOWS = process.platform === 'win32';
const run = promisify(execFile);
const sync = promisify(fsync);

/**
 * Syncs an open file to disk. Uses its descriptor, because the file handles of Yarn's Plug'n'Play (as with `yarn dlx`) do not have `sync`.
 */
function syncFile({ fd }: Pick<FileHandle, 'fd'>): Promise<void> {
  return sync(fd);
}

export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await syncFile(file);
  } finally {
    await file.close();
  }
}

function kindOf(stats: Stats): FileStatus['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'other';
}

async function closeFolder(path: string): Promise<void> {
  if (!WINDOWS) await chmod(path, 0o700);
  // New files in the folder inherit this.
  else
    await run('icacls', [path, '/inheritance:r', '/grant:r', `${userInfo().username}:(OI)(CI)F`], {
      windowsHide: true,
    });
}

/** Creates `path` if necessary and denies access to everybody else. */
export async function createPrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  // The mode above is subject to the umask and does not affect an existing folder.
  await closeFolder(path);
}

/**
 * The system calls of everything that is written in several steps, one method each, so that a test can end the process between any two.
 * All reject with the system's error.
 */
export const nodeFileSystem = {
  /** Undefined if nothing is there. */
  look: async (path: string): Promise<FileStatus | undefined> => {
    try {
      const stats = await lstat(path);
      const own = WINDOWS || stats.uid === process.getuid?.();
      const { uid, gid, size, dev, ino } = stats;
      return { kind: kindOf(stats), mode: stats.mode & 0o7777, size, own, uid, gid, id: `${dev}:${ino}` };
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return undefined;
      throw error;
    }
  },
  /** The content of a regular file. Does not follow links. */
  read: async (path: string): Promise<Buffer> => {
    // Opening a pipe must not wait for a writer.
    const file = await open(path, constants.O_RDONLY | (WINDOWS ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK));
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  },
  list: (folder: string): Promise<readonly string[]> => readdir(folder),
  /** The umask narrows the mode. Fails if something is there. */
  makeFolder: async (path: string, mode = 0o700): Promise<void> => {
    await mkdir(path, { mode });
    if (WINDOWS && mode === 0o700) await closeFolder(path);
  },
  /** Makes an existing folder accessible only to its owner. */
  closeFolder,
  /** The umask narrows the mode. Fails if something is there, even a link. */
  create: async (path: string, mode = 0o600) => {
    const file = await open(path, 'wx', mode);
    return {
      write: (content: Uint8Array) => file.writeFile(content),
      setMode: (bits: number) => file.chmod(bits),
      setOwner: (uid: number, gid: number) => file.chown(uid, gid),
      sync: () => syncFile(file),
      close: () => file.close(),
    };
  },
  /** Gives a file a second name. Fails if something is there. */
  link: (path: string, to: string) => link(path, to),
  rename: (from: string, to: string) => renameFile(from, to),
  /** Makes renames and new files in the folder survive a power failure. */
  syncFolder: async (path: string): Promise<void> => {
    // Windows can't sync folders.
    if (WINDOWS) return;
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await syncFile(folder);
    } finally {
      await folder.close();
    }
  },
  removeFile: (path: string) => unlink(path),
  removeFolder: (path: string) => rmdir(path),
  /** Tries to take a lock, which ends when its holder is killed. */
  lock: (path: string): Promise<FileLock> => Promise.resolve(acquirePidLock(path)),
};
