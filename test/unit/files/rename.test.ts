import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { renameFile, renameFileSync } from '../../../src/files/rename.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

/** Two paths, and a rename that the system rejects `times` times. */
function inUse(code: string, times: number) {
  const folder = temporaryFolder();
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  writeFileSync(from, '');
  let calls = 0;
  const reject = (): void => {
    if (++calls <= times) throw Object.assign(new Error(code), { code });
  };
  return {
    ...{ from, to, calls: () => calls },
    once: async (a: string, b: string): Promise<void> => {
      reject();
      await rename(a, b);
    },
    onceSync: (a: string, b: string): void => {
      reject();
      renameSync(a, b);
    },
  };
}

describe('a rename', () => {
  it.each(['EPERM', 'EBUSY', 'EACCES'])('is retried on Windows after %s', async (code) => {
    const one = inUse(code, 3);
    await renameFile(one.from, one.to, { platform: 'win32', once: one.once as typeof rename });
    expect([one.calls(), existsSync(one.to)]).toEqual([4, true]);
    const other = inUse(code, 3);
    renameFileSync(other.from, other.to, { platform: 'win32', once: other.onceSync as typeof renameSync });
    expect([other.calls(), existsSync(other.to)]).toEqual([4, true]);
  });

  it('fails at once on other systems, and for another reason', async () => {
    for (const [code, platform] of [
      ['EPERM', 'linux'],
      ['ENOENT', 'win32'],
    ] as const) {
      const one = inUse(code, 3);
      const renaming = renameFile(one.from, one.to, { platform, once: one.once as typeof rename });
      await expect(renaming).rejects.toMatchObject({ code });
      expect(one.calls()).toBe(1);
    }
  });

  it('fails after two seconds if the file stays in use', async () => {
    const one = inUse('EBUSY', Infinity);
    const renaming = renameFile(one.from, one.to, { platform: 'win32', once: one.once as typeof rename });
    await expect(renaming).rejects.toMatchObject({ code: 'EBUSY' });
  });
});
