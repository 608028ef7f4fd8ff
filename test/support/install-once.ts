import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { acquirePidLock } from '../../src/files/lock.ts';

/**
 * A folder with programs or libraries for tests, filled once and stored with the other test output. It prints what was
 * installed. An interrupted installation is repeated. If another test file is installing it, this waits.
 */
export async function installOnce(name: string, install: (folder: string) => Promise<void>): Promise<string> {
  const output = join(import.meta.dirname, '../../.test-output');
  const folder = join(output, name);
  const done = join(folder, 'complete');
  await mkdir(output, { recursive: true });
  while (!existsSync(done)) {
    const lock = acquirePidLock(`${folder}.lock`);
    if (lock.kind !== 'taken') {
      await delay(100);
      continue;
    }
    try {
      if (!existsSync(done)) await fill(folder, done, name, install);
    } finally {
      lock.release();
    }
  }
  return folder;
}

async function fill(
  folder: string,
  done: string,
  name: string,
  install: (folder: string) => Promise<void>,
): Promise<void> {
  const started = performance.now();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await install(folder);
  await writeFile(`${done}.part`, '');
  await rename(`${done}.part`, done);
  process.stdout.write(`installed ${name} (${((performance.now() - started) / 1000).toFixed(0)} s)\n`);
}
