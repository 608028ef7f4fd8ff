import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { gitEnvironment } from '../files/git.ts';
import { LOCAL_SETTINGS_FILE } from '../settings/keys.ts';

export type GitResult =
  | {
      readonly kind: 'committed';
      /** Paths that the person's own rules ignore, so that they are not in it; absent when there are none. */
      readonly ignored?: readonly string[];
    }
  /** A repository was made, the first commit was not. */
  | { readonly kind: 'initialised'; readonly reason: string }
  | { readonly kind: 'skipped'; readonly reason: string }
  | {
      readonly kind: 'failed';
      readonly command: string;
      readonly output: string;
      /** Whether the repository is there, so that only its first commit is left. */
      readonly made: boolean;
    };

export interface GitOptions {
  readonly folder: string;
  /** Paths to commit, relative to the folder; absent ones are left out. */
  readonly paths: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/** The reason of what was left out when the user stopped it. */
export const INTERRUPTED = 'interrupted';

interface GitCall {
  readonly ok: boolean;
  readonly missing: boolean;
  readonly command: string;
  readonly stdout: string;
  readonly output: string;
}

/**
 * Makes a repository with a first commit of `paths`, unless the folder is inside one already. Nothing here fails the creation of a
 * project: what was not done is said with its reason. Never commits a file that git does not ignore although it holds the secret.
 */
export async function startRepository(options: GitOptions): Promise<GitResult> {
  const result = await initAndCommit(options);
  if (options.signal?.aborted !== true || result.kind === 'committed' || result.kind === 'skipped') return result;
  // What a command said that was ended is no finding.
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
      missing: result.code === 'ENOENT',
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
      reason: own ? 'the folder is one already' : `the folder is inside the repository ${inside.stdout}`,
    };
  }
  // A repository that git refuses to read (another owner, a broken file) is still one.
  if (!inside.output.includes('not a git repository')) return { kind: 'skipped', reason: firstLine(inside.output) };

  const named = await git(['config', 'init.defaultBranch']);
  const made = await git([...(named.ok ? [] : ['-c', 'init.defaultBranch=main']), 'init', '--quiet']);
  if (!made.ok) return failed(made, false);
  for (const [key, variables] of IDENTITY) {
    if (variables.every((variable) => (env[variable] ?? '') !== '')) continue;
    const set = await git(['config', key]);
    if (!set.ok || set.stdout.trim() === '') return { kind: 'initialised', reason: `git's ${key} is not set` };
  }
  if (existsSync(join(options.folder, LOCAL_SETTINGS_FILE))) {
    const ignored = await git(['check-ignore', '--quiet', LOCAL_SETTINGS_FILE]);
    if (!ignored.ok)
      return { kind: 'initialised', reason: `git does not ignore ${LOCAL_SETTINGS_FILE}, which holds a secret` };
  }
  const found = options.paths.filter((path) => path !== LOCAL_SETTINGS_FILE && existsSync(join(options.folder, path)));
  // Git refuses to add a path by name that rules of the person's own ignore. They stand, as they do for `git add .`.
  const ruled = await git(['check-ignore', '--stdin', '-z'], found.join('\0'));
  const ignored = found.filter((path) => ruled.stdout.split('\0').includes(path));
  const paths = found.filter((path) => !ignored.includes(path));
  if (paths.length === 0) return { kind: 'initialised', reason: 'git ignores every file of the project' };
  // By standard input: a long list is no problem there, and no path is taken for a pattern.
  const added = await git(
    ['--literal-pathspecs', 'add', '--pathspec-from-file=-', '--pathspec-file-nul'],
    paths.join('\0'),
  );
  if (!added.ok) return failed(added, true);
  // A signature could ask for a passphrase that nobody sees; a template's hooks know nothing of this project.
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
