import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { renameFile } from '../../files/rename.ts';
import { replaceFile } from '../../files/write.ts';
import { isRecord } from '../../base/json.ts';

/** A program's folder `<cache>/<program>/<version>-<os>-<arch>/`. `installed.json` is written last. */
export interface CacheSlot {
  readonly folder: string;
  readonly executable: string;
}

/** The path of the program in a slot; undefined if it is not installed or its file has changed. */
export async function findCachedProgram(slot: CacheSlot): Promise<string | undefined> {
  const path = join(slot.folder, slot.executable);
  try {
    const installed: unknown = JSON.parse(await readFile(join(slot.folder, 'installed.json'), 'utf8'));
    // The size reveals a truncated file. Hashing 150 MB at each start would take too long.
    return isRecord(installed) && installed.size === (await stat(path)).size ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Installs a program into a slot and returns its path. `fetch` writes the program to a path in a temporary folder,
 * which becomes the slot's folder unless `verify` throws. `source` is recorded. Two processes may do this at the same time.
 */
export async function installProgram(
  slot: CacheSlot,
  source: string,
  fetch: (path: string, scratch: string) => Promise<void>,
  verify: (path: string) => Promise<void>,
): Promise<string> {
  const scratch = `${slot.folder}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  const fresh = join(scratch, 'new');
  await mkdir(fresh, { recursive: true });
  try {
    const path = join(fresh, slot.executable);
    await fetch(path, scratch);
    await verify(path);
    const { size } = await stat(path);
    await replaceFile(join(fresh, 'installed.json'), `${JSON.stringify({ source, size }, null, 2)}\n`, { mode: 0o644 });
    await replaceFolder(slot, fresh, join(scratch, 'old'));
    return join(slot.folder, slot.executable);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function replaceFolder(slot: CacheSlot, fresh: string, aside: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await renameFile(fresh, slot.folder);
      return;
    } catch (error) {
      // If another process was faster, its program is as good as this one. If the existing one is broken, move it away.
      if ((await findCachedProgram(slot)) !== undefined) return;
      if (tries === 3) throw error;
      await renameFile(slot.folder, `${aside}${tries}`).catch(() => undefined);
    }
  }
}
