import { readIgnored } from '../files/git.ts';
import { RECORD_FILE } from '../process/find-project.ts';
import { BASE_FILE } from './base-archive.ts';
import { isInRepository } from './join/find-root.ts';
import type { Environment } from '../settings/environment.ts';

const STATE_FILES = [RECORD_FILE, BASE_FILE];

/** What to do if git ignores a file of `readIgnoredState`. A rule for a file has no effect while its folder is ignored. */
export const UNIGNORE_ADVICE = `Add these lines to the end of .gitignore in the project: ${['.kuflow/', ...STATE_FILES]
  .map((path) => `!/${path}`)
  .join(' ')}`;

/** Those of the project record and the archive of what was generated that git ignores, although every clone needs them. */
export async function readIgnoredState(folder: string, env: Environment): Promise<readonly string[]> {
  return isInRepository(folder) ? readIgnored(folder, STATE_FILES, env) : [];
}
