import { appendFile, chmod, lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import type { Fix } from '../../diagnostics/check.ts';

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

/** Appends, so that nothing of what is there is read as text and written anew, whatever its encoding. */
async function ignore(folder: string, line: string): Promise<void> {
  const path = join(folder, '.gitignore');
  if (line.includes('\n')) throw Object.assign(new Error('line break'), { code: 'its name has a line break' });
  const about = await lstat(path).catch(() => undefined);
  if (about !== undefined && !about.isFile())
    throw Object.assign(new Error('no regular file'), { code: 'no regular file' });
  // One character for each byte.
  const before = about === undefined ? '' : await readFile(path, 'latin1');
  const added = Buffer.from(line);
  if (before.split(/\r?\n/).includes(added.toString('latin1'))) return;
  const end = before.includes('\r\n') ? '\r\n' : '\n';
  const gap = before === '' || before.endsWith('\n') ? '' : end;
  await appendFile(path, Buffer.concat([Buffer.from(gap), added, Buffer.from(end)]), { mode: 0o644 });
}
