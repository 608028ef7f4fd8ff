import { isSea } from 'node:sea';

/** A Node.js that runs other files: the one that runs this, but in the single program, which runs only its own, the one on the PATH. */
export function nodeProgram(): string {
  return isSea() ? 'node' : process.execPath;
}
