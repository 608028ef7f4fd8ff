import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { recoverStaged } from '../../files/staged-write.ts';
import { killCommand } from '../../base/shell.ts';
import { databasePath, platformOwner, takeOwnerLock } from '../store/owner-lock.ts';
import { claimPidFile, releasePidFile } from '../supervisor/pid-file.ts';
import { stateStaging } from './swap.ts';

/** How long the Temporal server of a platform that was killed may take to exit. */
const SERVER_EXIT_MS = 20_000;

/**
 * Runs `work` while no local KuFlow can start on the state folder, which must exist. Completes or undoes an interrupted import first. Rejects with
 * KnownError, which names the pid, if one runs there.
 */
export async function withStoppedState<T>(stateDir: string, work: () => Promise<T>): Promise<T> {
  requireStopped(stateDir);
  const lock = takeOwnerLock(databasePath(stateDir));
  const pidFile = join(stateDir, 'temporal.held');
  try {
    if (existsSync(pidFile)) {
      await claimPidFile(pidFile, SERVER_EXIT_MS);
      releasePidFile(pidFile);
    }
    await recoverStaged(stateStaging(stateDir));
    return await work();
  } finally {
    lock.release();
  }
}

/** Throws KnownError with the pid if a local KuFlow runs on the state folder. */
export function requireStopped(stateDir: string): void {
  const pid = platformOwner(stateDir);
  if (pid === undefined) return;
  throw new KnownError({
    message: `The local KuFlow is running (pid ${pid})`,
    seen: `nothing was changed in ${stateDir}`,
    next: [`Stop it first: press Ctrl-C in its terminal, or run ${killCommand(pid)}`],
  });
}
