import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { systemClock } from '../../../../src/base/clock.ts';
import { KnownError } from '../../../../src/base/errors.ts';
import { openStore } from '../../../../src/platform/store/store.ts';
import { getMeta } from '../../../../src/platform/store/people.ts';

const KILLS = 8;

let folder: string;
let writer: string;
let fullDisk: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kuflow-kill-'));
  writer = join(folder, 'writer.fixture.cjs');
  fullDisk = join(folder, 'full-disk.fixture.cjs');
  await build({
    entryPoints: ['writer', 'full-disk'].map((name) => join(import.meta.dirname, `${name}.fixture.ts`)),
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
  const library = dirname(createRequire(import.meta.url).resolve('node-sqlite3-wasm'));
  copyFileSync(join(library, 'node-sqlite3-wasm.wasm'), join(folder, 'node-sqlite3-wasm.wasm'));
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * Starts the writer at `first`, kills it once it has acknowledged some writes, and resolves to the last acknowledged
 * number.
 */
async function writeAndKill(path: string, first: number, during?: () => void): Promise<number> {
  const child: ChildProcess = spawn(process.execPath, [writer, path, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let last = -1;
  let killed = false;
  const lines = createInterface({ input: child.stdout ?? process.stdin });
  for await (const line of lines) {
    last = Number(line);
    // A different point each time, in the middle of the loop.
    if (!killed && last >= first + 20 + (first % 7)) {
      during?.();
      child.kill('SIGKILL');
      killed = true;
    }
  }
  await exited;
  return last;
}

describe('a process that is killed while it writes', () => {
  it(`loses no acknowledged write in ${KILLS} kills, and the next process opens the store at once`, async () => {
    const path = join(folder, 'state', 'platform.db');
    let next = 0;
    let refused: unknown;
    for (let kill = 0; kill < KILLS; kill++) {
      const last = await writeAndKill(path, next, () => {
        if (kill > 0) return;
        try {
          openStore({ path, clock: systemClock }).close();
        } catch (error) {
          refused = error;
        }
      });
      expect(last).toBeGreaterThan(next);
      const store = openStore({ path, clock: systemClock });
      try {
        expect(store.sql.get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' });
        const counted = Number(getMeta(store.sql, 'last'));
        // The last write may have been committed but not acknowledged. It is never half committed.
        expect([last, last + 1]).toContain(counted);
        for (let number = 0; number <= counted; number++)
          expect(getMeta(store.sql, `written-${number}`), `write ${number}`).toBeDefined();
        expect(getMeta(store.sql, `written-${counted + 1}`)).toBeUndefined();
        next = counted + 1;
      } finally {
        store.close();
      }
    }
    expect(refused).toBeInstanceOf(KnownError);
    expect((refused as KnownError).message).toMatch(/in use by another process, pid \d+/);
    expect((refused as KnownError).next.join()).toContain('npx -p create-kuflow-worker kuflow dev env');
  });
});

it.skipIf(process.platform === 'win32')(
  'says that the store is not writable on a full disk, and keeps what was written',
  () => {
    const path = join(folder, 'full', 'state.db');
    // In blocks of 512 bytes: 1 MB.
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', 'ulimit -f 2048; exec "$0" "$@"', process.execPath, fullDisk, path],
      {
        encoding: 'utf8',
      },
    );
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual(['writable', expect.stringContaining("state.db can't be written: "), 'kept']);
  },
);
