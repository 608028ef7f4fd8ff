import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import { describeJava } from '../support/describe-workers.ts';
import { runHeavy } from '../support/lanes.ts';
import { makeTestAuthority } from '../support/certificates.ts';
import { prepareSettingsCase, workerSettingsCases, type PreparedCase } from '../support/settings-cases.ts';
import { JAVA_PACKAGE } from '../support/java-project.ts';
import { javaWorkerProject } from '../support/worker-project.ts';

runHeavy();

interface Loaded {
  readonly problems: readonly { readonly key: string; readonly code: string; readonly expected: string }[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly shown: string;
}

const cases = workerSettingsCases();
const prepared: PreparedCase[] = [];
let results: readonly Loaded[] = [];

/** Unpacks a Spring Boot application to `folder`, and returns the class path of its classes and libraries. */
function unpack(jar: string, folder: string): string {
  execFileSync('java', ['-Djarmode=tools', '-jar', jar, 'extract', '--destination', folder], { stdio: 'ignore' });
  return [join(folder, 'app.jar'), join(folder, 'lib', '*')].join(process.platform === 'win32' ? ';' : ':');
}

beforeAll(async () => {
  const folder = await mkdtemp(join(inject('runFolder'), 'java-settings-'));
  const jar = join(javaWorkerProject(), 'target', 'app.jar');
  const authority = await makeTestAuthority();
  const client = await authority.issue({ commonName: 'client' });
  for (const [index, one] of cases.entries())
    prepared.push(await prepareSettingsCase(one, join(folder, String(index)), authority, client));

  const program = await readFile(new URL('../support/java/SettingsCases.java', import.meta.url), 'utf8');
  const source = join(folder, 'SettingsCases.java');
  await writeFile(source, program.replaceAll('com.example.worker', JAVA_PACKAGE));
  const classPath = unpack(jar, join(folder, 'app'));
  const input = JSON.stringify(prepared.map(({ directory, env }) => ({ directory, env })));
  results = JSON.parse(execFileSync('java', ['-cp', classPath, source], { input, encoding: 'utf8' })) as Loaded[];
});

describeJava('the settings of a Java worker', () => {
  it.each(cases.map((one, index) => [one.name, one, index] as const))(
    'follow the shared table: %s [java: settings.sources, settings.defaults, settings.aliases, settings.placeholders, credentials.pair, certificate.complete]',
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

  it('and their problems never show a secret [java: settings.secrets]', () => {
    for (const { shown } of results)
      expect(shown).not.toMatch(/file-secret|env-secret|BEGIN (?:\w+ )?PRIVATE KEY|user:pw/);
  });
});
