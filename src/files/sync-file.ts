import { fsync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { promisify } from 'node:util';

const sync = promisify(fsync);

/**
 * Waits until what was written to an open file is on the disk. By its descriptor: the handles that Yarn's Plug'n'Play puts in the place of
 * Node's, as below `yarn dlx`, have no `sync`.
 */
export function syncFile({ fd }: Pick<FileHandle, 'fd'>): Promise<void> {
  return sync(fd);
}
