import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MIB, readSmallFile } from '../../files/read.ts';
import type { ProjectDiagnosis } from '../diagnosis.ts';
import { findJdk, javaProgram, OLDEST_JAVA } from './tools.ts';

const SDK = 'io.temporal:temporal-sdk';
const JAR = 'target/app.jar';

export const javaDiagnosis: ProjectDiagnosis = {
  sdk: SDK,
  sdkVersions: async (folder) => {
    const { bytes } = await readSmallFile(join(folder, 'pom.xml'), MIB).catch(() => ({ bytes: undefined }));
    return findTemporalVersions(bytes?.toString('utf8') ?? '');
  },
  knownBugs: [
    {
      package: SDK,
      before: '1.28.0',
      bug: 'its calls do not name the namespace, so the engine may reject them',
    },
  ],
  runtime: (env) => {
    const version = findJdk(env)?.version;
    const isSupported = version !== undefined && version >= OLDEST_JAVA;
    return { name: 'Java', version: version?.toString(), wanted: `a JDK, version ${OLDEST_JAVA}`, isSupported };
  },
  workerCheck: (folder) =>
    existsSync(join(folder, JAR)) ? [javaProgram(process.env), '-jar', JAR, '--check', '--json'] : undefined,
};

/** The versions of Temporal's libraries that a pom.xml declares, by group and name. */
export function findTemporalVersions(pom: string): ReadonlyMap<string, string> {
  const property = (name: string): string | undefined =>
    new RegExp(`<${name.replaceAll('.', '\\.')}>\\s*([^<\\s]+)\\s*</`).exec(pom)?.[1];
  const versions = new Map<string, string>();
  for (const [, dependency = ''] of pom.matchAll(/<dependency>(.*?)<\/dependency>/gs)) {
    const field = (name: string): string => new RegExp(`<${name}>\\s*([^<\\s]+)\\s*<`).exec(dependency)?.[1] ?? '';
    const [, name] = /^\$\{([\w.-]+)\}$/.exec(field('version')) ?? [];
    const version = name === undefined ? field('version') : property(name);
    if (field('groupId') === 'io.temporal' && version !== undefined && /^\d+\.\d+\.\d+/.test(version))
      versions.set(`io.temporal:${field('artifactId')}`, version);
  }
  return versions;
}
