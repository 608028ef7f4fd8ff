import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
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

/** The folder and those above it, up to the root of the repository. Without the home folder, whose files belong to no project. */
export function* foldersInRepository(folder: string, env: NodeJS.ProcessEnv): Iterable<string> {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? homedir();
  for (let at = folder; at !== home && at !== dirname(at); at = dirname(at)) {
    yield at;
    if (existsSync(join(at, '.git'))) return;
  }
}
