import { createHash, randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { Header } from 'tar';
import { describe, expect, it } from 'vitest';
import type { PlannedFile } from '../../../src/languages/planned-file.ts';
import { baseOf, parseBase, renderBaseFile, withGenerated } from '../../../src/project/base-archive.ts';

const file = (path: string, text: string, mode: PlannedFile['mode'] = 0o644): PlannedFile => ({
  path,
  contents: Buffer.from(text),
  mode,
});

/** An archive with one entry. */
function archiveOf(path: string, type: 'File' | 'SymbolicLink' | 'Link' | 'Directory' = 'File', text = 'x'): Buffer {
  const size = type === 'File' ? text.length : 0;
  const header = Buffer.alloc(512);
  new Header({ path, type, size, mode: 0o644, ...(type.endsWith('Link') ? { linkpath: '/etc/passwd' } : {}) }).encode(
    header,
  );
  const body = size === 0 ? [] : [Buffer.from(text.padEnd(Math.ceil(size / 512) * 512, '\0'))];
  return gzipSync(Buffer.concat([header, ...body, Buffer.alloc(1024)]));
}

describe('the base archive', () => {
  const files = [
    file('src/b.ts', 'b'),
    file('a.sh', '#!/bin/sh\n', 0o755),
    file('empty', ''),
    file(`${'d/'.repeat(60)}f`, 'ä'),
  ];

  it('contains every file with its mode, and the versions merged last', async () => {
    const base = { ...baseOf(files), merged: new Map([['src/b.ts', file('src/b.ts', 'older')]]) };
    const { contents } = await renderBaseFile(base);
    const parsed = await parseBase(contents);
    expect([...parsed.generated.values()].map(({ path, mode, contents: bytes }) => [path, mode, bytes])).toEqual(
      [...files]
        .sort((one, other) => (one.path < other.path ? -1 : 1))
        .map(({ path, mode, contents: bytes }) => [path, mode, bytes]),
    );
    expect(parsed.merged).toEqual(base.merged);
  });

  it('has the checksums of the library instead of its contents', async () => {
    const path = '.kuflow/lib/kuflow-worker-1.0.0.tgz';
    const contents = randomBytes(100_000);
    const checksum = file(path, `sha256:${createHash('sha256').update(contents).digest('hex')}\n`);
    const archive = await renderBaseFile(baseOf([{ path, contents, mode: 0o644 }]));
    expect(archive.contents.byteLength).toBeLessThan(1000);
    expect([...(await parseBase(archive.contents)).generated.values()]).toEqual([checksum]);
  });

  it('depends only on the files, not on their order or the time', async () => {
    const [one, other] = [await renderBaseFile(baseOf(files)), await renderBaseFile(baseOf(files.toReversed()))];
    expect(Buffer.from(one.contents).equals(other.contents)).toBe(true);
    // The time and the operating system in the gzip header.
    expect([...one.contents.slice(4, 8), one.contents[9]]).toEqual([0, 0, 0, 0, 255]);
    const again = await renderBaseFile(await parseBase(one.contents));
    expect(gunzipSync(again.contents).equals(gunzipSync(one.contents))).toBe(true);
    expect((await renderBaseFile(withGenerated(baseOf(files), file('c', 'c')))).contents).not.toEqual(one.contents);
  });

  it('is not written if it could not be read again', async () => {
    const large = Array.from({ length: 65 }, (_, at) => ({
      ...file(`f${at}`, ''),
      contents: Buffer.alloc(1024 * 1024),
    }));
    await expect(renderBaseFile(baseOf(large))).rejects.toThrow('cannot be kept in .kuflow/base.tgz');
    const random = { ...file('f', ''), contents: randomBytes(17 * 1024 * 1024) };
    await expect(renderBaseFile(baseOf([random]))).rejects.toThrow('cannot be kept in .kuflow/base.tgz');
    await expect(renderBaseFile(baseOf([file('a'.repeat(300), '')]))).rejects.toThrow('cannot be kept');
  });

  it('of an older version has no template', async () => {
    const { contents } = await renderBaseFile(baseOf(files));
    expect((await parseBase(contents)).template.size).toBe(0);
    const template = new Map([['README.md.hbs', file('README.md.hbs', '{{x}}')]]);
    const parsed = await parseBase((await renderBaseFile(baseOf(files, template))).contents);
    expect(parsed.template).toEqual(template);
  });

  it.each([
    ['a parent folder', archiveOf('generated/../x')],
    ['an absolute path', archiveOf('/generated/x')],
    ['an absolute path in a folder', archiveOf('generated//etc/passwd')],
    ['a Windows path', archiveOf('generated/..\\x')],
    ['a drive', archiveOf('generated/C:x')],
    ['another folder', archiveOf('other/x')],
    ['a symbolic link', archiveOf('generated/x', 'SymbolicLink')],
    ['a hard link', archiveOf('generated/x', 'Link')],
    ['a folder', archiveOf('generated/x/', 'Directory')],
    ['nothing', gzipSync(Buffer.alloc(1024))],
    ['more than the limit', gzipSync(Buffer.alloc(65 * 1024 * 1024))],
    ['an archive that is compressed twice', gzipSync(archiveOf('generated/x'))],
    ['text', Buffer.from('<<<<<<< HEAD\n')],
  ])('is rejected with %s', async (_what, archive) => {
    await expect(parseBase(archive)).rejects.toThrow();
  });

  it('is rejected when cut, wherever that is', async () => {
    const { contents } = await renderBaseFile(baseOf(files));
    for (let length = 0; length < contents.byteLength; length += 7)
      await expect(parseBase(contents.slice(0, length))).rejects.toThrow();
  });
});
