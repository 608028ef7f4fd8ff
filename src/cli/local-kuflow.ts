import type { LocalKuFlow } from '../connection/resolve.ts';
import { findProject } from '../process/find-project.ts';
import type { CommandContext } from './context.ts';

/**
 * The local KuFlow that runs for the project that contains the working directory, or for that directory. A line on stderr says that it is used,
 * once per command.
 */
export function localKuFlow(
  flags: { readonly local?: boolean | undefined },
  { cwd, terminal }: Pick<CommandContext, 'cwd' | 'terminal'>,
): LocalKuFlow {
  const folder = findProject(cwd) ?? cwd;
  const requested = flags.local === true;
  let isAnnounced = false;
  return {
    requested,
    find: async () => {
      const { findLocalSettings, requireLocalSettings } = await import('../platform/session/local-settings.ts');
      const found = requested ? await requireLocalSettings(folder, cwd) : await findLocalSettings(folder);
      if (found !== undefined && !isAnnounced) {
        terminal.err.line(`Using the local KuFlow${requested ? '' : ' (no connection is configured)'}`);
        isAnnounced = true;
      }
      return found;
    },
  };
}
