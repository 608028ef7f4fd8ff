import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A folder with programs or libraries for tests, filled once and stored with the other test output. It prints what was
 * installed. An interrupted installation is repeated.
 */
export async function installOnce(name: string, install: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(import.meta.dirname, '../../.test-output', name);
  const done = join(folder, 'complete');
  if (existsSync(done)) return folder;
  const started = performance.now();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await install(folder);
  await writeFile(`${done}.part`, '');
  await rename(`${done}.part`, done);
  process.stdout.write(`installed ${name} (${((performance.now() - started) / 1000).toFixed(0)} s)\n`);
  return folder;
}
