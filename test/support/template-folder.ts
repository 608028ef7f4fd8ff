import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Writes files (by path) to a folder. Null removes a file. */
export function writeTree(folder: string, files: Readonly<Record<string, string | Uint8Array | null>>): string {
  for (const [path, contents] of Object.entries(files)) {
    const at = join(folder, path);
    mkdirSync(dirname(at), { recursive: true });
    if (contents === null) rmSync(at);
    else writeFileSync(at, contents);
  }
  return folder;
}

const IDENTITY = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];

/** Runs git in a folder. The configuration of the machine is not used. */
export function runGit(folder: string, ...args: readonly string[]): string {
  return execFileSync('git', [...IDENTITY, '-c', 'init.defaultBranch=main', ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

/** Commits everything in a folder, which becomes a repository if it is not one. Returns the ID of the commit. */
export function commitAll(folder: string, tag?: string): string {
  runGit(folder, 'init', '--quiet');
  runGit(folder, 'add', '--all', '--force');
  runGit(folder, 'commit', '--quiet', '--no-verify', '-m', 'Change');
  if (tag !== undefined) runGit(folder, 'tag', tag);
  return runGit(folder, 'rev-parse', 'HEAD');
}
