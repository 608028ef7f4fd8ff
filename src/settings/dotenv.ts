import { join } from 'node:path';
import { MIB, readSmallFile } from '../files/read.ts';
import { posixWord, userShell } from '../base/shell.ts';
import type { SettingStep } from './sources.ts';

/** The variables that `.env` in a folder sets, and how to load it. Neither this tool nor a worker reads the file. Undefined without one. */
export async function readDotenvNames(
  folder: string | undefined,
): Promise<{ readonly names: readonly string[]; readonly next: SettingStep } | undefined> {
  if (folder === undefined) return undefined;
  const path = join(folder, '.env');
  let text: string;
  try {
    text = (await readSmallFile(path, MIB)).bytes?.toString('utf8') ?? '';
  } catch {
    return undefined;
  }
  const names = [...text.matchAll(/^\s*(?:export\s+)?(\w+)\s*=\s*\S/gm)].map(([, name = '']) => name);
  const next = {
    text: 'Load .env in the shell that runs kuflow and the worker',
    ...(userShell() === 'posix' && { command: `set -a; . ${posixWord(path)}; set +a` }),
  };
  return { names, next };
}
