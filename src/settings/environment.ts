import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { codeOf } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { SETTING_KEYS } from './keys.ts';
import type { SettingName } from './keys.ts';
import type { Entry, Layer, SettingProblem, Source } from './sources.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const LARGEST = 64 * 1024;

/** The layer of the environment; an empty variable counts as absent. A `…_FILE` variable gives the content of that file, relative to `folder`. */
export async function environmentLayer(env: Environment, folder: string): Promise<Layer> {
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
      problems.push({ key: name, code: 'conflict', source, expected: `${variable} or ${fileEnv}, not both` });
      continue;
    }
    const content = await secretFile(file);
    if (typeof content === 'string') entries.set(name, { raw: content, source });
    else {
      problems.push({
        key: name,
        code: 'unreadable',
        source,
        expected: `a file that can be read; ${escapeForTerminal(file, 200)}: ${content.why}`,
      });
      // The variable is there, so no other source may supply the secret.
      entries.set(name, { raw: '', source });
    }
  }
  return { group: 'environment', entries, problems, warnings: [] };
}

/** The text of a small file, or why it can't be had. A FIFO is no file: reading one would wait for ever. */
export async function secretFile(file: string): Promise<string | { readonly why: string }> {
  try {
    const about = await stat(file);
    if (!about.isFile()) return { why: 'it is not a file' };
    if (about.size > LARGEST) return { why: 'it is too large for a secret' };
    return await readFile(file, 'utf8');
  } catch (error) {
    return { why: codeOf(error) ?? 'unknown error' };
  }
}
