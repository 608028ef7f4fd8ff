import { join, resolve } from 'node:path';
import type { Advice } from '../base/advice.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { posixWord, userShell } from '../base/shell.ts';
import { MIB, readSmallFile, unreadableStep } from '../files/read.ts';
import { SETTING_KEYS, type SettingName } from './keys.ts';
import { readSecretFile, withoutFinalLineBreak } from './secret-input.ts';
import type { Entry, Layer, SettingProblem, Source } from './sources.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings in environment variables. Empty ones count as absent. A `…_FILE` variable names a file with the value, relative to `folder`. */
export async function readEnvironment(env: Environment, folder: string): Promise<Layer> {
  const entries = new Map<SettingName, Entry>();
  const problems: SettingProblem[] = [];
  for (const { name, env: variable, fileEnv } of SETTING_KEYS) {
    const raw = env[variable];
    if (raw !== undefined && raw.trim() !== '')
      entries.set(name, { raw, source: { kind: 'environment', name: variable } });
    const path = fileEnv === undefined ? undefined : env[fileEnv]?.trim();
    if (fileEnv === undefined || path === undefined || path === '') continue;
    const file = resolve(folder, path);
    const source: Source = { kind: 'environment', name: fileEnv, file };
    if (entries.has(name)) {
      problems.push({ key: name, code: 'conflict', source, problem: `${variable} is also set; set only one of them` });
      continue;
    }
    const content = await readSecretFile(file);
    if (typeof content === 'string') entries.set(name, { raw: withoutFinalLineBreak(content), source });
    else {
      problems.push({
        key: name,
        code: 'unreadable',
        source,
        problem: `expected a readable file; ${escapeForTerminal(file, 200)}: ${content.why}`,
        next: await unreadableStep(file, content.why),
      });
      // The variable is set, so the secret must not come from another source.
      entries.set(name, { raw: '', source });
    }
  }
  return { group: 'environment', entries, problems, warnings: [] };
}

/** The variables that `.env` in a folder sets, and how to load it. Neither this tool nor a worker reads the file. Undefined without one. */
export async function readDotenvNames(
  folder: string | undefined,
): Promise<{ readonly names: readonly string[]; readonly next: Advice } | undefined> {
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
