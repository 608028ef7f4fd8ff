/** Limits of an archive. What is larger can't be exported either. */
export const MAX_BYTES = 2 * 1024 ** 3;
export const MAX_FILES = 50_000;
export const MAX_MANIFEST_BYTES = 16 * 1024 ** 2;

/** A header, padding and extended headers for each file. */
const OVERHEAD_PER_FILE = 4096;

/** Limit for everything that is decompressed. */
export const MAX_UNPACKED = MAX_BYTES + MAX_MANIFEST_BYTES + MAX_FILES * OVERHEAD_PER_FILE;
