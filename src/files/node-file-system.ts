import { execFile } from 'node:child_process';
import { constants, type Stats } from 'node:fs';
import { chmod, lstat, mkdir, open, readdir, rename, rmdir, unlink } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { promisify } from 'node:util';
import { codeOf } from '../base/errors.ts';
import { acquirePidLock } from './pid-lock.ts';
import { syncFile } from './write.ts';
import type { FileStatus, FileSystem } from './file-system.ts';

const WINDOWS = process.platform === 'win32';
const run = promisify(execFile);

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

/** The real file system. */
export const nodeFileSystem: FileSystem = {
  look: async (path) => {
    try {
      const stats = await lstat(path);
      const own = WINDOWS || stats.uid === process.getuid?.();
      return { kind: kindOf(stats), mode: stats.mode & 0o7777, size: stats.size, own };
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
  makeFolder: async (path) => {
    await mkdir(path, { mode: 0o700 });
    if (WINDOWS) await closeFolder(path);
  },
  closeFolder,
  create: async (path) => {
    const file = await open(path, 'wx', 0o600);
    return {
      write: (content) => file.writeFile(content),
      setMode: (mode) => file.chmod(mode),
      sync: () => syncFile(file),
      close: () => file.close(),
    };
  },
  rename,
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
