import { KnownError } from '../../base/errors.ts';
import { isRecord, parseJsonText } from '../../base/json.ts';
import { MANIFEST_FILE } from './entries.ts';

export const STATE_FORMAT = 1;

/** Limits of an archive. What is larger can't be exported either. */
export const MAX_BYTES = 2 * 1024 ** 3;
export const MAX_FILES = 50_000;
export const MAX_MANIFEST_BYTES = 64 * 1024;
/** A header, padding and extended headers for each file. */
const OVERHEAD_PER_FILE = 4096;
/** Limit for everything that is decompressed. */
export const MAX_UNPACKED = MAX_BYTES + MAX_MANIFEST_BYTES + MAX_FILES * OVERHEAD_PER_FILE;

/** What the first file of an archive says about it. */
export interface StateManifest {
  readonly format: typeof STATE_FORMAT;
  /** Version of this package that wrote the archive. */
  readonly version: string;
  readonly createdAt: string;
  /** How many files of the state the archive contains. Undefined in archives of early versions. */
  readonly files?: number | undefined;
}

export function invalidArchiveError(file: string, reason: string, next?: string): KnownError {
  return new KnownError({
    message: `${file} cannot be imported: ${reason}`,
    seen: 'nothing was changed',
    next: [next ?? 'Export the state again with `kuflow dev export`'],
  });
}

/** Rejects a manifest that is not valid, or was written by a newer version. */
export function parseManifest(text: string, file: string): StateManifest {
  const value = parseJsonText(text);
  const { format, version, createdAt, files } = isRecord(value) ? value : {};
  if (typeof format !== 'number') throw invalidArchiveError(file, 'it was not written by `kuflow dev export`');
  if (format > STATE_FORMAT) throw newerVersionError(file, version);
  const isValid = format === STATE_FORMAT && typeof version === 'string' && typeof createdAt === 'string';
  if (!isValid || (files !== undefined && typeof files !== 'number'))
    throw invalidArchiveError(file, `its ${MANIFEST_FILE} is not valid`);
  return { format, version, createdAt, files };
}

export function newerVersionError(file: string, version: unknown): KnownError {
  const by = typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version) ? ` (${version})` : '';
  return invalidArchiveError(file, `it was written by a newer version of this tool${by}`, 'Use the newer version');
}
