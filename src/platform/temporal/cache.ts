import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { writeFileAtomic } from '../../files/write.ts';
import { isRecord } from '../../base/json.ts';

/** Where one version of a program is kept: `<cache>/<program>/<version>-<os>-<arch>/`, with `installed.json` written last. */
export interface CacheSlot {
  readonly folder: string;
  readonly executable: string;
}

/** The program in a slot, or undefined when there is none or its files are not what was installed. */
export async function findCachedProgram(slot: CacheSlot): Promise<string | undefined> {
  const path = join(slot.folder, slot.executable);
  try {
    const note: unknown = JSON.parse(await readFile(join(slot.folder, 'installed.json'), 'utf8'));
    // The size tells a file that was cut; hashing 150 MB at each start would cost more than it finds.
    return isRecord(note) && note.size === (await stat(path)).size ? path : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Installs a program into a slot: `make` writes it to the path that it is given, below a temporary folder, which takes
 * the slot's place only when `verify` did not throw. Two processes may do it at the same time. Returns its path.
 */
export async function installProgram(
  slot: CacheSlot,
  make: (path: string, scratch: string) => Promise<{ readonly source: string }>,
  verify: (path: string) => Promise<void>,
): Promise<string> {
  const scratch = `${slot.folder}.${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
  const fresh = join(scratch, 'new');
  await mkdir(fresh, { recursive: true });
  try {
    const path = join(fresh, slot.executable);
    const { source } = await make(path, scratch);
    await verify(path);
    const { size } = await stat(path);
    await writeFileAtomic(
      join(fresh, 'installed.json'),
      `${JSON.stringify({ source, size, sha256: await hashFile(path) }, null, 2)}\n`,
    );
    await replaceFolder(slot, fresh, join(scratch, 'old'));
    return join(slot.folder, slot.executable);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function replaceFolder(slot: CacheSlot, fresh: string, aside: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      await rename(fresh, slot.folder);
      return;
    } catch (error) {
      // Somebody else was faster, or what is there is broken: the first is as good as ours, the second makes room.
      if ((await findCachedProgram(slot)) !== undefined) return;
      if (tries === 3) throw error;
      await rename(slot.folder, `${aside}${tries}`).catch(() => undefined);
    }
  }
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}
