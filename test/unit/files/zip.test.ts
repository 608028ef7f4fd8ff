import { describe, expect, it } from 'vitest';
import { readZip } from '../../../src/files/zip.ts';
import { writeZip, type ZipEntry } from '../../support/zip.ts';

const LIMITS = { entries: 100, fileBytes: 1000, totalBytes: 1_000_000 };
const read = (archive: Buffer): Promise<ReadonlyMap<string, Buffer>> =>
  readZip(archive, (path) => path.endsWith('.txt'), LIMITS);
const readEntries = (...entries: readonly ZipEntry[]): Promise<ReadonlyMap<string, Buffer>> => read(writeZip(entries));
const GOOD: ZipEntry = { path: 'a/b.txt', content: 'text' };

describe('readZip', () => {
  it('reads only the files that are wanted', async () => {
    const files = await readEntries(
      { path: 'a/', mode: 0o040755 },
      GOOD,
      { path: './c.txt', content: Buffer.from([0, 255]) },
      { path: 'nested.zip', content: writeZip([{ path: '../x.txt', content: 'not read' }]) },
    );
    expect([...files]).toEqual([
      ['a/b.txt', Buffer.from('text')],
      ['c.txt', Buffer.from([0, 255])],
    ]);
  });

  it.each<[string, ZipEntry, RegExp]>([
    ['leads out of the archive', { path: '../x.txt' }, /invalid relative path/],
    ['leads out of a folder of it', { path: 'a/../../x.txt' }, /invalid relative path/],
    ['is absolute', { path: '/etc/x.txt' }, /absolute path/],
    ['is absolute on Windows', { path: 'C:/x.txt' }, /absolute path/],
    ['has a backslash', { path: 'a\\..\\..\\x.md' }, /invalid characters/],
    ['is a symbolic link', { path: 'x', content: '/etc/passwd', mode: 0o120777 }, /^x is a link or a special file$/],
    ['is a device', { path: 'x', mode: 0o020644 }, /is a link or a special file/],
    ['is encrypted', { path: 'x', content: 'x', isEncrypted: true }, /^x is encrypted$/],
    ['appears twice', GOOD, /^a\/b\.txt appears twice$/],
    ['appears twice, written differently', { ...GOOD, path: 'a/./b.txt' }, /appears twice$/],
    ['is a bomb', { path: 'x', content: Buffer.alloc(500_000) }, /more than 200 times as large/],
    ['is too large', { path: 'x', statedSize: 2_000_000 }, /has 2000000 bytes, more than 1000000$/],
    ['is too large to read', { path: 'x.txt', content: 'x'.repeat(1001) }, /^x\.txt has more than 1000 bytes$/],
    ['states less than it has', { path: 'x.txt', content: 'x'.repeat(1001), statedSize: 4 }, /too many bytes/],
    ['states more than it has', { path: 'x.txt', content: 'x', statedSize: 4 }, /not enough bytes/],
    ['has another checksum', { path: 'x.txt', content: 'x', crc: 1 }, /^x\.txt is damaged: its checksum differs$/],
    ['is compressed in another way', { path: 'x.txt', content: 'x', method: 12 }, /unsupported compression method/],
    ['has control characters', { path: '\u001b[2Jx', isEncrypted: true }, /^\\u\{1b\}\[2Jx is encrypted$/],
  ])('refuses an archive with an entry that %s', async (_, entry, reason) => {
    await expect(readEntries(GOOD, entry)).rejects.toThrow(reason);
  });

  it('refuses many entries without reading them', async () => {
    const archive = writeZip(Array.from({ length: 100_000 }, (_, at) => ({ path: `${at}` })));
    await expect(read(archive)).rejects.toThrow('it has 100000 entries, more than 100');
  });

  it('refuses files that are too large together', async () => {
    const large = Array.from({ length: 5 }, (_, at) => ({ path: `${at}`, content: 'x', statedSize: 60_000 }));
    await expect(readZip(writeZip(large), () => false, { ...LIMITS, totalBytes: 200_000 })).rejects.toThrow(
      'its files have more than 200000 bytes',
    );
  });

  it('refuses what is not a zip archive, and an archive that ends early', async () => {
    const archive = writeZip([GOOD]);
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from('#!/bin/sh'),
      archive.subarray(0, archive.length - 1),
      archive.subarray(0, 60),
    ])
      await expect(read(bytes)).rejects.toThrow(/not a zip file/);
    // Only the beginning is missing: the list of entries is intact.
    await expect(read(archive.subarray(10))).rejects.toThrow();
  });

  it('reads or refuses an archive with any changed byte', async () => {
    const archive = writeZip([{ path: 'd/', mode: 0o040755 }, GOOD, { path: 'c.txt', content: 'more' }]);
    for (let at = 0; at < archive.length; at++) {
      for (const value of [0, 0xff]) {
        const changed = Buffer.from(archive);
        changed[at] = value;
        const texts = await read(changed).then(
          (files) => [...files.values()].map(String),
          () => [],
        );
        for (const text of texts) expect(['text', 'more']).toContain(text);
      }
    }
  });
});
