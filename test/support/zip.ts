import { crc32, deflateRawSync } from 'node:zlib';

/** An entry of a zip archive; a path that ends with `/` is a folder. The rest is for archives that no program would write. */
export interface ZipEntry {
  readonly path: string;
  readonly content?: string | Buffer;
  /** File type and permission bits of Unix. */
  readonly mode?: number;
  readonly isEncrypted?: boolean;
  readonly crc?: number;
  /** The size of the unpacked file that the archive states. */
  readonly statedSize?: number;
  /** Number of the compression method that the archive states. */
  readonly method?: number;
}

/** Writes a zip archive. More than 65535 entries make it a Zip64 archive, as its format requires. */
export function writeZip(entries: readonly ZipEntry[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.path);
    const content = Buffer.from(entry.content ?? '');
    const packed = content.length === 0 ? NOTHING : deflateRawSync(content);
    const header = Buffer.alloc(26);
    header.writeUInt16LE(20, 0);
    header.writeUInt16LE(0x800 | (entry.isEncrypted === true ? 1 : 0), 2);
    header.writeUInt16LE(entry.method ?? 8, 4);
    header.writeUInt32LE(entry.crc ?? crc32(content), 10);
    header.writeUInt32LE(packed.length, 14);
    header.writeUInt32LE(entry.statedSize ?? content.length, 18);
    header.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([signature(0x04034b50), header, name, packed]);
    const place = Buffer.alloc(14);
    place.writeUInt32LE(((entry.mode ?? 0o100644) << 16) >>> 0, 6);
    place.writeUInt32LE(offset, 10);
    // Made by Unix, whose modes are in the upper half of the attributes.
    directory.push(signature(0x02014b50), Buffer.from([20, 3]), header, place, name);
    parts.push(local);
    offset += local.length;
  }
  const records = Buffer.concat(directory);
  return Buffer.concat([...parts, records, endOf(entries.length, records.length, offset)]);
}

const NOTHING = deflateRawSync('');

function endOf(count: number, size: number, offset: number): Buffer {
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Math.min(count, 0xffff), 4);
  end.writeUInt16LE(Math.min(count, 0xffff), 6);
  end.writeUInt32LE(size, 8);
  end.writeUInt32LE(offset, 12);
  const plain = Buffer.concat([signature(0x06054b50), end]);
  if (count <= 0xffff) return plain;
  const record = Buffer.alloc(52);
  record.writeBigUInt64LE(44n, 0);
  record.writeBigUInt64LE(BigInt(count), 20);
  record.writeBigUInt64LE(BigInt(count), 28);
  record.writeBigUInt64LE(BigInt(size), 36);
  record.writeBigUInt64LE(BigInt(offset), 44);
  const locator = Buffer.alloc(16);
  locator.writeBigUInt64LE(BigInt(offset + size), 4);
  locator.writeUInt32LE(1, 12);
  return Buffer.concat([signature(0x06064b50), record, signature(0x07064b50), locator, plain]);
}

function signature(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
