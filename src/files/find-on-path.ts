import { dirname } from 'node:path';
import which from 'which';

/** Finds a program on the PATH of `env`, on Windows with the extensions of PATHEXT. Undefined if it is not there. */
export function findOnPath(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const path = env['PATH'] ?? env['Path'] ?? '';
  if (path === '') return undefined;
  const paths = which.sync(program, { path, all: true, nothrow: true }) ?? [];
  // On Windows the current folder is searched too. A program that happens to be there must not be run.
  return paths.find((candidate) => dirname(candidate) !== process.cwd());
}
