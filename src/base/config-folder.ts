import { isAbsolute, join } from 'node:path';

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
