import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rm, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type ReadEntry, type UnpackSync } from 'tar';
import { codeOf, KnownError, messageOf, usageError } from '../../base/errors.ts';
import { isRecord, parseJsonText } from '../../base/json.ts';
import { discardStage, openStage } from '../../files/staged-write.ts';
import { createPrivateFolder, syncPath } from '../../files/node-file-system.ts';
import { MIGRATIONS } from '../store/migrations.ts';
import {
  isArchivedFile,
  listStateEntries,
  MANIFEST_FILE,
  MAX_BYTES,
  MAX_FILES,
  STATE_FORMAT,
  type StateManifest,
} from './state-folder-files.ts';
import { withStoppedState } from './require-stopped.ts';
import { stateStaging, swapState } from './swap.ts';

const MAX_MANIFEST_BYTES = 64 * 1024;
/** A header, padding and extended headers for each file. */
const OVERHEAD_PER_FILE = 4096;
/** Limit for everything that is decompressed. */
const MAX_UNPACKED = MAX_BYTES + MAX_MANIFEST_BYTES + MAX_FILES * OVERHEAD_PER_FILE;

/** The CA's certificate is public, and other users may have to read it. */
const PUBLIC_FILE = 'pki/ca.pem';

export interface StateImportRequest {
  /** Absolute. */
  readonly stateDir: string;
  /** Absolute path of the archive. */
  readonly file: string;
  /** Whether the present state is replaced. */
  readonly replace: boolean;
}

/**
 * Restores the state from an archive of `exportState`. The archive is unpacked and checked completely before the present state is touched. Rejects
 * with KnownError for an archive that is not valid or from a newer version, and if there is a state that must not be replaced, or a local
 * KuFlow runs on the folder. `files`: how many were restored. `replaced`: whether there was a state before.
 */
export async function importState({ stateDir, file, replace }: StateImportRequest) {
  await requireFile(file);
  const created = await mkdir(stateDir, { recursive: true, mode: 0o700 });
  try {
    return await withStoppedState(stateDir, async () => {
      const present = await listStateEntries(stateDir);
      if (present.archived.length > 0 && !replace)
        throw new KnownError({
          message: 'The local KuFlow of this folder already has a state',
          seen: `nothing was changed in ${stateDir}`,
          next: ['Replace it with --replace', 'Or import into another folder with --state-dir <folder>'],
        });
      await createPrivateFolder(stateDir);
      const target = stateStaging(stateDir);
      const staging = await openStage(target);
      let unpacked: UnpackedArchive;
      try {
        unpacked = await unpackArchive(file, staging);
        await checkDatabase(file, staging, unpacked);
      } catch (error) {
        // What can't be removed now is removed before the next swap.
        await discardStage(target);
        throw error;
      }
      await swapState(stateDir);
      const { manifest, files } = unpacked;
      return { manifest, files: files.size, replaced: present.archived.length > 0 };
    });
  } catch (error) {
    if (created !== undefined) await rmdir(stateDir).catch(() => undefined);
    throw error;
  }
}

async function checkDatabase(file: string, folder: string, { manifest, files }: UnpackedArchive): Promise<void> {
  if (!files.has('state.db')) throw invalidArchiveError(file, 'it does not contain state.db');
  const stateVersion = await readDatabaseVersion(join(folder, 'state.db'));
  if (stateVersion === undefined) throw invalidArchiveError(file, 'its state.db is not a database');
  if (stateVersion > MIGRATIONS.length) throw newerVersionError(file, manifest.version);
}

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';
const USER_VERSION_OFFSET = 60;

/** The version in the header of a SQLite file; undefined if it is not one. */
async function readDatabaseVersion(path: string): Promise<number | undefined> {
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

/** `files`: paths relative to the state folder. */
type UnpackedArchive = Awaited<ReturnType<typeof unpackArchive>>;

/**
 * Unpacks an archive of `exportState` to `folder`, which must be empty, and syncs the files. Rejects with KnownError for an archive that is damaged, or
 * that contains anything other than files of a state. The checksums of gzip and tar reveal damage.
 */
export async function unpackArchive(file: string, folder: string, limit = MAX_UNPACKED) {
  const unpacked = new Set<string>();
  let problem: string | undefined;
  const filter = (path: string, entry: unknown): boolean => {
    problem ??= problemOf(entry as ReadEntry, unpacked);
    unpacked.add(path);
    (entry as ReadEntry).mode = path === PUBLIC_FILE ? 0o644 : 0o600;
    return problem === undefined;
  };
  let bytes = 0;
  async function* checked(chunks: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of chunks) {
      // Other content could be compressed again, and the library would decompress it without a limit.
      if (bytes === 0 && !isTar(chunk)) problem ??= 'it was not written by `kuflow dev export`';
      bytes += chunk.length;
      if (bytes > limit) problem ??= 'it is too large';
      if (problem !== undefined) throw invalidArchiveError(file, problem);
      yield chunk;
    }
  }
  try {
    await pipeline(createReadStream(file), createGunzip(), checked, async (chunks: AsyncIterable<Buffer>) => {
      await unpackAll(
        chunks,
        extract({ cwd: folder, sync: true, strict: true, preserveOwner: false, noMtime: true, dmode: 0o700, filter }),
      );
    });
  } catch (error) {
    if (error instanceof KnownError) throw error;
    if (problem !== undefined) throw invalidArchiveError(file, problem);
    const code = codeOf(error) ?? '';
    if (code.startsWith('Z_')) throw invalidArchiveError(file, 'it is not a .tar.gz file, or it is damaged');
    if (code.startsWith('TAR_')) throw invalidArchiveError(file, `it is damaged (${messageOf(error)})`);
    throw error;
  }
  if (problem !== undefined) throw invalidArchiveError(file, problem);
  if (unpacked.size === 0) throw invalidArchiveError(file, 'it is empty, or it is damaged');
  const manifestFile = join(folder, MANIFEST_FILE);
  const manifest = parseManifest(await readFile(manifestFile, 'utf8'), file);
  await rm(manifestFile);
  unpacked.delete(MANIFEST_FILE);
  const { files = unpacked.size } = manifest;
  if (unpacked.size !== files)
    throw invalidArchiveError(file, `it contains ${unpacked.size} of ${files} files of the state`);
  for (const path of unpacked) await syncPath(join(folder, path));
  return { manifest, files: unpacked };
}

/**
 * Unpacks what `chunks` yields. Each chunk is unpacked synchronously: otherwise, the library would still write files of an incomplete archive after
 * it has reported the error.
 */
async function unpackAll(chunks: AsyncIterable<Buffer>, unpack: UnpackSync): Promise<void> {
  const failures: Error[] = [];
  unpack.on('error', (error: Error) => failures.push(error));
  try {
    // Keeps reading after a failure: otherwise, `pipeline` would report an aborted read instead of the failure.
    for await (const chunk of chunks) if (failures.length === 0) unpack.write(chunk);
  } finally {
    // Closes the file of an incomplete entry. Windows does not remove the folder of an open file.
    unpack.end();
  }
  if (failures[0] !== undefined) throw failures[0];
}

/** Rejects with KnownError unless there is a file at this path. */
async function requireFile(file: string): Promise<void> {
  try {
    if ((await stat(file)).isFile()) return;
  } catch (error) {
    if (codeOf(error) === 'ENOENT')
      throw usageError(`${file} cannot be imported: it does not exist`, ['Check the path']);
    throw error;
  }
  throw invalidArchiveError(file, 'it is not a file', 'Check the path');
}

/** Every tar header has this text at this place. */
const isTar = (head: Buffer): boolean => head.toString('latin1', 257, 262) === 'ustar';

/** Why an entry cannot be unpacked after those before it. */
function problemOf({ path, type, size }: ReadEntry, before: ReadonlySet<string>): string | undefined {
  const isManifest = before.size === 0;
  if (isManifest && path !== MANIFEST_FILE) return 'it was not written by `kuflow dev export`';
  if (before.size > MAX_FILES || (isManifest && size > MAX_MANIFEST_BYTES)) return 'it is too large';
  const isPlainFile = type === 'File' || type === 'OldFile';
  if (isPlainFile && !before.has(path) && (isManifest || isArchivedFile(path))) return undefined;
  return `it contains ${JSON.stringify(path.slice(0, 100))}, which is not part of a state`;
}

/** Rejects a manifest that is not valid, or was written by a newer version. */
function parseManifest(text: string, file: string): StateManifest {
  const value = parseJsonText(text);
  const { format, version, createdAt, files } = isRecord(value) ? value : {};
  if (typeof format !== 'number') throw invalidArchiveError(file, 'it was not written by `kuflow dev export`');
  if (format > STATE_FORMAT) throw newerVersionError(file, version);
  const isValid = format === STATE_FORMAT && typeof version === 'string' && typeof createdAt === 'string';
  if (!isValid || (files !== undefined && typeof files !== 'number'))
    throw invalidArchiveError(file, `its ${MANIFEST_FILE} is not valid`);
  return { format, version, createdAt, files };
}

function newerVersionError(file: string, version: unknown): KnownError {
  const by = typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version) ? ` (${version})` : '';
  return invalidArchiveError(file, `it was written by a newer version of this tool${by}`, 'Use the newer version');
}

function invalidArchiveError(file: string, reason: string, next?: string): KnownError {
  return new KnownError({
    message: `${file} cannot be imported: ${reason}`,
    seen: 'nothing was changed',
    next: [next ?? 'Export the state again with `kuflow dev export`'],
  });
}
