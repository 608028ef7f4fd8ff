import { randomBytes } from 'node:crypto';
import { linkSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from '../base/errors.ts';
import { isAlive, isRunning, ownIdentity, type ProcessIdentity } from '../base/process-identity.ts';

/** `held`: by a process that lives now, maybe this one. `contended`: it changed hands at every try. */
export type PidLockResult =
  | {
      readonly kind: 'taken';
      /** Removes the lock if it is still ours; safe to call twice. */
      readonly release: () => void;
    }
  | { readonly kind: 'held'; readonly pid: number }
  | { readonly kind: 'contended' };

/**
 * Takes the lock file `path` for this process. A lock whose holder is dead, or whose pid now belongs to a process that
 * started at another time, is taken over: `kill -9` of a holder blocks nobody. Throws the system's error when the file can't be written.
 */
export function acquirePidLock(path: string): PidLockResult {
  const mine = JSON.stringify(ownIdentity());
  for (let attempt = 0; attempt < 20; attempt++) {
    if (createAtomically(path, mine)) {
      removeLeftovers(path);
      return { kind: 'taken', release: () => releaseIfOwn(path, mine) };
    }
    const text = readIfExists(path);
    if (text === undefined) continue;
    const holder = parseHolder(text);
    if (holder !== undefined && isAlive(holder)) return { kind: 'held', pid: holder.pid };
    removeDead(path, text);
  }
  return { kind: 'contended' };
}

/** The process that holds the lock file `path` now, or undefined: no file, or its holder is gone. */
export function pidLockHolder(path: string): number | undefined {
  const text = readIfExists(path);
  const holder = text === undefined ? undefined : parseHolder(text);
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

/** Creates the file with its whole content in one step, so that nobody ever reads half a holder. False when it exists. */
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
    // File systems without hard links (exFAT, some network shares).
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

/** Two starters may see the same dead holder: the rename gives it to one of them, and a fresh lock taken by mistake is put back. */
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

/** A name that tells whose it is: that of a living process may be all that is left of somebody's lock. */
function siblingPath(path: string, kind: '' | 'dead-'): string {
  return `${path}.${kind}${process.pid}-${randomBytes(6).toString('hex')}`;
}

/** Removes what killed processes left beside the lock, which is ours now: without it their folder would never be empty. */
function removeLeftovers(path: string): void {
  const start = `${basename(path)}.`;
  try {
    for (const name of readdirSync(dirname(path))) {
      if (!name.startsWith(start)) continue;
      const pid = /^(?:dead-)?(\d+)-[0-9a-f]{12}$/.exec(name.slice(start.length))?.[1];
      // One of this pid is of a process before: nothing of this one is under way.
      if (pid !== undefined && (Number(pid) === process.pid || !isRunning(Number(pid))))
        rmSync(join(dirname(path), name), { force: true });
    }
  } catch (error) {
    // The lock is taken all the same.
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
    // A power cut may leave an empty file: nobody holds it.
  }
  return undefined;
}
