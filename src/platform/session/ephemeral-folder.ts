import { existsSync, rmSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRunning } from '../../base/process-identity.ts';
import { databasePath, platformOwner } from '../store/owner-lock.ts';

const NAME = /^kuflow-dev-(\d+)-/;

/**
 * Creates the state folder of a platform that keeps nothing. Call `remove` once the platform has stopped. If this process exits without that, the
 * folder is removed too. After a kill, the Temporal server's supervisor removes it, or else the next call of this function.
 */
export async function createEphemeralFolder(parent = tmpdir()) {
  await removeAbandonedStates(parent);
  const path = await mkdtemp(join(parent, `kuflow-dev-${process.pid}-`));
  const onExit = (): void => rmSync(path, { recursive: true, force: true });
  process.on('exit', onExit);
  return {
    path,
    remove: async (): Promise<void> => {
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
      process.off('exit', onExit);
    },
  };
}

/** Removes this user's folders whose process has ended. */
async function removeAbandonedStates(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = NAME.exec(name)?.[1];
    const folder = join(parent, name);
    if (pid === undefined || !(await isOwnFolder(folder)) || !hasEnded(Number(pid), folder)) continue;
    // A Temporal server that is just ending may still write to its folder: then the next start removes it.
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isOwnFolder(path: string): Promise<boolean> {
  const found = await lstat(path).catch(() => undefined);
  return found?.isDirectory() === true && (process.getuid === undefined || found.uid === process.getuid());
}

/** The pid may have been reused since: then the lock of the state, once there is one, has the identity of the process. */
function hasEnded(pid: number, folder: string): boolean {
  return !isRunning(pid) || (existsSync(databasePath(folder)) && platformOwner(folder) === undefined);
}
