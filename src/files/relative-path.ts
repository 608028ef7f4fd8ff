import { relative, sep } from 'node:path';

/** The path from one folder to another file or folder, with `/` on every system; empty if both are the same. */
export function relativePath(from: string, to: string): string {
  return relative(from, to).split(sep).join('/');
}

/** Whether a path, relative to a folder and with `/`, stays in that folder on every system. */
export function isSafePath(path: string): boolean {
  return !/[\\:\0]/.test(path) && path.split('/').every((part) => !['', '.', '..'].includes(part));
}
