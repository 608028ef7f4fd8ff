import { join } from 'node:path';

/** The database of a platform's state folder. */
export function storePath(stateDir: string): string {
  return join(stateDir, 'state.db');
}

/** The lock file of a database: names the process that has it open. */
export function ownerLockPath(database: string): string {
  return `${database}.owner`;
}
