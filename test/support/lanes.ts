import { existsSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, inject } from 'vitest';
import { acquirePidLock, type PidLockResult } from '../../src/files/pid-lock.ts';
import { recordWait } from './cost.ts';
import { until } from './until.ts';

/*
 * End-to-end files run in three lanes, because they wait more than they compute. A file keeps its state in its own folders below
 * `runFolder`, and asks for free ports. What the lanes share is created by `createOnce`. A file that needs something for itself calls `runAlone`.
 */

const LANES = 3;

/** The lane of this file: 1 to `LANES`. */
export function lane(): number {
  return ((Number(process.env['VITEST_POOL_ID'] ?? 1) - 1) % LANES) + 1;
}

/** `machine`: for a file that saturates the machine or asserts how fast something happens. `ports`: for one that uses default ports. */
export type Resource = 'machine' | 'ports';

/** Call once at the top of a file: no other file that needs the same resource runs at the same time. */
export function runAlone(resource: Resource = 'machine'): void {
  let release: (() => void) | undefined;
  beforeAll(async () => {
    const path = join(inject('runFolder'), `${resource}.lock`);
    const started = performance.now();
    ({ release } = await until(`another lane releases the ${resource}`, () => taken(acquirePidLock(path)), 900_000));
    recordWait(resource, started);
  }, 900_000);
  afterAll(() => release?.());
}

function taken(result: PidLockResult): (PidLockResult & { readonly kind: 'taken' }) | undefined {
  return result.kind === 'taken' ? result : undefined;
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
