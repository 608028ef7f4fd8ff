// The archives of the standalone program, with the checksums next to them.
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** The tar of Windows writes and reads zip files. A tar of Git may come first on the PATH. */
export const TAR =
  process.platform === 'win32' ? join(process.env.SystemRoot ?? 'C:\\Windows', 'System32', 'tar.exe') : 'tar';

/** Writes the checksum of a file next to it, as `sha256sum` writes and checks it. */
export function writeChecksum(file) {
  writeFileSync(`${file}.sha256`, `${sha256Of(readFileSync(file))}  ${basename(file)}\n`);
}

/** The checksums in a folder, with the names of their archives. */
export function readChecksums(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sha256'))
    .map((name) => {
      const [sha256, archive] = readFileSync(join(folder, name), 'utf8').trim().split('  ');
      return { archive, sha256 };
    });
}

export function sha256Of(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
