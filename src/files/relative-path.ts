import { relative, sep } from 'node:path';

/** The path from one folder to another file or folder, with `/` on every system; empty if both are the same. */
export function relativePath(from: string, to: string): string {
  return relative(from, to).split(sep).join('/');
}
