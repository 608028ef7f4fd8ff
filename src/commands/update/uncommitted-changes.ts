import { posix } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import type { WorkTree } from '../../files/git.ts';
import { JOURNAL_FOLDER, LOCK_FILE } from '../../project/edit/journal.ts';
import { readIgnoredState, UNIGNORE_ADVICE } from '../../project/ignored-state.ts';
import type { UpdatableProject } from './open-for-update.ts';

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
