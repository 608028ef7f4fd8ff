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
  for (let at = cwd; ; at = dirname(at)) {
    if (isProject(at)) return at;
    if (dirname(at) === at) return undefined;
  }
}
