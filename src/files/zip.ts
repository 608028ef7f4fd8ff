import { createWriteStream } from 'node:fs';
import { posix } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';
import { fromBufferPromise, openPromise, type Entry, type ZipFile } from 'yauzl';
import { escapeForTerminal } from '../base/escape.ts';

/** What an untrusted zip archive may contain. */
export interface ZipLimits {
  /** Files and folders. */
  readonly entries: number;
  /** Bytes of one file that is read. */
  readonly fileBytes: number;
  /** Bytes of all files together, unpacked. */
  readonly totalBytes: number;
}

/** The largest ratio of unpacked to packed size. Text reaches about 10, a file of zeros about 1,000. */
const MAX_RATIO = 200;
/** Small files are harmless at any ratio. */
const MIN_RATIO_BYTES = 64 * 1024;

const END_OF_DIRECTORY = Buffer.from('PK\x05\x06', 'latin1');
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;
const FOLDER = 0o040000;

/** Completes a sentence that begins with the name of the file. */
export class NotZipError extends Error {
  constructor() {
    super('is not a zip file, or is truncated');
  }
}

/**
 * Reads the files of an untrusted zip archive that `isWanted` accepts, by path. Nothing is written. Rejects with the reason, a sentence that
 * is safe to print, if the archive is damaged or beyond the limits, or if any entry is encrypted, is not a file or folder, has a path that
 * leads out of the archive, or appears twice.
 */
export async function readZip(
  archive: Buffer,
  isWanted: (path: string) => boolean,
  limits: ZipLimits,
): Promise<ReadonlyMap<string, Buffer>> {
  if (archive.lastIndexOf(END_OF_DIRECTORY) < 0) throw new NotZipError();
  const zip = await fromBufferPromise(archive, { strictFileNames: true });
  if (zip.entryCount > limits.entries) throw new Error(`it has ${zip.entryCount} entries, more than ${limits.entries}`);
  const wanted: Entry[] = [];
  const paths = new Set<string>();
  let total = 0;
  for await (const entry of zip.eachEntry()) {
    const path = posix.normalize(entry.fileName).replace(/\/$/, '');
    const problem = findEntryProblem(entry, limits);
    if (problem !== undefined) throw new Error(`${describeEntry(entry)} ${problem}`);
    if (paths.has(path)) throw new Error(`${describeEntry(entry)} appears twice`);
    paths.add(path);
    total += entry.uncompressedSize;
    if (total > limits.totalBytes) throw new Error(`its files have more than ${limits.totalBytes} bytes`);
    if (!entry.fileName.endsWith('/') && isWanted(path)) wanted.push(entry);
  }
  const files = new Map<string, Buffer>();
  for (const entry of wanted) files.set(posix.normalize(entry.fileName), await readEntry(zip, entry, limits.fileBytes));
  return files;
}

const describeEntry = ({ fileName }: Entry): string => escapeForTerminal(fileName, 200);

function findEntryProblem(entry: Entry, limits: ZipLimits): string | undefined {
  const type = (entry.externalFileAttributes >>> 16) & FILE_TYPE;
  if (entry.isEncrypted()) return 'is encrypted';
  if (type !== 0 && type !== REGULAR && type !== FOLDER) return 'is a link or a special file';
  const { uncompressedSize: size, compressedSize } = entry;
  if (size > limits.totalBytes) return `has ${size} bytes, more than ${limits.totalBytes}`;
  if (size > MIN_RATIO_BYTES && size > compressedSize * MAX_RATIO)
    return `becomes more than ${MAX_RATIO} times as large when it is unpacked`;
  return undefined;
}

async function readEntry(zip: ZipFile, entry: Entry, limit: number): Promise<Buffer> {
  const path = describeEntry(entry);
  if (entry.uncompressedSize > limit) throw new Error(`${path} has more than ${limit} bytes`);
  const chunks: Buffer[] = [];
  // The size in the archive may be wrong: the stream fails as soon as it has more.
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  if (crc32(bytes) !== entry.crc32) throw new Error(`${path} is damaged: its checksum differs`);
  return bytes;
}

/** Extracts the file called `name`, whichever folder of a zip archive it is in, to `target`, which becomes executable. Rejects with the reason. */
export async function extractFromZip(archive: string, name: string, target: string): Promise<void> {
  const zip = await openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      if (posix.basename(entry.fileName) !== name) continue;
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target, { mode: 0o755 }));
      return;
    }
  } finally {
    zip.close();
  }
  throw new Error(`the archive does not contain a file ${name}`);
}
