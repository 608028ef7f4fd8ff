import { dirname } from 'node:path';
import { KnownError, type KnownErrorParts } from '../../base/errors.ts';
import { cliInvocation } from '../../base/cli-invocation.ts';
import { pidLockHolder, acquirePidLock } from '../../files/pid-lock.ts';

export interface OwnerLock {
  /** Removes the lock if it is still ours; safe to call twice. */
  readonly release: () => void;
}

/** A live process, maybe this one, holds the lock. */
export class PlatformInUseError extends KnownError {
  readonly pid: number;

  constructor(parts: KnownErrorParts, pid: number) {
    super(parts);
    this.pid = pid;
  }
}

/**
 * Takes the lock file `path` for this process, or throws an InUse that names the live holder.
 * A lock whose holder is dead, or whose pid now belongs to a process that started at another time, is taken over.
 */
export function takeOwnerLock(path: string, what: string): OwnerLock {
  const taking = acquirePidLock(path);
  if (taking.kind === 'taken') return taking;
  if (taking.kind === 'held') throw inUseError(path, what, taking.pid);
  throw new KnownError({
    message: `The lock ${path} changes hands all the time`,
    next: ['Start one local platform per folder, then try again'],
  });
}

/** The process that holds the lock file `path` now, or undefined: no file, or its holder is gone. */
export function lockOwner(path: string): number | undefined {
  return pidLockHolder(path);
}

function inUseError(path: string, what: string, pid: number): PlatformInUseError {
  const own = pid === process.pid;
  const parts = {
    message: `${what} is in use by ${own ? 'this same process' : 'another process'}, pid ${pid}`,
    tried: `take ${path}`,
    seen: `pid ${pid} is running`,
    next: own
      ? ['Stop the first platform before starting a second one on the same folder']
      : [`Stop that \`kuflow dev\` (pid ${pid}), or use it once it is ready: ${cliInvocation(dirname(path))} dev env`],
  };
  return new PlatformInUseError(parts, pid);
}
