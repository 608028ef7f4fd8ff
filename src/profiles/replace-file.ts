import { dirname } from 'node:path';
import { writeNewFile } from '../files/write.ts';
import { ignoreSystemErrors } from '../base/system-error.ts';
import type { StoreFiles } from '../files/file-system.ts';

/**
 * Puts a file, 0600 from birth, in place of one or of nothing by one rename. Only with a lock: the name beside it is always the same, so that what
 * a killed run left is gone with the next one.
 */
export async function replaceProfileFile(files: StoreFiles, path: string, text: string): Promise<void> {
  const staged = `${path}.new`;
  await ignoreSystemErrors(() => files.removeFile(staged));
  try {
    await writeNewFile(files, staged, text);
    await files.rename(staged, path);
  } catch (error) {
    await ignoreSystemErrors(() => files.removeFile(staged));
    throw error;
  }
  // It is in place by now, whatever the disk says of the folder.
  await ignoreSystemErrors(() => files.syncFolder(dirname(path)));
}
