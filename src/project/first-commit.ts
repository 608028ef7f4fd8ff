import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { firstLine, readIgnored, runGit, type GitAnswer } from '../files/git-state.ts';
import { RECORD_FILE } from '../process/find-project.ts';
import type { Environment } from '../settings/environment.ts';
import { LOCAL_SETTINGS_FILE } from '../settings/keys.ts';
import { BASE_FILE } from './base-archive.ts';
import { isInRepository } from './join/find-root.ts';

export type GitResult =
  | {
      readonly kind: 'committed';
      /** Paths that are not committed because the user's own git rules ignore them; absent if there are no such paths. */
      readonly ignored?: readonly string[];
    }
  /** The repository was created, but not its first commit. */
  | { readonly kind: 'initialised'; readonly reason: string }
  | { readonly kind: 'skipped'; readonly reason: string }
  | {
      readonly kind: 'failed';
      readonly command: string;
      readonly output: string;
      /** Whether the repository was created, so that only its first commit is missing. */
      readonly made: boolean;
    };

export interface GitOptions {
  readonly folder: string;
  /** Paths to commit, relative to the folder. Missing files are left out. */
  readonly paths: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** Of each command. */
const LIMIT_MS = 60_000;

/** The reason of a step that was skipped because the user interrupted it. */
export const INTERRUPTED = 'interrupted';

/**
 * Creates a repository with a first commit of `paths`, unless the folder is inside a repository already. Never rejects because of git: the
 * result has the reason for anything that was not done. Never commits the local settings, which contain a secret.
 */
export async function startRepository(options: GitOptions): Promise<GitResult> {
  const result = await initAndCommit(options);
  if (options.signal?.aborted !== true || result.kind === 'committed' || result.kind === 'skipped') return result;
  // The output of a command that was interrupted is not a reason.
  const made = result.kind === 'initialised' || result.made;
  return { kind: made ? 'initialised' : 'skipped', reason: INTERRUPTED };
}

async function initAndCommit({ folder, paths, env, signal }: GitOptions): Promise<GitResult> {
  const git = (args: readonly string[], input = ''): Promise<GitAnswer> =>
    runGit(args, folder, env, { limitMs: LIMIT_MS, input, signal });
  /** Undefined if the command succeeds. */
  const failureOf = async (made: boolean, args: readonly string[], input?: string): Promise<GitResult | undefined> => {
    const { kind, text } = await git(args, input);
    return kind === 'answer' ? undefined : { kind: 'failed', command: ['git', ...args].join(' '), output: text, made };
  };

  const inside = await git(['rev-parse', '--show-toplevel']);
  if (signal?.aborted === true) return { kind: 'skipped', reason: INTERRUPTED };
  if (inside.kind === 'absent') return { kind: 'skipped', reason: 'git is not installed' };
  if (inside.kind === 'answer') {
    const own = existsSync(join(folder, '.git'));
    const place = `the folder is inside the repository ${inside.text.trimEnd()}`;
    return { kind: 'skipped', reason: own ? 'the folder is already a repository' : place };
  }
  // A repository that git refuses to read (another owner, a corrupt file) is still a repository.
  if (!inside.text.includes('not a git repository')) return { kind: 'skipped', reason: firstLine(inside.text) };

  const branch = await git(['config', 'init.defaultBranch']);
  const defaultBranch = branch.kind === 'answer' ? [] : ['-c', 'init.defaultBranch=main'];
  const notMade = await failureOf(false, [...defaultBranch, 'init', '--quiet']);
  if (notMade !== undefined) return notMade;
  for (const [key, variables] of IDENTITY) {
    if (variables.every((variable) => (env[variable] ?? '') !== '')) continue;
    const set = await git(['config', key]);
    if (set.kind !== 'answer' || set.text.trim() === '')
      return { kind: 'initialised', reason: `git config ${key} is not set` };
  }
  if (existsSync(join(folder, LOCAL_SETTINGS_FILE))) {
    const isIgnored = (await git(['check-ignore', '--quiet', LOCAL_SETTINGS_FILE])).kind === 'answer';
    if (!isIgnored)
      return { kind: 'initialised', reason: `git does not ignore ${LOCAL_SETTINGS_FILE}, which contains a secret` };
  }
  const existing = paths.filter((path) => path !== LOCAL_SETTINGS_FILE && existsSync(join(folder, path)));
  // Git refuses to add a path by name if the user's own rules ignore it. Respect these rules, as `git add .` does.
  const checked = await git(['check-ignore', '--stdin', '-z'], existing.join('\0'));
  const listed = checked.kind === 'answer' ? checked.text.split('\0') : [];
  const ignored = existing.filter((path) => listed.includes(path));
  const added = existing.filter((path) => !ignored.includes(path));
  if (added.length === 0) return { kind: 'initialised', reason: 'git ignores every file of the project' };
  // Paths go through standard input, which has no length limit, and are not interpreted as patterns.
  const add = ['--literal-pathspecs', 'add', '--pathspec-from-file=-', '--pathspec-file-nul'];
  // Signing could prompt for a passphrase that nobody sees, and hooks from the user's git template are not meant for this commit.
  const commit = ['commit', '--quiet', '--no-gpg-sign', '--no-verify', '-m', 'Start from the worker template'];
  const failure = (await failureOf(true, add, added.join('\0'))) ?? (await failureOf(true, commit));
  return failure ?? { kind: 'committed', ...(ignored.length === 0 ? {} : { ignored }) };
}

const IDENTITY = [
  ['user.name', ['GIT_AUTHOR_NAME', 'GIT_COMMITTER_NAME']],
  ['user.email', ['GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_EMAIL']],
] as const;

const STATE_FILES = [RECORD_FILE, BASE_FILE];

/** What to do if git ignores a file of `readIgnoredState`. A rule for a file has no effect while its folder is ignored. */
export const UNIGNORE_ADVICE = `Add these lines to the end of .gitignore in the project: ${['.kuflow/', ...STATE_FILES]
  .map((path) => `!/${path}`)
  .join(' ')}`;

/** Those of the project record and the archive of what was generated that git ignores, although every clone needs them. */
export async function readIgnoredState(folder: string, env: Environment): Promise<readonly string[]> {
  return isInRepository(folder) ? readIgnored(folder, STATE_FILES, env) : [];
}
