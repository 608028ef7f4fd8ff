import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The cache folder of the user, shared by all projects, for files that can be downloaded or created again. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'kuflow');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'kuflow');
  if (process.platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'kuflow', 'Cache');
  return join(homedir(), '.cache', 'kuflow');
}

/**
 * The configuration folder of the user. Undefined if the environment does not have a home folder. Reads only `env`, so that a run with
 * another environment never uses the files of the current user.
 */
export function configFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const absolute = (name: string): string | undefined => {
    const value = env[name];
    return value !== undefined && isAbsolute(value) ? value : undefined;
  };
  const xdg = absolute('XDG_CONFIG_HOME');
  if (xdg !== undefined) return join(xdg, 'kuflow');
  if (platform === 'win32') {
    const roaming = absolute('APPDATA');
    return roaming === undefined ? undefined : join(roaming, 'kuflow');
  }
  const home = absolute('HOME');
  if (home === undefined) return undefined;
  return platform === 'darwin'
    ? join(home, 'Library', 'Application Support', 'kuflow')
    : join(home, '.config', 'kuflow');
}

/** Expands `~` and `~/…` where no shell did: in prompts, in quotes and on Windows. Returns the path unchanged if `env` does not have a home folder. */
export function expandHome(path: string, env: Readonly<Record<string, string | undefined>>): string {
  const below = /^~(?:$|\/|\\)/.test(path) ? path.slice(2) : undefined;
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  return below === undefined || !isAbsolute(home) ? path : join(home, below);
}

/** Why a path, after `expandHome`, cannot be meant as a folder: it is a URL, or starts with the home folder of another user. */
export function pathSyntaxProblem(path: string): string | undefined {
  if (/^(?:[a-z][a-z0-9+.-]+:\/\/|git@[^/]+:)/i.test(path)) return 'This is a URL, not a folder';
  return path.startsWith('~')
    ? '`~` followed by a user name is not supported: write the full path, or start it with ./'
    : undefined;
}
