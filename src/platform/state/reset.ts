import { lstat, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { listStateEntries, listStateFiles, OWNER_LOCK } from './state-folder-files.ts';
import { withStoppedState } from './require-stopped.ts';

/** The size of the state in bytes; undefined if the folder does not contain any. */
export async function measureState(stateDir: string): Promise<number | undefined> {
  const { archived, transient } = await listStateEntries(stateDir);
  if (archived.length + transient.length === 0) return undefined;
  return (await listStateFiles(stateDir)).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Also removes the folder if it is then empty and not a link. Rejects with KnownError while a local KuFlow runs there. */
export async function removeState(stateDir: string): Promise<void> {
  await withStoppedState(stateDir, async () => {
    const { archived, transient } = await listStateEntries(stateDir);
    for (const name of [...archived, ...transient])
      if (name !== OWNER_LOCK) await rm(join(stateDir, name), { recursive: true, force: true });
  });
  try {
    // A link, and the folder it leads to, are the user's own.
    if (!(await lstat(stateDir)).isSymbolicLink()) await rmdir(stateDir);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(codeOf(error) ?? '')) throw error;
  }
}
