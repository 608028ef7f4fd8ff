import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

const LIMIT_MS = 10_000;
const STATUS_LIMIT_MS = 30_000;
/** A status lists every file that is not tracked. */
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
const HOOK_VARIABLES = /^GIT_(?:DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|COMMON_DIR|PREFIX)$/;

/** An environment without the variables that git sets for its hooks. They would make every git call use the repository of the hook. */
export function gitEnvironment(env: Environment): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !HOOK_VARIABLES.test(name)));
}

/** How git sees a file. `none`: no repository, or git is not installed. `unknown`: git failed. */
export type GitState =
  | { readonly kind: 'none' }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'tracked' }
  /** `line`: what to add to the `.gitignore` next to the file. */
  | { readonly kind: 'visible'; readonly line: string }
  | { readonly kind: 'unknown'; readonly why: string };

/** Asks git about a file in an existing folder; the file may not exist yet. Runs up to three read-only git commands, each for at most `limitMs`. */
export async function readGitState(path: string, env: Environment, limitMs = LIMIT_MS): Promise<GitState> {
  const name = basename(path);
  const git = (args: readonly string[]): Promise<GitAnswer> => askGit(args, dirname(path), env, { limitMs });
  const inside = await git(['rev-parse', '--is-inside-work-tree']);
  if (inside.kind === 'absent' || inside.text.includes('not a git repository')) return { kind: 'none' };
  if (inside.kind === 'failed') return { kind: 'unknown', why: firstLine(inside.text) };
  // Inside `.git` itself.
  if (inside.text.trim() !== 'true') return { kind: 'none' };
  const tracked = await git(['--literal-pathspecs', 'ls-files', '--error-unmatch', '--', name]);
  if (tracked.kind === 'answer') return { kind: 'tracked' };
  if (tracked.kind === 'absent' || tracked.status !== 1) return { kind: 'unknown', why: firstLine(tracked.text) };
  const ignored = await git(['check-ignore', '--quiet', '--', name]);
  if (ignored.kind === 'answer') return { kind: 'ignored' };
  if (ignored.kind === 'absent' || ignored.status !== 1) return { kind: 'unknown', why: firstLine(ignored.text) };
  return { kind: 'visible', line: `/${name.replace(/[\\*?[\]]|^[!#]|\s$/g, '\\$&')}` };
}

/** What to do about a missing file: restore it from the last commit, if that contains it; otherwise undefined. */
export async function restoreStep(folder: string, file: string, env: Environment): Promise<string | undefined> {
  const path = join(folder, file);
  const inHead = await askGit(['cat-file', '-e', `HEAD:./${basename(path)}`], dirname(path), env);
  return inHead.kind === 'answer' ? `Restore it from the last commit: git checkout HEAD -- ${file}` : undefined;
}

/** Whether the branches of an unfinished merge conflict in the file. False without a repository, and if git fails. */
export async function isUnmerged(path: string, env: Environment): Promise<boolean> {
  const args = ['--literal-pathspecs', 'ls-files', '--unmerged', '--', basename(path)];
  const answer = await askGit(args, dirname(path), env);
  return answer.kind === 'answer' && answer.text !== '';
}

/** Whether git ignores an existing folder as a whole, with all its files. False without a repository, and if git fails. */
export async function isIgnoredFolder(folder: string, env: Environment): Promise<boolean> {
  // Nothing ignores the top of a repository; one around it may ignore the folder.
  if (existsSync(join(folder, '.git'))) return false;
  // By its name: git takes an empty line with a Windows line end for a rule that matches `.` in any folder.
  const { dir, base } = parse(await realpath(folder).catch(() => folder));
  return (await askGit(['check-ignore', '--quiet', '--', `./${base}`], dir, env)).kind === 'answer';
}

/** Those of the paths, relative to `folder`, that git ignores. None without a repository, if git fails, or if it ignores the folder. */
export async function readIgnored(
  folder: string,
  paths: readonly string[],
  env: Environment,
): Promise<readonly string[]> {
  if (paths.length === 0 || (await isIgnoredFolder(folder, env))) return [];
  const answer = await askGit(['check-ignore', '--stdin', '-z'], folder, env, { input: paths.join('\0') });
  return listedPaths(answer);
}

function listedPaths(answer: GitAnswer): readonly string[] {
  return answer.kind === 'answer' ? answer.text.split('\0').filter((path) => path !== '') : [];
}

/** Those of the paths, relative to `folder`, that git tracks, or neither tracks nor ignores. Empty without a repository or if git fails. */
export async function listFilesInGit(
  kind: 'tracked' | 'untracked',
  folder: string,
  paths: readonly string[],
  env: Environment,
): Promise<readonly string[]> {
  if (paths.length === 0) return [];
  const options = kind === 'tracked' ? [] : ['--others', '--exclude-standard'];
  const args = ['--literal-pathspecs', 'ls-files', '-z', ...options, '--', ...paths];
  return listedPaths(await askGit(args, folder, env));
}

/** The state of the files in a folder for git, without ignored files. */
export type WorkTree =
  /** No repository, or git is not installed. */
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly why: string }
  | {
      readonly kind: 'work-tree';
      /** Paths relative to the top of the repository that differ from the last commit, or are not tracked. */
      readonly changed: readonly string[];
      /** The path of the folder from the top of the repository, with `/` at the end; empty for the top. */
      readonly prefix: string;
      /** What is not finished, such as `merge`. */
      readonly unfinished: 'merge' | 'am' | 'rebase' | 'cherry-pick' | 'revert' | undefined;
    };

const UNFINISHED = {
  merge: ['MERGE_HEAD'],
  am: ['rebase-apply/applying'],
  rebase: ['rebase-merge', 'rebase-apply'],
  'cherry-pick': ['CHERRY_PICK_HEAD'],
  revert: ['REVERT_HEAD'],
} as const;

/** Asks git which files below `folder` changed, and which of the `others`: paths relative to the folder, which lead out of it. */
export async function readWorkTree(
  folder: string,
  env: Environment,
  others: readonly string[] = [],
): Promise<WorkTree> {
  const git = (args: readonly string[]): Promise<GitAnswer> => askGit(args, folder, env, { limitMs: STATUS_LIMIT_MS });
  const inside = await git(['rev-parse', '--is-inside-work-tree', '--show-prefix', '--absolute-git-dir']);
  if (inside.kind === 'absent' || inside.text.includes('not a git repository')) return { kind: 'none' };
  if (inside.kind === 'failed') return { kind: 'unknown', why: firstLine(inside.text) };
  const [isInside = '', prefix = '', gitFolder = ''] = inside.text.split('\n');
  if (isInside !== 'true') return { kind: 'none' };
  if (await isIgnoredFolder(folder, env)) return { kind: 'none' };
  const statusOf = (paths: readonly string[]): Promise<GitAnswer> =>
    git([
      ...['--literal-pathspecs', 'status', '--porcelain', '-z', '--no-renames', '--untracked-files=all'],
      ...['--', ...paths],
    ]);
  const all = await statusOf(['.', ...others]);
  // Git fails for a path outside the repository.
  const status = all.kind === 'failed' && others.length > 0 ? await statusOf(['.']) : all;
  if (status.kind !== 'answer') return { kind: 'unknown', why: firstLine(status.text) };
  const steps = Object.keys(UNFINISHED) as readonly (keyof typeof UNFINISHED)[];
  return {
    kind: 'work-tree',
    changed: listedPaths(status).map((entry) => entry.slice(3)),
    prefix,
    unfinished: steps.find((step) => UNFINISHED[step].some((name) => existsSync(join(gitFolder, name)))),
  };
}

/** `absent`: git is not installed. */
export type GitAnswer =
  | { readonly kind: 'answer'; readonly text: string }
  | { readonly kind: 'failed'; readonly text: string; readonly status?: number | undefined }
  | { readonly kind: 'absent'; readonly text: string };

interface CallOptions {
  readonly limitMs?: number;
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
}

async function askGit(
  args: readonly string[],
  folder: string,
  env: Environment,
  options?: CallOptions,
): Promise<GitAnswer> {
  if (!isInRepository(folder)) return { kind: 'failed', text: 'not a git repository', status: 128 };
  return runGit(args, folder, env, options);
}

/** Runs a git command in a folder, without prompts. Never rejects. */
export function runGit(
  args: readonly string[],
  cwd: string,
  env: Environment,
  { limitMs: timeout = LIMIT_MS, input = '', signal }: CallOptions = {},
): Promise<GitAnswer> {
  const options = {
    cwd,
    env: { ...gitEnvironment(env), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' },
    timeout,
    windowsHide: true,
    maxBuffer: MAX_OUTPUT_BYTES,
  };
  return new Promise((resolve) => {
    // A repository can configure a program that git runs on many commands.
    const child = execFile('git', ['-c', 'core.fsmonitor=false', ...args], options, (error, stdout, stderr) => {
      signal?.removeEventListener('abort', stop);
      if (error === null) resolve({ kind: 'answer', text: stdout });
      else if (error.code === 'ENOENT') resolve({ kind: 'absent', text: '' });
      else {
        const text = `${stdout}${stderr}`.trim() || `git ${args[0] ?? ''} did not answer`;
        resolve({ kind: 'failed', text, status: typeof error.code === 'number' ? error.code : undefined });
      }
    });
    // Not with the option of execFile, which does not wait for the end of the process.
    const stop = (): boolean => child.kill();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted === true) stop();
    // Git may end before it read everything.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });
}

/** Looks for the repository as git does, without the time that git takes to start. True if the folder cannot be read: then git gives the reason. */
function isInRepository(folder: string): boolean {
  try {
    for (let at = realpathSync(folder); ; at = dirname(at)) {
      if (existsSync(join(at, '.git'))) return true;
      if (at === dirname(at)) return false;
    }
  } catch {
    return true;
  }
}

export function firstLine(text: string): string {
  return text.trim().split('\n')[0] ?? '';
}
