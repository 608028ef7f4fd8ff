import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, KnownError } from '../base/errors.ts';
import { packageRoot } from '../base/package-root.ts';
import { LANGUAGES, type LanguageId, type LibrarySource } from './language-ids.ts';
import type { PlannedFile } from './planned-file.ts';
import type { ProjectSpec } from './project-spec.ts';
import { listFiles } from './templates/files.ts';

/** Where a project or a workspace has the archive of the `kuflow-worker` library, relative to its root. */
export const LIBRARY_FOLDER = '.kuflow/lib';

/** That of a new project. CONTRIBUTING.md says when it changes. */
export const DEFAULT_LIBRARY_SOURCE: LibrarySource = 'archive';

/** Whether a project or its workspace contains the archive. It does if the record of the project does not name a source. */
export function containsLibrary({ library }: Pick<ProjectSpec, 'library'>): boolean {
  return library !== 'registry';
}

/** What the build of the tool needs for the library of a language. */
const BUILD_TOOLS: Readonly<Record<LanguageId, string>> = {
  typescript: 'npm',
  java: 'a JDK',
  python: 'Python with pip',
};

/** The folder with the archive, relative to the project. Members of a workspace share the one in its root. */
export function libraryFolder({ workspace }: Pick<ProjectSpec, 'workspace'>): string {
  return workspace === undefined ? LIBRARY_FOLDER : `${workspace.root}/${LIBRARY_FOLDER}`;
}

/** Where the owner of a project finds the README of the library. `name`: that of the file in the folder with the archive. */
export function libraryReadme(spec: Pick<ProjectSpec, 'library' | 'workspace'>, name: string): string {
  return containsLibrary(spec) ? `${libraryFolder(spec)}/${name}` : 'The README of kuflow-worker';
}

export function isLibraryFile(path: string): boolean {
  return path.startsWith(`${LIBRARY_FOLDER}/`);
}

/** The option of `docker build` for a workspace member, whose build context does not contain the archive. Otherwise empty. */
export function libraryBuildContext(spec: Pick<ProjectSpec, 'library' | 'workspace'>): string {
  return spec.workspace === undefined || !containsLibrary(spec)
    ? ''
    : `--build-context library=${libraryFolder(spec)} `;
}

/** The archive as files of the project; none in a member of a workspace, or with a registry. Throws like `readLibrary`. */
export function libraryFiles(spec: Pick<ProjectSpec, 'language' | 'library' | 'workspace'>): readonly PlannedFile[] {
  return spec.workspace === undefined && containsLibrary(spec) ? readLibrary(spec.language) : [];
}

/** By paths in a project or workspace root. Throws a KnownError if the build left it out, because the machine had no tools for the language. */
export function readLibrary(language: LanguageId): readonly PlannedFile[] {
  const folder = join(packageRoot(), 'dist', 'libraries', language);
  try {
    return listFiles(folder).map((path) => ({
      path: `${LIBRARY_FOLDER}/${path}`,
      contents: readFileSync(join(folder, path)),
      mode: 0o644,
    }));
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    throw new KnownError({
      message: `This build of the tool does not contain the library for ${LANGUAGES[language]} projects`,
      seen: `${folder} does not exist`,
      next: [`Install ${BUILD_TOOLS[language]}, and build the tool again: npm run build`],
    });
  }
}

export type LibraryArchive = Readonly<ReturnType<typeof findLibrary>>;

/**
 * The archive whose path matches a pattern, which has the version as its group. `file` is its path below the folder of the library, and
 * `integrity` the checksum as in the lock files of npm. Throws like `readLibrary`.
 */
export function findLibrary(language: LanguageId, pattern: RegExp) {
  for (const { path, contents } of readLibrary(language)) {
    const file = path.slice(LIBRARY_FOLDER.length + 1);
    const version = pattern.exec(file)?.[1];
    if (version === undefined) continue;
    const sha256 = createHash('sha256').update(contents).digest('hex');
    return { version, file, sha256, integrity: `sha512-${createHash('sha512').update(contents).digest('base64')}` };
  }
  throw new Error(`The ${language} library has no archive like ${pattern.source}`);
}
