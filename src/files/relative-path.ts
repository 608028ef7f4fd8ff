import { relative, sep, isAbsolute } from 'node:path';

/** The path from one folder to another file or folder, with `/` on every system; empty if both are the same. */
export function relativePath(from: string, to: string): string {
  return relative(from, to).split(sep).join('/');
}

/** Whether a path, relative to a folder and with `/`, stays in that folder on every system. */
export function isSafePath(path: string): boolean {
  return !/[\\:\0]/.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part));
}

/** A path relative to a folder, the current one by default, if it is inside it (`.` for the folder itself); otherwise unchanged. */
export function shortPath(path: string, folder = process.cwd()): string {
  const below = relative(folder, path);
  if (below === '') return '.';
  return below.startsWith('..') || isAbsolute(below) ? path : below;
}
