import { appendFile, chmod, lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import type { Fix } from '../../diagnostics/check.ts';

export interface FixResult {
  /** The change, one line. */
  readonly text: string;
  readonly failed?: string;
}

/** Applies the fixes that checks propose: permissions and `.gitignore` lines. A fix that fails is reported and does not stop the others. */
export async function applyFixes(fixes: readonly Fix[]): Promise<readonly FixResult[]> {
  const results: FixResult[] = [];
  for (const fix of fixes) {
    const text =
      fix.kind === 'chmod'
        ? `chmod ${fix.mode.toString(8)} ${fix.path}`
        : `add ${fix.line} to ${join(fix.folder, '.gitignore')}`;
    try {
      let failed: string | undefined;
      if (fix.kind === 'chmod') await chmod(fix.path, fix.mode);
      else failed = await addToGitignore(fix.folder, fix.line);
      results.push(failed === undefined ? { text } : { text, failed });
    } catch (error) {
      results.push({ text, failed: codeOf(error) ?? 'unknown error' });
    }
  }
  return results;
}

/** Appends bytes, so that existing content stays as it is in any encoding. Resolves to the reason if the line cannot be added. */
async function addToGitignore(folder: string, line: string): Promise<string | undefined> {
  const path = join(folder, '.gitignore');
  if (line.includes('\n')) return 'the file name contains a line break';
  const stats = await lstat(path).catch(() => undefined);
  if (stats?.isFile() === false) return 'not a regular file';
  // latin1 maps each byte to one character.
  const before = stats === undefined ? '' : await readFile(path, 'latin1');
  const added = Buffer.from(line);
  if (before.split(/\r?\n/).includes(added.toString('latin1'))) return undefined;
  const end = before.includes('\r\n') ? '\r\n' : '\n';
  const gap = before === '' || before.endsWith('\n') ? '' : end;
  await appendFile(path, Buffer.concat([Buffer.from(gap), added, Buffer.from(end)]), { mode: 0o644 });
  return undefined;
}
