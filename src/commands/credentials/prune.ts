import { isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { nodeFileSystem } from '../../files/node-file-system.ts';
import { pruneSets, type PruneResult } from './store/prune.ts';

export interface CredentialsPruneRequest {
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly dryRun: boolean;
}

/** `kuflow credentials prune`: removes the sets that nothing refers to. */
export async function pruneCredentials(request: CredentialsPruneRequest): Promise<PruneResult> {
  const { cwd, env } = request;
  const temporal = temporalConfigFile(env, cwd);
  return await pruneSets({
    ...request,
    project: cwd,
    files: nodeFileSystem,
    alsoRead: temporal === undefined ? [] : [temporal],
  });
}

/**
 * Where Temporal tools look for their profiles: TEMPORAL_CONFIG_FILE, or `temporalio/temporal.toml` in the user's
 * configuration folder.
 */
function temporalConfigFile(env: CredentialsPruneRequest['env'], cwd: string): string | undefined {
  const file = env['TEMPORAL_CONFIG_FILE'] ?? '';
  if (file !== '') return resolve(cwd, file);
  const home = env['HOME'];
  const inHome = (...parts: readonly string[]): string | undefined =>
    home === undefined ? undefined : join(home, ...parts);
  const xdg = env['XDG_CONFIG_HOME'] ?? '';
  const folders: Readonly<Partial<Record<NodeJS.Platform, string | undefined>>> = {
    darwin: inHome('Library', 'Application Support'),
    win32: env['APPDATA'],
  };
  const folder = process.platform in folders ? folders[process.platform] : isAbsolute(xdg) ? xdg : inHome('.config');
  return folder === undefined ? undefined : join(folder, 'temporalio', 'temporal.toml');
}
