import { execFile } from 'node:child_process';
import { constants, fsync, type Stats } from 'node:fs';
import { chmod, link, lstat, mkdir, open, readdir, rmdir, unlink, type FileHandle } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { codeOf } from '../base/errors.ts';
import { acquirePidLock } from './pid-lock.ts';
import { renameFile } from './rename.ts';
import type { FileStatus, FileSystem } from './file-system.ts';

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

export const nodeFileSystem: FileSystem = {
  look: async (path) => {
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
  read: async (path) => {
    // Opening a pipe must not wait for a writer.
    const file = await open(path, constants.O_RDONLY | (WINDOWS ? 0 : constants.O_NOFOLLOW | constants.O_NONBLOCK));
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  },
  list: (folder) => readdir(folder),
  makeFolder: async (path, mode = 0o700) => {
    await mkdir(path, { mode });
    if (WINDOWS && mode === 0o700) await closeFolder(path);
  },
  closeFolder,
  create: async (path, mode = 0o600) => {
    const file = await open(path, 'wx', mode);
    return {
      write: (content) => file.writeFile(content),
      setMode: (bits) => file.chmod(bits),
      setOwner: (uid, gid) => file.chown(uid, gid),
      sync: () => syncFile(file),
      close: () => file.close(),
    };
  },
  link,
  rename: renameFile,
  syncFolder: async (path) => {
    // Windows can't sync folders.
    if (WINDOWS) return;
    const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      await syncFile(folder);
    } finally {
      await folder.close();
    }
  },
  removeFile: unlink,
  removeFolder: rmdir,
  lock: (path) => {
    const result = acquirePidLock(path);
    if (result.kind !== 'taken')
      return Promise.resolve({ kind: 'held', pid: result.kind === 'held' ? result.pid : undefined });
    const release = (): Promise<void> => {
      result.release();
      return Promise.resolve();
    };
    return Promise.resolve({ kind: 'taken', release });
  },
};
