import { isAbsolute, relative } from 'node:path';

/** A path relative to the current folder if it is inside it (`.` for the folder itself); otherwise unchanged. */
export function shortPath(path: string): string {
  const below = relative(process.cwd(), path);
  if (below === '') return '.';
  return below.startsWith('..') || isAbsolute(below) ? path : below;
}
