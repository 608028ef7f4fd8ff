import { isAbsolute, join } from 'node:path';

/** A path as a shell reads it that expands `~` and `~/…`, where none did: typed into a prompt, in quotes, or on Windows. As it is where `env` names no home. */
export function expandHome(path: string, env: Readonly<Record<string, string | undefined>>): string {
  const below = /^~(?:$|\/|\\)/.test(path) ? path.slice(2) : undefined;
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  return below === undefined || !isAbsolute(home) ? path : join(home, below);
}

/** Why a path that begins with `~` is not looked for in this folder, or undefined. To be asked after `expandHome`. */
export function homeProblem(path: string): string | undefined {
  return path.startsWith('~')
    ? "It begins with another person's home folder: write the whole path, or ./ before it"
    : undefined;
}
