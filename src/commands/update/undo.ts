import { relative } from 'node:path';
import { joinCommands, shellPath } from '../../base/shell.ts';
import { listFilesInGit } from '../../files/git.ts';
import { languageOf } from '../../languages/registry.ts';
import type { ChangedFile } from '../../project/write-files.ts';
import { lockFilesIn, type UpdatableProject } from './open-for-update.ts';

/** Git reads some names as patterns, which match other files too. */
function pathspec(path: string): string {
  return /[*?[]/.test(path) ? `:(literal)${path}` : path;
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
  const paths = (all: readonly string[]): string =>
    [...new Set(all)].map((path) => shellPath(pathspec(path))).join(' ');
  const outside = existing.filter((path) => path.startsWith('../'));
  const place = relative(cwd, folder);
  const git = place === '' ? 'git' : `git -C ${shellPath(place)}`;
  return joinCommands([
    `${git} restore ${dirty.length > 0 ? `-- ${paths(existing)}` : paths(['.', ...outside])}`,
    ...(created.length === 0 ? [] : [`${git} clean -fdq -- ${paths(created)}`]),
  ]);
}
