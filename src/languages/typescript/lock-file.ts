import { textFile, textOf, type PlannedFile } from '../planned-file.ts';
import { containsLibrary, type LibraryArchive } from '../library.ts';
import { lockFiles } from './package-manager.ts';
import type { ProjectSpec } from '../project-spec.ts';

/** The name of the project in the lock files of the templates. */
const TEMPLATE_NAME = '"name": "example-worker"';
/** The name of the library's archive, with its version. */
export const ARCHIVE = /^kuflow-worker-(.+)\.tgz$/;
/** The same in a path. */
const ARCHIVE_IN_LOCK = /kuflow-worker-[^"\s/@{}(),]+\.tgz/g;
/** The version in the entry of the library, after text that is quicker to find than with a lookbehind. */
const VERSION =
  /("node_modules\/kuflow-worker": \{\s+"version": "|, tarball: file:\S+kuflow-worker-\S+\}\s+version: )[^"\s]+/;
/** The checksum after the path of the archive, or before it. */
const CHECKSUM =
  /(kuflow-worker-[^/]+\.tgz",\s+(?:\{.*\}, )?"(?:integrity": ")?)sha512-[\w+/=]+|sha512-[\w+/=]+(?=, tarball: file:\S+kuflow-worker-)/;

/** The address and the checksum of the archive in the lock file of npm. */
const ADDRESS_IN_NPM_LOCK = /^ {6}"resolved": "file:\S+kuflow-worker-\S+\n {6}"integrity": .*\n/m;
/** What the project needs in the lock file of npm, and every entry of the library in those of pnpm and Bun. */
const REFERENCE_IN_NPM_LOCK = /(?<="kuflow-worker": )"file:[^"]+"/;
const ENTRIES_IN_PNPM_LOCK = /^ {6}kuflow-worker:\n(?: {8}.*\n)+|^ {2}kuflow-worker@file:.*:\n(?: {4}.*\n)+\n/gm;
const ENTRIES_IN_BUN_LOCK = /^ {8}"kuflow-worker": "file:.*\n|^ {4}"kuflow-worker": \[.*\n\n/gm;

/**
 * A lock file with the name of the project, and with the present archive of the library, which may be newer than the locked archive. The
 * lock files of the templates contain the tested versions of all dependencies except this package, which the package manager adds when it
 * installs the project.
 */
export function completeLock(
  file: PlannedFile,
  spec: Pick<ProjectSpec, 'name' | 'packageManager' | 'library'>,
  library: LibraryArchive,
): PlannedFile {
  if (!lockFiles(spec.packageManager).includes(file.path)) return file;
  const complete = textOf(file)
    .replaceAll(TEMPLATE_NAME, () => `"name": ${JSON.stringify(spec.name)}`)
    .replaceAll(ARCHIVE_IN_LOCK, library.file)
    .replace(VERSION, (_, before: string) => `${before}${library.version}`)
    .replace(CHECKSUM, (_, before = '') => `${before}${library.integrity}`);
  return textFile(file.path, containsLibrary(spec) ? complete : lockFromRegistry(file.path, complete, library));
}

/** npm adds the address and the checksum of the library to its lock file. pnpm and Bun add the whole library, like this package. */
function lockFromRegistry(path: string, text: string, { version }: LibraryArchive): string {
  return path === 'package-lock.json'
    ? text.replace(ADDRESS_IN_NPM_LOCK, '').replace(REFERENCE_IN_NPM_LOCK, `"${version}"`)
    : text.replaceAll(ENTRIES_IN_PNPM_LOCK, '').replaceAll(ENTRIES_IN_BUN_LOCK, '');
}
