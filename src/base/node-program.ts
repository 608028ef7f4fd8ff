import { isSea } from 'node:sea';

/** The Node.js that can run other programs: this one, or in the single program, which runs only its own files, the one on the PATH. */
export function nodeProgram(): string {
  return isSea() ? 'node' : process.execPath;
}
