import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** The folder for what all projects of a user share and what can be got again. */
export function cacheFolder(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg !== undefined && isAbsolute(xdg)) return join(xdg, 'kuflow');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'kuflow');
  if (process.platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(homedir(), 'AppData', 'Local'), 'kuflow', 'Cache');
  return join(homedir(), '.cache', 'kuflow');
}

/**
 * The folder for what a user told this tool and what can't be got again; undefined where the environment names no home. Only the environment
 * given is looked at, so that nothing of the user who runs it gets into a run with another one.
 */
export function configFolder(
  env: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const named = (name: string): string | undefined => {
    const value = env[name];
    return value !== undefined && isAbsolute(value) ? value : undefined;
  };
  const xdg = named('XDG_CONFIG_HOME');
  if (xdg !== undefined) return join(xdg, 'kuflow');
  if (platform === 'win32') {
    const roaming = named('APPDATA');
    return roaming === undefined ? undefined : join(roaming, 'kuflow');
  }
  const home = named('HOME');
  if (home === undefined) return undefined;
  return platform === 'darwin'
    ? join(home, 'Library', 'Application Support', 'kuflow')
    : join(home, '.config', 'kuflow');
}

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
