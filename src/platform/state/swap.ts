import { join } from 'node:path';
import { KnownError, messageOf } from '../../base/errors.ts';
import { nodeFileSystem, type FileSystem } from '../../files/node-file-system.ts';
import { publishStage, StagedWriteError, type StagingTarget } from '../../files/staged-write.ts';
import { isStateEntry, listStateEntries, OWNER_LOCK, STATE_JOURNAL } from './state-folder-files.ts';

/** Replaces the state with the staged one. If that fails, puts the present state back and rejects. */
export async function swapState(stateDir: string, files?: FileSystem): Promise<void> {
  const { archived, transient } = await listStateEntries(stateDir);
  const staged = await listStateEntries(join(stateDir, STATE_JOURNAL, 'new'));
  const present = [...archived, ...transient].filter((name) => name !== OWNER_LOCK && name !== STATE_JOURNAL);
  try {
    await publishStage(stateStaging(stateDir, files), [...new Set([...present, ...staged.archived])]);
  } catch (error) {
    if (!(error instanceof StagedWriteError)) throw error;
    throw error.remaining.length === 0 ? error.cause : unrestoredError(stateDir, error.remaining, error.cause);
  }
}

/** How a new state is staged in a state folder. The caller holds the lock of the folder. */
export function stateStaging(stateDir: string, files: FileSystem = nodeFileSystem): StagingTarget {
  return {
    files,
    folder: stateDir,
    journal: STATE_JOURNAL,
    title: 'the state folder',
    repair: (journal) => `Delete ${journal}, then import an archive with --replace`,
    allows: isStateEntry,
  };
}

function unrestoredError(stateDir: string, remaining: readonly string[], failure: unknown): KnownError {
  return new KnownError({
    message: 'The import failed, and its changes could not be undone yet',
    seen: `${messageOf(failure)}; in ${stateDir}: ${remaining.join(', ')}`,
    next: [
      'Close programs that use these files. The next start of `kuflow dev`, or another import, then completes or undoes it',
    ],
    cause: failure,
  });
}
