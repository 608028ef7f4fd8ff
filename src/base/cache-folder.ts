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
