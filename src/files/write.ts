import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fsync } from 'node:fs';
import { promisify } from 'node:util';
import type { FileSystem } from './file-system.ts';

/**
 * Writes a file completely or not at all: creates a temporary sibling with `mode`, syncs it and renames it to `path`.
 * Rejects with the system error, after removing the temporary file.
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

/** Writes a new file, accessible only to its owner until it is complete, and syncs it to disk. `mode`: its final permission bits. */
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
 * Syncs an open file to disk. Uses its descriptor, because the file handles of Yarn's Plug'n'Play (as with `yarn dlx`) do not have `sync`.
 */
export function syncFile({ fd }: Pick<FileHandle, 'fd'>): Promise<void> {
  return sync(fd);
}
