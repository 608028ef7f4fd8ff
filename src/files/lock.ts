import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { sleepSync, type Clock } from '../base/clock.ts';
import { KnownError, codeOf } from '../base/errors.ts';
import { isRecord, parseJsonText } from '../base/json.ts';
import { isAlive, isRunning, ownIdentity, type ProcessIdentity } from '../base/process-identity.ts';
import { ignoreSystemErrors } from '../base/system-error.ts';
import { renameFileSync } from './rename.ts';

export type FileLock =
  | {
      readonly kind: 'taken';
      /** Removes the lock if this process still has it. Safe to call twice. */
      readonly release: () => void;
    }
  /** By a running process, possibly this one. `pid` is undefined if the holder changed at every attempt. */
  | { readonly kind: 'held'; readonly pid: number | undefined };

const POLL_MS = 50;

export interface LockWaitOptions {
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
  /** Called once, if another run has the lock. `pid` is its process, if known. */
  readonly onWait?: (pid: number | undefined) => void;
}

interface LockRequest {
  readonly take: () => Promise<FileLock>;
  /** Milliseconds. */
  readonly within: number;
  /** What the other run is doing, to complete `Another run is …`. */
  readonly busyWith: string;
  /** Absolute path of the lock. */
  readonly path: string;
}

/** Runs `work` while holding a lock. Waits for another run to release it; rejects with a KnownError of status 4 if that takes too long. */
export async function withLock<T>(
  { take, within, busyWith, path }: LockRequest,
  { clock, signal, onWait }: LockWaitOptions,
  work: () => Promise<T>,
): Promise<T> {
  const until = clock.now() + within;
  for (let waiting = false; ; waiting = true) {
    const locking = await take();
    if (locking.kind === 'taken') {
      try {
        return await work();
      } finally {
        // A lock that can't be released ends with this process.
        await ignoreSystemErrors(locking.release);
      }
    }
    if (!waiting) onWait?.(locking.pid);
    if (clock.now() > until) {
      throw new KnownError({
        message: `Another run is still ${busyWith}`,
        tried: path,
        seen: locking.pid === undefined ? undefined : `process ${locking.pid} is running`,
        next: ['Wait for it to finish, or stop it, then try again'],
        status: 4,
      });
    }
    await clock.sleep(POLL_MS, signal);
  }
}

const ATTEMPTS = 20;
const PAUSE_MS = 5;

/** Locks `path`. Takes over the lock of a process that no longer runs. Throws the system's error if the file can't be written. */
export function acquirePidLock(path: string): FileLock {
  const own = JSON.stringify(ownIdentity());
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (createAtomically(path, own)) {
      removeLeftovers(path);
      const release = (): void => {
        if (readIfExists(path) === own) remove(path);
      };
      return { kind: 'taken', release };
    }
    const text = readIfExists(path);
    if (text === undefined) continue;
    const holder = parseHolder(text);
    if (holder !== undefined && isAlive(holder)) return { kind: 'held', pid: holder.pid };
    if (!removeDead(path, text)) sleepSync(PAUSE_MS);
  }
  return { kind: 'held', pid: undefined };
}

/** The running process that holds the lock file `path`, or undefined. */
export function pidLockHolder(path: string): number | undefined {
  const text = readIfExists(path);
  const holder = text === undefined ? undefined : parseHolder(text);
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

/** Creates the file and its content in one step, so that nobody reads an incomplete holder. False if it exists. */
function createAtomically(path: string, content: string): boolean {
  const temporary = siblingPath(path);
  try {
    writeFileSync(temporary, content, { flag: 'wx', mode: 0o600 });
    return linkOrCreate(temporary, path, content);
  } finally {
    rmSync(temporary, { force: true });
  }
}

function linkOrCreate(temporary: string, path: string, content: string): boolean {
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' || codeOf(error) === 'ENOENT') return false;
    // The file system does not have hard links (exFAT, some network shares).
    return createFolder(path, content);
  }
}

const HOLDER = 'holder';
const EXISTS = new Set<string | undefined>(['EEXIST', 'ENOTEMPTY', 'ENOTDIR', 'EPERM', 'EACCES']);

/** Renaming a folder fails if there is a file, or a folder with files. So this also creates a lock and its content in one step. */
function createFolder(path: string, content: string): boolean {
  const temporary = siblingPath(path);
  mkdirSync(temporary, { mode: 0o700 });
  try {
    writeFileSync(join(temporary, HOLDER), content, { mode: 0o600 });
    renameSync(temporary, path);
    return true;
  } catch (error) {
    if (EXISTS.has(codeOf(error))) return false;
    throw error;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Holds a lock for the removal: a process that saw the dead lock must not remove that of its next holder. False if another removes it. */
function removeDead(path: string, seen: string): boolean {
  const removal = acquirePidLock(removalPath(path));
  if (removal.kind !== 'taken') return false;
  try {
    if (readIfExists(path) === seen) remove(path);
  } finally {
    removal.release();
  }
  return true;
}

const removalPath = (path: string): string => `${path}.removal`;

/** In one step. Only the holder of a lock, or of the lock for its removal, may call this. */
function remove(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) {
    rmSync(path, { force: true });
    return;
  }
  const aside = siblingPath(path);
  renameFileSync(path, aside);
  rmSync(aside, { recursive: true, force: true });
}

/** A temporary path that contains the pid. */
function siblingPath(path: string): string {
  return `${path}.${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** Removes what killed processes left next to the lock. Called while holding the lock. */
function removeLeftovers(path: string): void {
  try {
    const start = `${basename(path)}.`;
    const names = readdirSync(dirname(path)).filter((name) => name.startsWith(start));
    for (const name of names) {
      const pid = /^(\d+)-[0-9a-f]{12}$/.exec(name.slice(start.length))?.[1];
      // A file with the pid of this process is from an earlier process, because this one has no temporary files now.
      if (pid !== undefined && (Number(pid) === process.pid || !isRunning(Number(pid))))
        rmSync(join(dirname(path), name), { recursive: true, force: true });
    }
    if (!names.some((name) => name.startsWith(basename(removalPath(path))))) return;
    const removal = acquirePidLock(removalPath(path));
    if (removal.kind === 'taken') removal.release();
  } catch (error) {
    // Leftover files do not affect the lock.
    if (codeOf(error) === undefined) throw error;
  }
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    if (codeOf(error) === 'EISDIR') return readIfExists(join(path, HOLDER));
    throw error;
  }
}

function parseHolder(text: string): ProcessIdentity | undefined {
  // A power failure may leave an empty file. Nobody holds it.
  const value = parseJsonText(text);
  if (!isRecord(value)) return undefined;
  const { pid, start } = value;
  return typeof pid === 'number' && Number.isInteger(pid) && pid > 0 && typeof start === 'string'
    ? { pid, start }
    : undefined;
}
