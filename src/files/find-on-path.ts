import { basename, dirname } from 'node:path';
import which from 'which';

/** Finds a program on the PATH of `env`, on Windows with the extensions of PATHEXT. Undefined if it is not there. */
export function findOnPath(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const path = env['PATH'] ?? env['Path'] ?? '';
  if (path === '') return undefined;
  const paths = which.sync(program, { path, all: true, nothrow: true }) ?? [];
  // On Windows the current folder is searched too. A program that happens to be there must not be run.
  return paths.find((candidate) => dirname(candidate) !== process.cwd());
}

/** Whether a run failed because its program is not on the PATH. On Windows, execa then runs cmd.exe, which exits with status 1. */
export function isNotInstalled(
  program: string,
  env: NodeJS.ProcessEnv,
  { code, exitCode }: { readonly code?: string | undefined; readonly exitCode?: number | undefined },
  platform: NodeJS.Platform = process.platform,
): boolean {
  if (code === 'ENOENT') return true;
  const isName = basename(program) === program;
  return platform === 'win32' && exitCode === 1 && isName && findOnPath(program, env) === undefined;
}
