import { open } from 'node:fs/promises';

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const USER_VERSION_OFFSET = 60;

/** The version in the header of a SQLite file; undefined if it is not one. */
export async function readDatabaseVersion(path: string): Promise<number | undefined> {
  const header = Buffer.alloc(HEADER_BYTES);
  const file = await open(path);
  try {
    const { bytesRead } = await file.read(header, 0, HEADER_BYTES, 0);
    if (bytesRead < HEADER_BYTES || header.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
    return header.readUInt32BE(USER_VERSION_OFFSET);
  } finally {
    await file.close();
  }
}
