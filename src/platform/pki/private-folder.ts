import { mkdir } from 'node:fs/promises';
import { nodeFileSystem } from '../../files/node-file-system.ts';

/** Creates `path` if necessary and denies access to everybody else. */
export async function createPrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  // The mode above is subject to the umask and does not affect an existing folder.
  await nodeFileSystem.closeFolder(path);
}
