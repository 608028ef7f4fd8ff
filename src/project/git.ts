import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isNotInstalled } from '../files/find-on-path.ts';
import { gitEnvironment } from '../files/git.ts';
import { LOCAL_SETTINGS_FILE } from '../settings/keys.ts';

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

/** The reason of a step that was skipped because the user interrupted it. */
export const INTERRUPTED = 'interrupted';

interface GitCall {
  readonly ok: boolean;
  readonly missing: boolean;
  readonly command: string;
  readonly stdout: string;
  readonly output: string;
}

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

async function initAndCommit(options: GitOptions): Promise<GitResult> {
  const env = gitEnvironment(options.env);
  const cancelSignal = options.signal ?? new AbortController().signal;
  const git = async (args: readonly string[], input = ''): Promise<GitCall> => {
    const result = await execa('git', args, {
      cwd: options.folder,
      env: { ...env, GIT_TERMINAL_PROMPT: '0', LC_ALL: 'C' },
      extendEnv: false,
      all: true,
      reject: false,
      timeout: 60_000,
      input,
      cancelSignal,
    });
    return {
      ok: !result.failed,
      missing: isNotInstalled('git', env, result),
      command: ['git', ...args].join(' '),
      stdout: result.stdout,
      output: result.failed && result.all.trim() === '' ? (result.message ?? '') : result.all,
    };
  };
  const failed = ({ command, output }: GitCall, made: boolean): GitResult => ({
    kind: 'failed',
    command,
    output,
    made,
  });

  const inside = await git(['rev-parse', '--show-toplevel']);
  if (options.signal?.aborted === true) return { kind: 'skipped', reason: INTERRUPTED };
  if (inside.missing) return { kind: 'skipped', reason: 'git is not installed' };
  if (inside.ok) {
    const own = existsSync(join(options.folder, '.git'));
    return {
      kind: 'skipped',
      reason: own ? 'the folder is already a repository' : `the folder is inside the repository ${inside.stdout}`,
    };
  }
  // A repository that git refuses to read (another owner, a corrupt file) is still a repository.
  if (!inside.output.includes('not a git repository')) return { kind: 'skipped', reason: firstLine(inside.output) };

  const branch = await git(['config', 'init.defaultBranch']);
  const made = await git([...(branch.ok ? [] : ['-c', 'init.defaultBranch=main']), 'init', '--quiet']);
  if (!made.ok) return failed(made, false);
  for (const [key, variables] of IDENTITY) {
    if (variables.every((variable) => (env[variable] ?? '') !== '')) continue;
    const set = await git(['config', key]);
    if (!set.ok || set.stdout.trim() === '') return { kind: 'initialised', reason: `git config ${key} is not set` };
  }
  if (existsSync(join(options.folder, LOCAL_SETTINGS_FILE))) {
    const ignored = await git(['check-ignore', '--quiet', LOCAL_SETTINGS_FILE]);
    if (!ignored.ok)
      return { kind: 'initialised', reason: `git does not ignore ${LOCAL_SETTINGS_FILE}, which contains a secret` };
  }
  const existing = options.paths.filter(
    (path) => path !== LOCAL_SETTINGS_FILE && existsSync(join(options.folder, path)),
  );
  // Git refuses to add a path by name if the user's own rules ignore it. Respect these rules, as `git add .` does.
  const checked = await git(['check-ignore', '--stdin', '-z'], existing.join('\0'));
  const ignored = existing.filter((path) => checked.stdout.split('\0').includes(path));
  const paths = existing.filter((path) => !ignored.includes(path));
  if (paths.length === 0) return { kind: 'initialised', reason: 'git ignores every file of the project' };
  // Paths go through standard input, which has no length limit, and are not interpreted as patterns.
  const added = await git(
    ['--literal-pathspecs', 'add', '--pathspec-from-file=-', '--pathspec-file-nul'],
    paths.join('\0'),
  );
  if (!added.ok) return failed(added, true);
  // Signing could prompt for a passphrase that nobody sees, and hooks from the user's git template are not meant for this commit.
  const committed = await git([
    'commit',
    '--quiet',
    '--no-gpg-sign',
    '--no-verify',
    '-m',
    'Start from the worker template',
  ]);
  if (!committed.ok) return failed(committed, true);
  return { kind: 'committed', ...(ignored.length === 0 ? {} : { ignored }) };
}

const IDENTITY = [
  ['user.name', ['GIT_AUTHOR_NAME', 'GIT_COMMITTER_NAME']],
  ['user.email', ['GIT_AUTHOR_EMAIL', 'GIT_COMMITTER_EMAIL']],
] as const;

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
