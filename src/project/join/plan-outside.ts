import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError } from '../../base/errors.ts';
import { isIgnoredFolder } from '../../files/git-state.ts';
import { relativePath } from '../../files/relative-path.ts';
import { utf8Text } from '../../files/text-file.ts';
import { unscopedName } from '../../languages/project-name.ts';
import type { ProjectSpec } from '../../languages/project-spec.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { findAbove, isProject } from '../../process/find-project.ts';
import type { ComparedFile, OutsideFiles } from '../existing-files.ts';
import { plainMode, textOf } from '../../languages/planned-file.ts';
import { unifiedDiff } from '../edit/unified-diff.ts';
import { renderRepositoryFiles } from '../render.ts';
import { textReader, type FoundWorkspace } from './find-root.ts';
import { DEPENDABOT_FILE, freeWorkflowPath, renameWorkflow, WORKFLOW } from './moved-files.ts';
import { containsLibrary, readLibrary } from '../../languages/worker-library.ts';
import type { LanguageId } from '../../languages/language-ids.ts';
import { writeFiles, type WriteOptions } from '../write-files.ts';

/** A change outside the project, to show before it is made. */
export interface OutsideChange {
  /** Absolute. */
  readonly path: string;
  readonly action: 'create' | 'change';
  /** Unified; empty if the file is not text. */
  readonly diff: string;
}

export interface MemberRequest {
  /** Absolute. */
  readonly folder: string;
  readonly spec: ProjectSpec;
  readonly found: FoundWorkspace;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * The changes outside a project that is a member of a workspace: the library, the list of members, and the files that GitHub reads only in the root
 * of a repository. Empty parts are left out. Writes nothing. Rejects with a KnownError if a file can't be edited.
 */
export async function planOutsideFiles(request: MemberRequest): Promise<readonly OutsideFiles[]> {
  const { folder, spec, found, env } = request;
  const { root, workspace } = found;
  const edits = workspace
    .join(relativePath(root, folder))
    .map(({ path, before, after }) => compared(root, path, before, after));
  const library = containsLibrary(spec) ? compareSharedLibrary(root, spec.language) : [];
  // GitHub never sees the files of a folder that the repository ignores.
  const repository = (await isIgnoredFolder(root, env)) ? root : (findAbove(root, '.git') ?? root);
  // In an existing project, a missing workflow was removed by somebody.
  const files = isProject(folder) ? [] : await planRepositoryFiles(request, repository);
  return [
    { folder: root, files: [...library, ...edits] },
    { folder: repository, files },
  ].filter(({ files }) => files.length > 0);
}

async function planRepositoryFiles(
  { folder, spec, found }: MemberRequest,
  repository: string,
): Promise<readonly ComparedFile[]> {
  const rendered = await renderRepositoryFiles(spec);
  // The user's own template may leave them out.
  const textAt = (path: string): string | undefined => textOf(rendered.find((one) => one.path === path));
  const workflowPath = freeWorkflowPath(repository, spec.name);
  const locks = languageOf(spec).tools.lockFiles(spec.packageManager);
  const generated = textAt(WORKFLOW);
  const workflow =
    generated === undefined
      ? undefined
      : memberWorkflow(generated, {
          name: unscopedName(spec.name),
          folder: relativePath(repository, folder),
          paths: [workflowPath, ...locks.map((lock) => relativePath(repository, join(found.root, lock)))],
        });
  const updates = textAt(DEPENDABOT_FILE);
  const existing = textReader(repository)(DEPENDABOT_FILE);
  const places = { root: `/${relativePath(repository, found.root)}`, folder: `/${relativePath(repository, folder)}` };
  const merged =
    existing === undefined || updates === undefined
      ? undefined
      : (await import('./merge-dependabot.ts')).mergeDependabotFile(existing, memberUpdates(updates, places));
  return [
    ...(workflow === undefined ? [] : [compared(repository, workflowPath, undefined, workflow)]),
    ...(merged === undefined || merged === existing ? [] : [compared(repository, DEPENDABOT_FILE, existing, merged)]),
  ];
}

function compared(folder: string, path: string, before: string | undefined, after: string): ComparedFile {
  const contents = Buffer.from(after);
  if (before === undefined) return { path, contents, mode: 0o644, action: 'create' };
  const { mode } = lstatSync(join(folder, path));
  if ((mode & 0o200) === 0)
    throw new KnownError({
      message: `${join(folder, path)} can't be edited: it is read-only`,
      next: ['Make the file writable', 'Or create a separate project: --no-workspace'],
    });
  return { path, contents, mode: plainMode(mode), action: 'overwrite', original: Buffer.from(before) };
}

/**
 * The generated workflow for a project in a folder of its repository. It runs only when the project or one of `paths` changes, unless the user's
 * own template replaced its triggers. Throws a KnownError if that template does not leave room for the working directory.
 */
function memberWorkflow(
  text: string,
  { name, folder, paths }: { readonly name: string; readonly folder: string; readonly paths: readonly string[] },
): string {
  const quoted = JSON.stringify(folder);
  const filter = ['    paths:', ...[`${folder}/**`, ...paths].map((path) => `      - ${JSON.stringify(path)}`)].join(
    '\n',
  );
  if (/^defaults:/m.test(text) || !/^jobs:\n/m.test(text))
    throw new KnownError({
      message: `${WORKFLOW} of the template can't be adapted to a member of a workspace`,
      seen: 'the working directory of the member is added as "defaults" before "jobs", so it must have "jobs" and not "defaults"',
      next: ['Change it in the template', 'Or create a separate project: --no-workspace'],
    });
  return renameWorkflow(text, name)
    .replace(/^on:\n {2}push:\n {2}pull_request:\n/m, () => `on:\n  push:\n${filter}\n  pull_request:\n${filter}\n`)
    .replace(/^jobs:\n/m, () => `defaults:\n  run:\n    working-directory: ${quoted}\n\njobs:\n`)
    .replaceAll('node-version-file: .nvmrc', () => `node-version-file: ${JSON.stringify(`${folder}/.nvmrc`)}`);
}

/** Dependencies are updated where the lock file is, images in the folder of the project, and actions in the repository. */
function memberUpdates(text: string, { root, folder }: { readonly root: string; readonly folder: string }): string {
  const updates = text.split(/^(?= {2}- package-ecosystem: )/m);
  return updates
    .map((entry) => {
      const [, ecosystem = ''] = /package-ecosystem: (\S+)/.exec(entry) ?? [];
      const place = ecosystem === 'github-actions' ? '/' : ['docker', 'maven'].includes(ecosystem) ? folder : root;
      return entry.replace(/^ {4}directory: \/$/m, () => `    directory: ${JSON.stringify(place)}`);
    })
    .join('');
}

export function describeOutside(outside: readonly OutsideFiles[]): readonly OutsideChange[] {
  return outside.flatMap(({ folder, files }) =>
    files.map(({ path, action, original, contents }): OutsideChange => {
      const [before, after] = [original, contents].map((bytes) =>
        bytes === undefined ? undefined : utf8Text(Buffer.from(bytes)),
      );
      return {
        path: join(folder, path),
        action: action === 'create' ? 'create' : 'change',
        diff: after === undefined ? '' : unifiedDiff(path, before, after),
      };
    }),
  );
}

/** Writes what `compareSharedLibrary` finds, and resolves to it. Rejects with a KnownError, and then nothing changed. */
export async function writeSharedLibrary(
  root: string,
  language: LanguageId,
  options: WriteOptions,
): Promise<readonly ComparedFile[]> {
  const files = compareSharedLibrary(root, language);
  await writeFiles({ folder: root, files, conflicts: [] }, options);
  return files;
}

/** Archives of other versions stay: members that were not updated yet use them. Empty if the root has this version. Throws like `readLibrary`. */
function compareSharedLibrary(root: string, language: LanguageId): readonly ComparedFile[] {
  return readLibrary(language).flatMap((file): readonly ComparedFile[] => {
    const path = join(root, file.path);
    if (!existsSync(path)) return [{ ...file, action: 'create' }];
    const original = readFileSync(path);
    return original.equals(file.contents) ? [] : [{ ...file, action: 'overwrite', original }];
  });
}
