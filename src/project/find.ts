import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What makes a folder a worker project, relative to it. */
export const PROJECT_RECORD = '.kuflow/project.json';

/** The folder of the worker project that `cwd` is in, or undefined. */
export function findProject(cwd: string): string | undefined {
  for (let at = cwd; ; at = dirname(at)) {
    if (existsSync(join(at, PROJECT_RECORD))) return at;
    if (dirname(at) === at) return undefined;
  }
}
