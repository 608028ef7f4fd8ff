import { isSea } from 'node:sea';

/** A Node.js that can run other files. The Node.js in the single program runs only its own files, so this is then the Node.js on the PATH. */
export function nodeProgram(): string {
  return isSea() ? 'node' : process.execPath;
}
