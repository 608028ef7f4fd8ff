import { join } from 'node:path';
import { isCommitted } from './git.ts';

/** What to do about a missing file: restore it from the last commit, if that contains it; otherwise undefined. */
export async function restoreStep(
  folder: string,
  file: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const isInHead = await isCommitted(join(folder, file), env);
  return isInHead ? `Restore it from the last commit: git checkout HEAD -- ${file}` : undefined;
}
