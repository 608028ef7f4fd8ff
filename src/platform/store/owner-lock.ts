import { dirname, join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { pidLockHolder, acquirePidLock } from '../../files/lock.ts';

// Apart from `store.ts`, because commands that only look for a running platform must not load SQLite.

/** A running process, possibly this one, holds the lock. */
export class PlatformInUseError extends KnownError {
  readonly pid: number;

  constructor(stateDir: string, lockPath: string, pid: number) {
    const own = pid === process.pid;
    super({
      message: `The local KuFlow's state in ${stateDir} is in use by ${own ? 'this process' : 'another process'}, pid ${pid}`,
      tried: `lock ${lockPath}`,
      seen: `pid ${pid} is running`,
      next: own
        ? ['Stop the first platform before you start a second one on the same folder']
        : [`Stop that \`kuflow dev\` (pid ${pid}), or use it once it is ready: ${cliInvocation(stateDir)} dev env`],
    });
    this.pid = pid;
  }
}

/** The database in a platform's state folder. */
export function databasePath(stateDir: string): string {
  return join(stateDir, 'state.db');
}

/**
 * Locks a database for this process. Throws PlatformInUseError if a running process holds the lock. The lock of a
 * process that has ended is taken over, even if its pid now belongs to another process. `release` removes the lock if this process still holds it, and
 * is safe to call twice.
 */
export function takeOwnerLock(database: string): { readonly release: () => void } {
  const path = ownerLockPath(database);
  const result = acquirePidLock(path);
  if (result.kind === 'taken') return result;
  if (result.pid !== undefined) throw new PlatformInUseError(dirname(database), path, result.pid);
  throw new KnownError({
    message: `Could not take the lock ${path}: other processes kept taking it`,
    next: ['Start one local KuFlow per folder, then try again'],
  });
}

/** The pid of the process whose platform uses this state folder, whether it is starting, running or stopping. */
export function platformOwner(stateDir: string): number | undefined {
  return pidLockHolder(ownerLockPath(databasePath(stateDir)));
}

function ownerLockPath(database: string): string {
  return `${database}.owner`;
}
