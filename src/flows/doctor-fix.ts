import { chmod, lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../base/atomic-file.ts';
import { codeOf } from '../base/errors.ts';
import type { Fix } from '../doctor/check.ts';

export interface FixResult {
  /** What was done, or was to be done, one line. */
  readonly text: string;
  /** Why it was not done. */
  readonly failed?: string;
}

/** Makes the changes that checks propose: permissions, and lines of `.gitignore`. What can't be made is told, and stops none of the others. */
export async function applyFixes(fixes: readonly Fix[]): Promise<readonly FixResult[]> {
  const results: FixResult[] = [];
  for (const fix of fixes) {
    const text =
      fix.kind === 'chmod'
        ? `chmod ${fix.mode.toString(8)} ${fix.path}`
        : `added ${fix.line} to ${join(fix.folder, '.gitignore')}`;
    try {
      if (fix.kind === 'chmod') await chmod(fix.path, fix.mode);
      else await ignore(fix.folder, fix.line);
      results.push({ text });
    } catch (error) {
      results.push({ text, failed: codeOf(error) ?? 'it could not be done' });
    }
  }
  return results;
}

async function ignore(folder: string, line: string): Promise<void> {
  const path = join(folder, '.gitignore');
  const about = await lstat(path).catch(() => undefined);
  if (about !== undefined && !about.isFile())
    throw Object.assign(new Error('no regular file'), { code: 'no regular file' });
  const before = about === undefined ? '' : await readFile(path, 'utf8');
  if (before.split(/\r?\n/).includes(line)) return;
  const gap = before === '' || before.endsWith('\n') ? '' : '\n';
  await writeFileAtomic(path, `${before}${gap}${line}\n`, about === undefined ? 0o644 : about.mode & 0o777);
}
