import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findTemporalVersions, javaDiagnosis } from '../../../../src/languages/java/diagnosis.ts';
import { renderProject } from '../../../../src/project/render.ts';
import { sampleDefinition } from '../../../../src/process/sample.ts';

describe('what doctor checks of a Java project', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kuflow-java-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("includes the versions of Temporal's libraries in pom.xml", async () => {
    const files = await renderProject({
      ...{ name: 'loan-worker', language: 'java', packageManager: 'maven', packageName: 'com.acme.loan', slug: 'loan' },
      ...{ definition: sampleDefinition(), definitionSource: 'sample', local: true, cliPackage: '0.1.0' },
    });
    const pom = files.find(({ path }) => path === 'pom.xml');
    writeFileSync(join(folder, 'pom.xml'), pom?.contents ?? '');
    const versions = await javaDiagnosis.sdkVersions(folder);
    expect([...versions.keys()]).toEqual(['io.temporal:temporal-sdk', 'io.temporal:temporal-testing']);
    expect(new Set(versions.values()).size).toBe(1);
    expect(versions.get(javaDiagnosis.sdk)).toMatch(/^1\.\d+\.\d+$/);
  });

  it('reads versions in place, and ignores those that are not known', () => {
    const dependency = (name: string, version: string): string =>
      `<dependency>\n<groupId>io.temporal</groupId><artifactId>${name}</artifactId>${version}</dependency>`;
    const pom = `${dependency('temporal-sdk', '<version> 1.27.1 </version>')}${dependency('x', '')}${dependency('y', '<version>${absent}</version>')}`;
    expect([...findTemporalVersions(pom)]).toEqual([['io.temporal:temporal-sdk', '1.27.1']]);
    expect([...findTemporalVersions('not xml')]).toEqual([]);
  });

  it('includes the JDK, which may be missing', () => {
    const { wanted, ...missing } = javaDiagnosis.runtime({ PATH: folder });
    expect(missing).toEqual({ name: 'Java', version: undefined, isSupported: false });
    expect(wanted).toBe('a JDK, version 17');
    expect(javaDiagnosis.runtime(process.env)).toMatchObject({ isSupported: true });
  });

  it('includes the check of the worker once it is built', () => {
    expect(javaDiagnosis.workerCheck(folder)).toBeUndefined();
    mkdirSync(join(folder, 'target'));
    writeFileSync(join(folder, 'target/app.jar'), '');
    expect(javaDiagnosis.workerCheck(folder)?.slice(1)).toEqual(['-jar', 'target/app.jar', '--check', '--json']);
  });
});
