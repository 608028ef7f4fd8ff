import { createHash } from 'node:crypto';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { unpackOnce, type ProgramIndex } from '../../../scripts/launcher.ts';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const newFolder = temporaryFolders();
const FILES = { 'package.json': '{}', 'bin/kuflow.js': 'run();', 'dist/empty.js': '' };

const base64 = Object.entries(FILES).map(([path, text]) => [path, Buffer.from(text).toString('base64')]);
const archive = brotliCompressSync(JSON.stringify(Object.fromEntries(base64)));
const index: ProgramIndex = {
  name: '1.2.3-abc',
  sha256: createHash('sha256').update(archive).digest('hex'),
  sizes: Object.fromEntries(Object.entries(FILES).map(([path, text]) => [path, text.length])),
};

function unpackCounted(parent: string) {
  let reads = 0;
  const folder = unpackOnce(parent, index, () => {
    reads += 1;
    return archive;
  });
  for (const [path, text] of Object.entries(FILES)) expect(readFileSync(join(folder, path), 'utf8')).toBe(text);
  expect(readdirSync(parent)).toEqual([index.name]);
  return { folder, reads };
}

describe('the standalone program', () => {
  it('unpacks its files once, into a folder that only the user can open', () => {
    const parent = join(newFolder(), 'cache', 'programs');
    const { folder, reads } = unpackCounted(parent);
    expect(reads).toBe(1);
    expect(unpackCounted(parent).reads).toBe(0);
    if (process.platform === 'win32') return;
    for (const path of [parent, folder]) expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it.each<[string, (folder: string) => void]>([
    ['is missing', (folder) => rmSync(join(folder, 'bin/kuflow.js'))],
    ['was edited, with the same size', (folder) => writeFileSync(join(folder, 'bin/kuflow.js'), 'evil()')],
    ['was cut off', (folder) => truncateSync(join(folder, 'package.json'))],
  ])('unpacks its files again if one %s', (_, damage) => {
    const parent = newFolder();
    damage(unpackCounted(parent).folder);
    expect(unpackCounted(parent).reads).toBe(1);
  });

  it.skipIf(process.platform === 'win32')('does not run files from a folder that others can open', () => {
    const parent = newFolder();
    const { folder } = unpackCounted(parent);
    chmodSync(folder, 0o755);
    expect(unpackCounted(parent)).toEqual({ folder, reads: 1 });
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('uses the files that another start unpacked first, and leaves nothing behind', () => {
    const parent = newFolder();
    const folder = unpackOnce(parent, index, () => {
      unpackCounted(parent);
      return archive;
    });
    const { ino } = statSync(folder);
    expect(unpackCounted(parent).reads).toBe(0);
    expect(statSync(folder).ino).toBe(ino);
  });

  it('rejects an archive with a wrong checksum, and leaves nothing behind', () => {
    const parent = newFolder();
    expect(() => unpackOnce(parent, index, () => archive.subarray(1))).toThrow('The program is damaged');
    const broken = { ...index, sha256: createHash('sha256').update('x').digest('hex') };
    expect(() => unpackOnce(parent, broken, () => Buffer.from('x'))).toThrow();
    expect(readdirSync(parent)).toEqual([]);
  });

  it('replaces a file that has the name of its folder', () => {
    const parent = newFolder();
    mkdirSync(dirname(join(parent, index.name)), { recursive: true });
    writeFileSync(join(parent, index.name), '');
    expect(unpackCounted(parent).reads).toBe(1);
  });
});
