import { execFileSync } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { makeTestAuthority } from '../support/certificates.ts';
import { PYTHON_LIBRARY_SOURCE, pythonWithLibraryPackages } from '../support/python-library.ts';
import { prepareSettingsCase, workerSettingsCases, type PreparedCase } from '../support/settings-cases.ts';

interface Loaded {
  readonly problems: readonly { readonly key: string; readonly code: string; readonly expected: string }[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly shown: string;
}

const PROGRAM = join(import.meta.dirname, '../support/python/settings_cases.py');
const cases = workerSettingsCases();
const prepared: PreparedCase[] = [];
let results: readonly Loaded[] = [];

beforeAll(async () => {
  const python = await pythonWithLibraryPackages();
  const folder = await mkdtemp(join(inject('runFolder'), 'python-settings-'));
  const authority = await makeTestAuthority();
  const client = await authority.issue({ commonName: 'client' });
  for (const [index, one] of cases.entries())
    prepared.push(await prepareSettingsCase(one, join(folder, String(index)), authority, client));
  const input = JSON.stringify(prepared.map(({ directory, env }) => ({ directory, env })));
  const env = { ...process.env, PYTHONPATH: PYTHON_LIBRARY_SOURCE, PYTHONDONTWRITEBYTECODE: '1' };
  results = JSON.parse(execFileSync(python, [PROGRAM], { input, encoding: 'utf8', env })) as Loaded[];
});

describe('the settings of a Python worker', () => {
  it.each(cases.map((one, index) => [one.name, one, index] as const))(
    'follow the shared table: %s [python: settings.sources, settings.defaults, settings.aliases, settings.placeholders, credentials.pair, certificate.complete]',
    (_name, one, index) => {
      const { problems = [], values = {}, shown = '' } = results[index] ?? {};
      const filled = prepared[index]?.filled ?? String;
      const found = problems.map(({ key, code }) => `${key} ${code}`).sort();
      expect(found, shown).toEqual(one.expect.problems.map(({ key, code }) => `${key} ${code}`).sort());
      if (problems.length > 0) return;
      for (const [key, expected] of Object.entries(one.expect.values ?? {})) {
        expect(values, `the table has a key that this test doesn't know: ${key}`).toHaveProperty([key]);
        expect(values[key], key).toEqual(typeof expected === 'string' ? filled(expected) : expected);
      }
    },
  );

  it('and their problems never show a secret [python: settings.secrets]', () => {
    for (const { shown } of results)
      expect(shown).not.toMatch(/file-secret|env-secret|BEGIN (?:\w+ )?PRIVATE KEY|user:pw/);
  });
});
