import { posix, relative } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import { joinCommands, shellPath } from '../../base/shell.ts';
import { listFilesInGit, type WorkTree } from '../../files/git-state.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { JOURNAL_FOLDER, LOCK_FILE } from '../../project/edit/journal.ts';
import { readIgnoredState, UNIGNORE_ADVICE } from '../../project/first-commit.ts';
import type { ChangedFile } from '../../project/write-files.ts';
import { lockFilesIn, type UpdatableProject } from './open-for-update.ts';

/** The paths in the project that differ from the last commit, relative to it. Undefined without a repository. */
export function uncommittedPaths(workTree: WorkTree): readonly string[] | undefined {
  if (workTree.kind !== 'work-tree') return undefined;
  const { changed, prefix } = workTree;
  const own = (path: string): boolean => path.startsWith(`${JOURNAL_FOLDER}/`) || path.startsWith(LOCK_FILE);
  return changed.map((path) => posix.relative(prefix, path)).filter((path) => !own(path));
}

const MAX_PATHS = 10;

export function rejectDirtyTree(
  { project, workTree, command }: UpdatableProject & { readonly command: string },
  dirty: readonly string[] | undefined,
): void {
  const anyway = `Or update anyway: ${command} --allow-dirty`;
  if (workTree.kind === 'unknown')
    throw new KnownError({
      message: 'Could not ask git whether the project has uncommitted changes',
      tried: `git status in ${project.folder}`,
      seen: workTree.why,
      next: [anyway],
      status: 4,
    });
  if (dirty === undefined)
    throw usageError('The project is not in a git repository, so the update could not be undone', [
      'Create a repository with a commit: git init && git add . && git commit -m "Before the update"',
      anyway,
    ]);
  if (dirty.length === 0) return;
  const more = dirty.length > MAX_PATHS ? [`  and ${dirty.length - MAX_PATHS} more`] : [];
  const paths = [...dirty.slice(0, MAX_PATHS).map((path) => `  ${path}`), ...more];
  throw usageError(`The project has uncommitted changes:\n${paths.join('\n')}`, [
    'Commit or stash them, so that the update can be undone',
    anyway,
  ]);
}

/** Rejects a project whose record or archive git ignores. Undoing an update would not restore it, and the next update would miss the changes. */
export async function rejectIgnoredState({
  project,
  env,
  command,
}: UpdatableProject & { readonly env: NodeJS.ProcessEnv; readonly command: string }): Promise<void> {
  const ignored = await readIgnoredState(project.folder, env);
  if (ignored.length === 0) return;
  throw usageError(`git ignores ${ignored.join(' and ')}, so the update could not be undone`, [
    `${UNIGNORE_ADVICE}. Then commit ${ignored.length === 1 ? 'the file' : 'the files'}`,
    `Or update anyway: ${command} --allow-dirty`,
  ]);
}

/** The command that restores the last commit, if that undoes the update and nothing else. */
export async function undoCommand(
  { project, cwd, env }: UpdatableProject & { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  dirty: readonly string[] | undefined,
  {
    changes,
    shared,
    isInstalled,
  }: {
    readonly changes: readonly ChangedFile[];
    readonly shared: readonly ChangedFile[];
    readonly isInstalled: boolean;
  },
): Promise<string | undefined> {
  const { folder, record } = project;
  const changed = changes.map(({ path }) => path);
  if (dirty === undefined || changed.some((path) => dirty.includes(path))) return undefined;
  const isNew = ({ before }: ChangedFile): boolean => before === undefined;
  const split = (all: readonly ChangedFile[]): readonly [created: string[], existing: string[]] => [
    all.filter(isNew).map(({ path }) => path),
    all.filter((change) => !isNew(change)).map(({ path }) => path),
  ];
  const [created, existing] = split(changes);
  const [known, unknown] = await Promise.all([
    listFilesInGit('tracked', folder, existing, env),
    listFilesInGit('untracked', folder, created, env),
  ]);
  // Git ignores the others, or they are below a symbolic link or in another repository.
  if (known.length < existing.length || unknown.length < created.length) return undefined;
  // An installation changes these, now or later.
  const locks = isInstalled || changed.includes(languageOf(record).tools.manifest) ? lockFilesIn(project) : [];
  if (locks.some((path) => dirty.includes(path))) return undefined;
  const [newShared, replacedShared] = split(shared);
  // Of a workspace outside the repository, git lists nothing.
  created.push(...(await listFilesInGit('untracked', folder, [...locks, ...newShared], env)));
  existing.push(...(await listFilesInGit('tracked', folder, [...locks, ...replacedShared], env)));
  // Git reads some names as patterns, which match other files too.
  const paths = (all: readonly string[]): string =>
    [...new Set(all)].map((path) => shellPath(/[*?[]/.test(path) ? `:(literal)${path}` : path)).join(' ');
  const outside = existing.filter((path) => path.startsWith('../'));
  const place = relative(cwd, folder);
  const git = place === '' ? 'git' : `git -C ${shellPath(place)}`;
  return joinCommands([
    `${git} restore ${dirty.length > 0 ? `-- ${paths(existing)}` : paths(['.', ...outside])}`,
    ...(created.length === 0 ? [] : [`${git} clean -fdq -- ${paths(created)}`]),
  ]);
}
