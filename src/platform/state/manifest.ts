import { open } from 'node:fs/promises';
import { KnownError } from '../../base/errors.ts';
import { isRecord, parseJsonText } from '../../base/json.ts';
import { MIGRATIONS } from '../store/schema.ts';
import { MAX_BYTES, MAX_FILES } from './archive-limits.ts';
import { isArchivedFile, MANIFEST_FILE, type StateFile } from './entries.ts';

export const STATE_FORMAT = 1;

export interface StateManifestFile extends StateFile {
  readonly sha256: string;
}

export interface StateManifest {
  readonly format: typeof STATE_FORMAT;
  /** Version of this package that wrote the archive. */
  readonly version: string;
  /** Version of the database. */
  readonly stateVersion: number;
  readonly createdAt: string;
  readonly files: readonly StateManifestFile[];
}

export function invalidArchiveError(file: string, reason: string, next?: string): KnownError {
  return new KnownError({
    message: `${file} cannot be imported: ${reason}`,
    seen: 'nothing was changed',
    next: [next ?? 'Export the state again with `kuflow dev export`'],
  });
}

/** Rejects a manifest that is not valid, was written by a newer version, or exceeds the limits. */
export function parseManifest(text: string, file: string): StateManifest {
  const value = parseJsonText(text);
  if (!isRecord(value) || typeof value['format'] !== 'number')
    throw invalidArchiveError(file, 'it was not written by `kuflow dev export`');
  if (value['format'] > STATE_FORMAT) throw newerVersionError(file, value['version']);
  if (!isManifest(value)) throw invalidArchiveError(file, `its ${MANIFEST_FILE} is not valid`);
  if (value.stateVersion > MIGRATIONS.length) throw newerVersionError(file, value.version);
  if (value.files.length > MAX_FILES) throw invalidArchiveError(file, 'it is too large');
  const paths = new Set<string>();
  const wrong = value.files.find(({ path }) => !isArchivedFile(path) || paths.size === paths.add(path).size)?.path;
  if (wrong !== undefined) throw invalidArchiveError(file, `it contains ${JSON.stringify(wrong)}`);
  if (!paths.has('state.db')) throw invalidArchiveError(file, 'it does not contain state.db');
  const bytes = value.files.reduce((sum, one) => sum + one.bytes, 0);
  if (bytes > MAX_BYTES) throw invalidArchiveError(file, 'it is too large');
  return value;
}

export function newerVersionError(file: string, version: unknown): KnownError {
  const by = typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version) ? ` (${version})` : '';
  return invalidArchiveError(file, `it was written by a newer version of this tool${by}`, 'Use the newer version');
}

function isManifest(
  value: Readonly<Record<string, unknown>>,
): value is Readonly<Record<string, unknown>> & StateManifest {
  const isCount = (number: unknown): boolean => Number.isSafeInteger(number) && Number(number) >= 0;
  return (
    value['format'] === STATE_FORMAT &&
    typeof value['version'] === 'string' &&
    isCount(value['stateVersion']) &&
    typeof value['createdAt'] === 'string' &&
    Array.isArray(value['files']) &&
    value['files'].every(
      (file: unknown) =>
        isRecord(file) &&
        typeof file['path'] === 'string' &&
        isCount(file['bytes']) &&
        typeof file['sha256'] === 'string',
    )
  );
}

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
