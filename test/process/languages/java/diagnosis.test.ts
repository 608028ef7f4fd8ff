import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { kuflowEntries } from '../../../../src/bin/commands.ts';
import { runProgram } from '../../../../src/cli/run-program.ts';
import { LIBRARY_JAR } from '../../../../src/languages/java/render.ts';
import { findLibrary } from '../../../../src/languages/worker-library.ts';
import { fakeHost } from '../../../support/fake-host.ts';
import { writeFakeJdk } from '../../../support/fake-jdk.ts';
import { answering, standInStep } from '../../../support/stand-in-worker.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { writeUntouchedProject } from '../../../support/untouched-project.ts';

const temporaryFolder = temporaryFolders();

interface Outcome {
  readonly state: string;
  readonly summary: string;
  readonly cause?: { readonly code: string };
  readonly advice: readonly { readonly text: string; readonly command?: string }[];
}

async function project(): Promise<string> {
  const folder = join(temporaryFolder(), 'worker');
  await writeUntouchedProject(folder, { packageManager: 'maven' });
  return folder;
}

const jdk = (version: string, java?: string): string => writeFakeJdk(temporaryFolder(), version, java);

/** The result of one check, run in `folder` with this JDK. */
async function check(
  id: string,
  folder: string,
  env: NodeJS.ProcessEnv = { JAVA_HOME: jdk('17.0.15') },
): Promise<Outcome> {
  const fake = fakeHost(['doctor', '--only', id, '--json'], { cwd: folder, env: { PATH: temporaryFolder(), ...env } });
  await runProgram(
    { name: 'kuflow', description: '', version: '0', invocation: './kuflow', commands: kuflowEntries },
    fake.host,
  );
  const { results } = JSON.parse(fake.stdout()) as { readonly results: readonly (Outcome & { readonly id: string })[] };
  const found = results.find((one) => one.id === id);
  if (found === undefined) throw new Error(fake.stdout() + fake.stderr());
  return found;
}

function edit(folder: string, file: string, from: string, to: string): void {
  const text = readFileSync(join(folder, file), 'utf8');
  expect(text).toContain(from);
  writeFileSync(join(folder, file), text.replace(from, to));
}

describe.skipIf(process.platform === 'win32')('the JDK and Maven of a Java project', () => {
  it('are found', async () => {
    expect(await check('KF-PROJ-003', await project())).toMatchObject({
      state: 'pass',
      summary: 'JDK 17 and Maven wrapper',
    });
  });

  it('can be missing', async () => {
    const folder = await project();
    const wanted = { text: 'Install a JDK, version 17 or newer (https://adoptium.net)' };
    expect(await check('KF-PROJ-003', folder, {})).toMatchObject({
      ...{ state: 'fail', cause: { code: 'runtime-missing' }, advice: [wanted] },
      summary: 'A JDK is not installed: javac is not on the PATH and JAVA_HOME is not set',
    });
    const home = temporaryFolder();
    expect(await check('KF-PROJ-003', folder, { JAVA_HOME: home })).toMatchObject({
      ...{ state: 'fail', cause: { code: 'runtime-missing' } },
      advice: [{ text: `${wanted.text}, and set JAVA_HOME to its folder` }],
      summary: `JAVA_HOME is ${home}, which has no working bin/javac`,
    });
  });

  it('can be older than the code', async () => {
    const folder = await project();
    expect(await check('KF-PROJ-003', folder, { JAVA_HOME: jdk('11.0.2') })).toMatchObject({
      ...{ state: 'fail', cause: { code: 'runtime-too-old' } },
    });
    edit(folder, 'pom.xml', '<java.version>17<', '<java.version>21<');
    expect(await check('KF-PROJ-003', folder)).toMatchObject({
      ...{ state: 'fail', cause: { code: 'runtime-too-old' } },
      advice: [{ text: 'Install a JDK, version 21 or newer (https://adoptium.net), and set JAVA_HOME to its folder' }],
    });
  });

  it('need the Maven wrapper', async () => {
    const folder = await project();
    chmodSync(join(folder, 'mvnw'), 0o644);
    expect(await check('KF-PROJ-003', folder)).toMatchObject({
      ...{ state: 'fail', cause: { code: 'build-file-unusable' }, summary: 'mvnw is not executable' },
    });
    rmSync(join(folder, 'mvnw'));
    expect(await check('KF-PROJ-003', folder)).toMatchObject({ summary: 'mvnw is missing' });
    rmSync(join(folder, 'pom.xml'));
    expect(await check('KF-PROJ-003', folder)).toMatchObject({ summary: 'pom.xml is missing' });
  });
});

describe('the library of a Java project', () => {
  const library = findLibrary('java', LIBRARY_JAR);

  it.skipIf(process.platform === 'win32')('must be in the project', async () => {
    const folder = await project();
    rmSync(join(folder, '.kuflow/lib', library.file));
    expect(await check('KF-PROJ-003', folder)).toMatchObject({
      ...{ state: 'fail', cause: { code: 'build-file-unusable' } },
      summary: `.kuflow/lib/${library.file} is missing, and pom.xml refers to it`,
    });
  });

  it('has the version that the built worker contains', async () => {
    const folder = await project();
    mkdirSync(join(folder, 'target'));
    // The end of a jar lists its files.
    const built = (version: string): void => {
      writeFileSync(
        join(folder, 'target/app.jar'),
        `${'x'.repeat(2_000_000)}BOOT-INF/lib/kuflow-worker-${version}.jar`,
      );
    };
    built(library.version);
    expect(await check('KF-PROJ-002', folder)).toMatchObject({ state: 'pass' });
    built('0.0.9');
    expect(await check('KF-PROJ-002', folder)).toMatchObject({
      ...{ state: 'warn', cause: { code: 'sdk-install-outdated' } },
      summary: `target/app.jar has kuflow-worker 0.0.9, but pom.xml has ${library.version}`,
    });
  });
});

describe("the version of Temporal's SDK in a Java project", () => {
  it('is the one in pom.xml', async () => {
    expect(await check('KF-PROJ-002', await project())).toMatchObject({
      state: 'pass',
      summary: expect.stringMatching(/^version 1\.\d+\.\d+$/) as unknown,
    });
  });

  it('can be one that does not send the namespace, as in the samples of KuFlow', async () => {
    const folder = await project();
    edit(
      folder,
      'pom.xml',
      '<temporal.version>',
      '<!-- was <temporal.version>1.38.0</temporal.version> --><temporal.version>',
    );
    writeFileSync(
      join(folder, 'pom.xml'),
      readFileSync(join(folder, 'pom.xml'), 'utf8').replace(/(-->\s*<temporal\.version>)[^<]*/, '$11.27.1'),
    );
    expect(await check('KF-PROJ-002', folder)).toMatchObject({
      ...{ state: 'warn', cause: { code: 'sdk-known-fault' } },
      summary: expect.stringContaining(
        "Temporal's SDK 1.27.1 has a known bug: it does not send the header temporal-namespace",
      ) as unknown,
      advice: [{ text: 'Update io.temporal:* to 1.28.0 or newer' }],
    });
  });

  it('can differ between its artifacts', async () => {
    const folder = await project();
    edit(
      folder,
      'pom.xml',
      '<artifactId>temporal-testing</artifactId>\n      <version>${temporal.version}<',
      '<artifactId>temporal-testing</artifactId>\n      <version>1.33.0<',
    );
    expect(await check('KF-PROJ-002', folder)).toMatchObject({
      ...{ state: 'fail', cause: { code: 'sdk-versions-differ' } },
      summary: expect.stringMatching(
        /io\.temporal:temporal-sdk 1\.\d+\.\d+, io\.temporal:temporal-testing 1\.33\.0$/,
      ) as unknown,
    });
  });

  it('is not checked if a parent of pom.xml decides', async () => {
    const folder = await project();
    edit(folder, 'pom.xml', '<temporal.version>', '<other.version>');
    expect(await check('KF-PROJ-002', folder)).toMatchObject({
      ...{ state: 'skip', summary: "pom.xml does not contain the version of Temporal's SDK" },
    });
  });
});

describe.skipIf(process.platform === 'win32')("a Java worker's own check", () => {
  const CREDENTIALS = {
    KUFLOW_API_CLIENTID: '3f1c5c2e-8a55-4f0c-9a44-3f2f3f0f9b10',
    KUFLOW_API_CLIENTSECRET: 'secret',
    KUFLOW_API_ENDPOINT: 'https://kuflow.invalid',
    TEMPORAL_KUFLOWQUEUE: 'LOANS',
  };

  it('needs the built worker', async () => {
    const env = { JAVA_HOME: jdk('17.0.15'), ...CREDENTIALS };
    expect(await check('KF-WORK-001', await project(), env)).toMatchObject({
      ...{ state: 'warn', cause: { code: 'worker-not-built' } },
      summary: "The worker's own check cannot run, because target/app.jar is missing",
      advice: [{ text: 'Build the project: ./mvnw -DskipTests verify' }],
    });
  });

  it('runs with the JVM of the project and the time limit of doctor', async () => {
    const folder = await project();
    const jar = join(folder, 'target', 'app.jar');
    mkdirSync(dirname(jar));
    writeFileSync(jar, '');
    const answer = `printf '%s' "$KUFLOW_WORKER_CHECK_SECONDS $*" > seen\nexec ${process.execPath} ${join(folder, 'answer.mjs')}`;
    writeFileSync(join(folder, 'answer.mjs'), answering(standInStep('settings', 'ok')));
    expect(
      await check('KF-WORK-001', folder, {
        JAVA_HOME: jdk('17.0.15', answer),
        PATH: process.env['PATH'],
        ...CREDENTIALS,
      }),
    ).toMatchObject({ state: 'pass', summary: 'the worker connected with its SDK (settings)' });
    expect(readFileSync(join(folder, 'seen'), 'utf8')).toBe(
      '13 -XX:+UseSerialGC -Xms64m -jar target/app.jar --check --json',
    );
  });

  it('reports the exception of a JVM that cannot run it', async () => {
    const folder = await project();
    mkdirSync(join(folder, 'target'));
    writeFileSync(join(folder, 'target', 'app.jar'), '');
    const failing = [
      'echo \'Exception in thread "main" java.lang.IllegalStateException: outer\' >&2',
      "printf '\\tat com.acme.Main.main(Main.java:3)\\n' >&2",
      'exit 1',
    ].join('\n');
    expect(await check('KF-WORK-001', folder, { JAVA_HOME: jdk('17.0.15', failing), ...CREDENTIALS })).toMatchObject({
      state: 'fail',
      summary: 'The worker cannot start: status 1, Exception in thread "main" java.lang.IllegalStateException: outer',
    });
  });
});
