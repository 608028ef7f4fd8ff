import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fsync } from 'node:fs';
import { promisify } from 'node:util';
import type { FileSystem } from './file-system.ts';

/**
 * Writes a whole file or nothing: a temporary sibling created with `mode` from birth, fsynced, then renamed over `path`.
 * Rejects with the system error; the temporary file is gone by then.
 */
export async function writeFileAtomic(path: string, data: string | Uint8Array, mode = 0o666): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(data);
      await syncFile(file);
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Writes a file that is not there yet: closed to others from birth, on the disk when this resolves. `mode`: its permission bits in the end. */
export async function writeNewFile(
  files: FileSystem,
  path: string,
  content: string | Uint8Array,
  mode = 0o600,
): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(typeof content === 'string' ? Buffer.from(content, 'utf8') : content);
    if (mode !== 0o600) await file.setMode(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

const sync = promisify(fsync);

/**
 * Waits until what was written to an open file is on the disk. By its descriptor: the handles that Yarn's Plug'n'Play puts in the place of
 * Node's, as below `yarn dlx`, have no `sync`.
 */
export function syncFile({ fd }: Pick<FileHandle, 'fd'>): Promise<void> {
  return sync(fd);
}
