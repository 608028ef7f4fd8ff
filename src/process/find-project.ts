import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The record that makes a folder a worker project, relative to the project. */
export const RECORD_FILE = '.kuflow/project.json';

/** Whether the folder is that of a worker project. */
export function isProject(folder: string): boolean {
  return existsSync(join(folder, RECORD_FILE));
}

/** The folder of the worker project that contains `cwd`, or undefined. */
export function findProject(cwd: string): string | undefined {
  return findAbove(cwd, RECORD_FILE);
}

/** The closest of `cwd` and the folders above it that has this file, or undefined. */
export function findAbove(cwd: string, file: string): string | undefined {
  for (let at = cwd; ; at = dirname(at)) {
    if (existsSync(join(at, file))) return at;
    if (dirname(at) === at) return undefined;
  }
}
