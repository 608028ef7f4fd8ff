import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';

/**
 * Opens to read. A pipe is opened without waiting for who writes to it: that could not be interrupted, not even by the end of the process.
 * Rejects as `open` does.
 */
export function openNonBlocking(path: string): Promise<FileHandle> {
  return open(path, constants.O_RDONLY | (process.platform === 'win32' ? 0 : constants.O_NONBLOCK));
}

/** The bytes of a regular file of at most `largest` bytes; undefined where something else is there, or something larger. Rejects as `open` does. */
export async function readRegularFile(path: string, largest: number): Promise<Buffer | undefined> {
  const file = await openNonBlocking(path);
  try {
    const about = await file.stat();
    return about.isFile() && about.size <= largest ? await file.readFile() : undefined;
  } finally {
    await file.close();
  }
}
