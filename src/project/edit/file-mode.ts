import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { PlannedFile } from '../../languages/planned-file.ts';

/** The mode with which a new version of a file is written. */
export function fileMode(folder: string, path: string): PlannedFile['mode'] {
  return plainMode(lstatSync(join(folder, path)).mode);
}

/** The mode of a project file that is closest to these permission bits. */
export function plainMode(mode: number): PlannedFile['mode'] {
  if ((mode & 0o100) !== 0) return 0o755;
  return (mode & 0o044) === 0 ? 0o600 : 0o644;
}
