import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../base/errors.ts';
import { isAlive, isRunning, ownIdentity, type ProcessIdentity } from '../base/process-identity.ts';

/** `held`: by a running process, possibly this one. `contended`: the holder changed at every attempt. */
export type PidLockResult =
  | {
      readonly kind: 'taken';
      /** Removes the lock if this process still has it. Safe to call twice. */
      readonly release: () => void;
    }
  | { readonly kind: 'held'; readonly pid: number }
  | { readonly kind: 'contended' };

/**
 * Takes the lock file `path` for this process. Takes over the lock of a process that no longer runs, so killing a holder
 * blocks nobody. Throws the system's error if the file can't be written.
 */
export function acquirePidLock(path: string): PidLockResult {
  const own = JSON.stringify(ownIdentity());
  for (let attempt = 0; attempt < 20; attempt++) {
    if (createAtomically(path, own)) {
      removeLeftovers(path);
      return { kind: 'taken', release: () => releaseIfOwn(path, own) };
    }
    const text = readIfExists(path);
    if (text === undefined) continue;
    const holder = parseHolder(text);
    if (holder !== undefined && isAlive(holder)) return { kind: 'held', pid: holder.pid };
    removeDead(path, text);
  }
  return { kind: 'contended' };
}

/** The running process that holds the lock file `path`, or undefined. */
export function pidLockHolder(path: string): number | undefined {
  const text = readIfExists(path);
  const holder = text === undefined ? undefined : parseHolder(text);
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

/** Creates the file and its content in one step, so that nobody reads an incomplete holder. False if it exists. */
function createAtomically(path: string, content: string): boolean {
  const temporary = siblingPath(path, '');
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
    return createExclusively(path, content);
  }
}

function createExclusively(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Removes a dead lock. Two processes may see the same one: the rename succeeds in one of them, and a new lock renamed by mistake is put back. */
function removeDead(path: string, seen: string): void {
  const aside = siblingPath(path, 'dead-');
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    if (readFileSync(aside, 'utf8') !== seen) linkSync(aside, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

/** A temporary path that contains the pid. The file of a running process may be the only copy of its lock. */
function siblingPath(path: string, kind: '' | 'dead-'): string {
  return `${path}.${kind}${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** Removes the temporary files that killed processes left next to the lock. Called while holding the lock. */
function removeLeftovers(path: string): void {
  const start = `${basename(path)}.`;
  try {
    for (const name of readdirSync(dirname(path))) {
      if (!name.startsWith(start)) continue;
      const pid = /^(?:dead-)?(\d+)-[0-9a-f]{12}$/.exec(name.slice(start.length))?.[1];
      // A file with the pid of this process is from an earlier process, because this one has no temporary files now.
      if (pid !== undefined && (Number(pid) === process.pid || !isRunning(Number(pid))))
        rmSync(join(dirname(path), name), { force: true });
    }
  } catch (error) {
    // Leftover files do not affect the lock.
    if (codeOf(error) === undefined) throw error;
  }
}

function releaseIfOwn(path: string, mine: string): void {
  if (readIfExists(path) === mine) rmSync(path, { force: true });
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function parseHolder(text: string): ProcessIdentity | undefined {
  try {
    const value = JSON.parse(text) as Partial<ProcessIdentity>;
    if (
      typeof value.pid === 'number' &&
      Number.isInteger(value.pid) &&
      value.pid > 0 &&
      typeof value.start === 'string'
    )
      return { pid: value.pid, start: value.start };
  } catch {
    // A power failure may leave an empty file. Nobody holds it.
  }
  return undefined;
}
