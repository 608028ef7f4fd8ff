import { KnownError } from '../base/errors.ts';
import { formatPathOption } from '../base/shell.ts';
import type { LocalKuFlow } from '../connection/resolve-connection.ts';
import { readRunningState, stateFolder, type PlatformState } from '../platform/state/running-state.ts';
import { findProject } from '../process/find-project.ts';
import type { CommandContext } from './context.ts';

/** Where a local KuFlow keeps its state: `--state-dir` as the user passed it, or the default folder in `cwd`. */
type LocalPlace = Parameters<typeof stateFolder>[0];

/** The local KuFlow that runs for the project here, or for this folder. A line on stderr says once that it is used. */
export function localKuFlow(
  flags: { readonly local?: boolean | undefined },
  context: Pick<CommandContext, 'cwd' | 'invocation' | 'terminal'>,
): LocalKuFlow {
  const folder = findProject(context.cwd) ?? context.cwd;
  const requested = flags.local === true;
  let isAnnounced = false;
  return {
    requested,
    find: async () => {
      const { findLocalSettings } = await import('../platform/session/local-settings.ts');
      const found = await findLocalSettings(folder);
      if (found === undefined && requested)
        throw await noLocalKuFlow({ cwd: folder }, context, [
          'If another connection is configured, leave out --local to use it',
        ]);
      if (found !== undefined && !isAnnounced) {
        context.terminal.err.line(`Using the local KuFlow${requested ? '' : ' (no connection is configured)'}`);
        isAnnounced = true;
      }
      return found;
    },
  };
}

/** The local KuFlow that runs there. Rejects with a KnownError of status 2 that says how to start it; `more`: other steps. */
export async function requireRunningPlatform(
  place: LocalPlace,
  context: Pick<CommandContext, 'cwd' | 'invocation'>,
  more: readonly string[] = [],
): Promise<PlatformState> {
  const running = await readRunningState(stateFolder(place));
  if (running !== undefined) return running;
  throw await noLocalKuFlow(place, context, [
    'If your local KuFlow uses another state folder, pass --state-dir <folder>',
    ...more,
  ]);
}

async function noLocalKuFlow(
  place: LocalPlace,
  { cwd, invocation }: Pick<CommandContext, 'cwd' | 'invocation'>,
  more: readonly string[],
): Promise<KnownError> {
  const { devCommand } = await import('../project/commands.ts');
  // The command of the project uses the default folder.
  const dev = place.stateDir === undefined ? await devCommand(cwd) : undefined;
  const start =
    dev === undefined
      ? `Start a local KuFlow in another terminal: ${invocation} dev${formatPathOption('--state-dir', place.stateDir)}`
      : `Start the local KuFlow and the worker in another terminal: ${dev}`;
  return new KnownError({
    message: 'No local KuFlow is running here',
    seen: `looked in ${stateFolder(place)}`,
    next: [
      ...(findProject(cwd) === undefined ? ['If you have a project, run the command in its folder'] : []),
      start,
      ...more,
    ],
    status: 2,
  });
}
