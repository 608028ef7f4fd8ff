import { existsSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { acquirePidLock } from '../../src/files/lock.ts';
import { recordWait } from './cost.ts';
import { until } from './until.ts';

/*
 * End-to-end files run in lanes (`maxWorkers` of their project), because they wait more than they compute. A file has its own folders below
 * `runFolder`, or below `tmpdir()` for the state of a platform, and asks for free ports. What the lanes share is created by `createOnce`. A file
 * that keeps a core busy calls `runHeavy`, and one that needs something exclusively calls `runAlone`.
 */

/** The lane of this file, from 1. */
export function lane(): number {
  return Number(process.env['VITEST_POOL_ID'] ?? 1);
}

/** Files that keep a core busy take one of these, so that no more of them run at a time than there are cores. */
const HEAVY = Array.from({ length: availableParallelism() }, (_, index) => `heavy-${index + 1}`);

/** Call once at the top of a file, or of a `describe`, that keeps a core busy, such as with a JVM or a compiler. */
export function runHeavy(): void {
  hold('heavy', () => first(HEAVY.map(lockPath)));
}

/**
 * Call once at the top of a file. `machine`: for a file that asserts how fast something happens; no heavy file runs at the same time.
 * `ports`: for a file that uses default ports; no other one runs at the same time.
 */
export function runAlone(resource: 'machine' | 'ports' = 'machine'): void {
  for (const name of resource === 'machine' ? HEAVY : [resource]) hold(resource, () => first([lockPath(name)]));
}

/** The functions that release the locks that this lane holds. */
const held = new Set<() => void>();

/** Releases the locks that the previous file still holds: after a hook throws, vitest skips the remaining hooks of that file. */
export function releaseLocks(): void {
  for (const release of held) release();
  held.clear();
}

const lockPath = (name: string): string => join(inject('runFolder'), `${name}.lock`);

/** Takes one of the locks, or returns false if other files have them all. */
function first(paths: readonly string[]): (() => void) | false {
  for (const path of paths) {
    const lock = acquirePidLock(path);
    if (lock.kind === 'taken') return lock.release;
  }
  return false;
}

function hold(resource: string, take: () => (() => void) | false): void {
  let release: (() => void) | undefined;
  beforeAll(async () => {
    const started = performance.now();
    release = await until(`another lane releases: ${resource}`, take, 900_000);
    held.add(release);
    recordWait(resource, started);
  });
  afterAll(() => {
    if (release === undefined) return;
    held.delete(release);
    release();
  });
}

/**
 * Runs `create` if it has not been run for `path` in this run, in any lane. If another lane is creating it, waits until it is complete, or
 * creates it after a failure there. Blocks, like the installations and builds that `create` runs.
 */
export function createOnce(path: string, create: () => void): void {
  const done = `${path}.complete`;
  const started = performance.now();
  let waited = false;
  const endWait = (): void => {
    if (waited) recordWait(basename(path), started);
    waited = false;
  };
  while (!existsSync(done)) {
    const lock = acquirePidLock(`${path}.lock`);
    if (lock.kind !== 'taken') {
      waited = true;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
      continue;
    }
    try {
      endWait();
      if (existsSync(done)) return;
      create();
      writeFileSync(done, '');
    } finally {
      lock.release();
    }
  }
  endWait();
}
