import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf, writeMavenRepository } from '../../scripts/build-libraries.mjs';
import { ROOT } from '../../scripts/bundle.mjs';
import { MAVEN } from '../../src/languages/java/maven.ts';
import { TEMPLATE_OUTPUT } from '../../src/languages/templates/files.ts';
import { replaceText } from './library-archive.ts';

/** Copies the sources of the Java library, and the Maven wrapper. */
export function copyJavaLibrary(folder: string): string {
  cpSync(join(ROOT, 'libraries/java'), folder, {
    recursive: true,
    filter: (path) => !path.split(/[\\/]/).some((part) => TEMPLATE_OUTPUT.has(part)),
  });
  for (const path of [MAVEN, '.mvn/wrapper'])
    cpSync(join(ROOT, 'templates/java', path), join(folder, path), { recursive: true });
  return folder;
}

/**
 * Builds the library with another version and one changed text of a class, and replaces it in a copy of the packed package. Returns the
 * version in projects.
 */
export function replaceJavaLibrary(
  packageFolder: string,
  {
    folder,
    version,
    replaced: [path, from, to],
  }: { readonly folder: string; readonly version: string; readonly replaced: readonly [string, string, string] },
): string {
  copyJavaLibrary(folder);
  replaceText(join(folder, 'pom.xml'), /(?<=<artifactId>kuflow-worker<\/artifactId>\s*<version>)[^<]+/, version);
  replaceText(join(folder, 'src/main/java/kuflow/worker', path), from, to);
  const args = ['-B', '-ntp', '-q', '-Dmaven.test.skip', '-Dspotless.check.skip', 'package'];
  execFileSync(join(folder, MAVEN), args, {
    cwd: folder,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: process.platform === 'win32',
  });
  const repository = join(packageFolder, 'dist/libraries/java');
  rmSync(repository, { recursive: true });
  // Maven keeps whatever it has found for a version.
  return writeMavenRepository(folder, repository, hashOf(folder).slice(0, 8));
}
