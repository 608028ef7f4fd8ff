import { mkdir, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { discardStage, openStage } from '../../files/staged-write.ts';
import { createPrivateFolder } from '../pki/private-folder.ts';
import { MIGRATIONS } from '../store/schema.ts';
import { listStateEntries } from './entries.ts';
import { withStoppedState } from './lock.ts';
import { invalidArchiveError, newerVersionError, readDatabaseVersion, type StateManifest } from './manifest.ts';
import { stateStaging, swapState } from './swap.ts';
import { requireFile, unpackArchive } from './unpack.ts';

export interface StateImportRequest {
  /** Absolute. */
  readonly stateDir: string;
  /** Absolute path of the archive. */
  readonly file: string;
  /** Whether the present state is replaced. */
  readonly replace: boolean;
}

/**
 * Restores the state from an archive of `exportState`. The archive is unpacked and checked completely before the present state is touched. Rejects
 * with KnownError for an archive that is not valid or from a newer version, and if there is a state that must not be replaced, or a local
 * KuFlow runs on the folder. `replaced`: whether there was a state before.
 */
export async function importState({ stateDir, file, replace }: StateImportRequest) {
  await requireFile(file);
  const created = await mkdir(stateDir, { recursive: true, mode: 0o700 });
  try {
    return await withStoppedState(stateDir, async () => {
      const present = await listStateEntries(stateDir);
      if (present.archived.length > 0 && !replace) throw presentStateError(stateDir);
      await createPrivateFolder(stateDir);
      const target = stateStaging(stateDir);
      const staging = await openStage(target);
      let manifest: StateManifest;
      try {
        manifest = await unpackArchive(file, staging);
        await checkDatabase(file, join(staging, 'state.db'), manifest);
      } catch (error) {
        // What can't be removed now is removed before the next swap.
        await discardStage(target);
        throw error;
      }
      await swapState(stateDir);
      return { manifest, replaced: present.archived.length > 0 };
    });
  } catch (error) {
    if (created !== undefined) await rmdir(stateDir).catch(() => undefined);
    throw error;
  }
}

async function checkDatabase(file: string, database: string, { version }: StateManifest): Promise<void> {
  const stateVersion = await readDatabaseVersion(database);
  if (stateVersion === undefined) throw invalidArchiveError(file, 'its state.db is not a database');
  if (stateVersion > MIGRATIONS.length) throw newerVersionError(file, version);
}

function presentStateError(stateDir: string): KnownError {
  return new KnownError({
    message: 'The local KuFlow of this folder already has a state',
    seen: `nothing was changed in ${stateDir}`,
    next: ['Replace it with --replace', 'Or import into another folder with --state-dir <folder>'],
  });
}
