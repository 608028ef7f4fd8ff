import { isAbsolute, relative } from 'node:path';

/** A path as a person in the current folder would write it: relative below it, `.` for itself, else as it is. */
export function shortPath(path: string): string {
  const below = relative(process.cwd(), path);
  if (below === '') return '.';
  return below.startsWith('..') || isAbsolute(below) ? path : below;
}
