import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { PlannedFileChange } from './journal.ts';

/** The mode with which a new version of a file is written. */
export function fileMode(folder: string, path: string): PlannedFileChange['mode'] {
  return plainMode(lstatSync(join(folder, path)).mode);
}

/** The mode of a project file that is closest to these permission bits. */
export function plainMode(mode: number): PlannedFileChange['mode'] {
  if ((mode & 0o100) !== 0) return 0o755;
  return (mode & 0o044) === 0 ? 0o600 : 0o644;
}
