import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestAuthority, TestPair } from './certificates.ts';

/** A case of the table that the CLI and the workers of all languages share. */
export interface SettingsCase {
  readonly name: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: object;
  readonly profiles?: object;
  readonly expect: {
    readonly values?: Readonly<Record<string, unknown>>;
    readonly problems: readonly { readonly key: string; readonly code: string }[];
  };
}

/** The cases for workers, which have no flags and read no profiles. */
export function workerSettingsCases(): readonly SettingsCase[] {
  const table = JSON.parse(readFileSync(new URL('settings-cases.json', import.meta.url), 'utf8')) as {
    readonly cases: readonly SettingsCase[];
  };
  return table.cases.filter(({ flags, profiles }) => flags === undefined && profiles === undefined);
}

export interface PreparedCase {
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Replaces the placeholders of the table, such as `{cert:crlf}`. */
  readonly filled: (text: string) => string;
}

/** Creates the folder of a case, and fills in its paths and certificates. */
export async function prepareSettingsCase(
  { files = {}, env = {} }: Pick<SettingsCase, 'files' | 'env'>,
  directory: string,
  authority: TestAuthority,
  client: TestPair,
): Promise<PreparedCase> {
  const pem: Readonly<Record<string, string>> = {
    cert: client.cert.trim(),
    key: client.key.trim(),
    ca: authority.cert.trim(),
  };
  const filled = (text: string): string =>
    text
      .replaceAll('{dir}', directory)
      .replace(/\{(cert|key|ca)(?::(escaped|crlf))?\}/g, (_all, part: string, form: string | undefined) => {
        const lines = `${pem[part] ?? ''}\n`;
        if (form === 'escaped') return lines.replaceAll('\n', '\\n');
        return form === 'crlf' ? lines.replaceAll('\n', '\r\n') : lines;
      });
  await mkdir(directory);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), filled(text));
  return {
    directory,
    env: Object.fromEntries(Object.entries(env).map(([name, text]) => [name, filled(text)])),
    filled,
  };
}
