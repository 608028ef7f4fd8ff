import { execFile } from 'node:child_process';
import { basename, dirname } from 'node:path';
import type { GitVerdict } from '../doctor/doctor-input.ts';

const LIMIT_MS = 3_000;
// Set inside git hooks: they would turn our questions to the repository whose hook runs.
const NOT_FOR_CHILD = /^GIT_/;

interface Answer {
  /** Undefined when git is not there, or did not end. */
  readonly status?: number;
  readonly absent: boolean;
  readonly text: string;
}

/** What git makes of a file; it changes nothing and takes at most a few seconds. */
export async function gitVerdict(path: string, env: Readonly<Record<string, string | undefined>>): Promise<GitVerdict> {
  const ask = (args: readonly string[]): Promise<Answer> => git(args, dirname(path), env);
  const inside = await ask(['rev-parse', '--is-inside-work-tree']);
  if (inside.absent || inside.text.includes('not a git repository')) return 'none';
  if (inside.status !== 0) return 'unknown';
  const [tracked, ignored] = await Promise.all([
    ask(['--literal-pathspecs', 'ls-files', '--error-unmatch', '--', basename(path)]),
    ask(['check-ignore', '--quiet', '--', basename(path)]),
  ]);
  if (tracked.status === 0) return 'tracked';
  if (ignored.status === 0) return 'ignored';
  return tracked.status === 1 && ignored.status === 1 ? 'visible' : 'unknown';
}

function git(args: readonly string[], cwd: string, env: Readonly<Record<string, string | undefined>>): Promise<Answer> {
  const kept = Object.entries(env).filter(([name]) => !NOT_FOR_CHILD.test(name));
  const options = {
    cwd,
    env: { ...Object.fromEntries(kept), LC_ALL: 'C', GIT_TERMINAL_PROMPT: '0', GIT_OPTIONAL_LOCKS: '0' },
    timeout: LIMIT_MS,
    windowsHide: true,
  };
  return new Promise((resolve) => {
    // A repository may name a program that git runs for each question.
    execFile('git', ['-c', 'core.fsmonitor=false', ...args], options, (error, stdout, stderr) => {
      if (error === null) resolve({ status: 0, absent: false, text: stdout });
      else
        resolve({
          absent: error.code === 'ENOENT',
          text: stderr,
          ...(typeof error.code === 'number' && { status: error.code }),
        });
    });
  });
}
