import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { closedPort } from '../../../support/answering-server.ts';
import { createdOf, createWorker, failureOf } from '../../../support/create-worker.ts';
import { writeFakeJdk } from '../../../support/fake-jdk.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';
import { findJdk } from '../../../../src/languages/java/jdk.ts';

const temporaryFolder = temporaryFolders();
const CREATE = ['worker', '--language', 'java', '--local', '--yes', '--no-git', '--no-check', '--json'];

const fakeJdk = (version: string): string => writeFakeJdk(temporaryFolder(), version);

describe.runIf(process.platform !== 'win32')('the JDK of a Java project', () => {
  it.each([
    ['1.8.0_392', 8],
    ['11.0.2', 11],
    ['17.0.15', 17],
    ['25-ea', 25],
  ])('with the version %s is Java %i', async (text, version) => {
    expect((await findJdk({ JAVA_HOME: fakeJdk(text) }))?.version).toBe(version);
  });

  it('is found before anything is written', async () => {
    const cwd = temporaryFolder();
    const missing = await createWorker(cwd, CREATE, { PATH: temporaryFolder() });
    expect(missing.status).toBe(1);
    expect(failureOf(missing.stdout).error).toMatchObject({
      message: 'A JDK is not installed',
      seen: 'javac is not on the PATH and JAVA_HOME is not set; nothing was written',
      next: expect.arrayContaining(['Install a JDK, version 17 or newer: https://adoptium.net']) as unknown,
    });
    const wrong = await createWorker(cwd, CREATE, { JAVA_HOME: temporaryFolder(), PATH: process.env['PATH'] });
    expect(failureOf(wrong.stdout).error.seen).toContain('which has no working bin/javac; nothing was written');
    const home = fakeJdk('11.0.2');
    const old = await createWorker(cwd, CREATE, { JAVA_HOME: home });
    expect(failureOf(old.stdout).error).toMatchObject({
      message: 'The JDK is too old: Java 17 or newer is required',
      seen: `${join(home, 'bin', 'javac')} is version 11; nothing was written`,
    });
    expect(readdirSync(cwd)).toEqual([]);
  });

  it('is not needed with --no-install', async () => {
    const cwd = temporaryFolder();
    const ran = await createWorker(cwd, [...CREATE, '--no-install'], { PATH: temporaryFolder() });
    expect(ran.status).toBe(0);
    expect(existsSync(join(cwd, 'worker', 'pom.xml'))).toBe(true);
    expect(createdOf(ran.stdout).next.map(({ command }) => command)).toEqual([
      'cd worker',
      './mvnw -DskipTests verify',
      'make smoke',
      'make dev',
      'make compile',
      './kuflow dev open',
    ]);
  });

  it('builds a project that is kept if a download fails, with the command to run', async () => {
    const cwd = temporaryFolder();
    const repository = `http://127.0.0.1:${await closedPort()}`;
    const env = { MVNW_REPOURL: repository, MAVEN_USER_HOME: temporaryFolder(), JAVA_HOME: fakeJdk('17.0.15') };
    const ran = await createWorker(cwd, CREATE, { PATH: process.env['PATH'], HOME: temporaryFolder(), ...env });
    expect(ran.status).toBe(1);
    const { install, next } = createdOf(ran.stdout);
    expect(install).toMatchObject({ kind: 'failed', seen: `could not download from ${repository}` });
    expect(existsSync(join(cwd, 'worker', 'pom.xml'))).toBe(true);
    expect(next.find(({ command }) => command === './mvnw -DskipTests verify')?.text).toBe(
      `download the dependencies and build the worker when ${repository} is reachable`,
    );
  });
});
