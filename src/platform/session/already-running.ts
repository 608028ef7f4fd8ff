import { cliInvocation } from '../../base/cli-invocation.ts';
import { KnownError } from '../../base/errors.ts';
import { formatPathOption, killCommand } from '../../base/shell.ts';
import { stateFolder, type PlatformState } from '../state/running-state.ts';

/** Why a second local KuFlow does not start in the same state folder. `worker`: the command that starts the project's worker. */
export function alreadyRunningError(
  running: PlatformState,
  request: { readonly cwd: string; readonly stateDir?: string | undefined; readonly worker: string | undefined },
): KnownError {
  const command = cliInvocation(request.cwd);
  const stateOption = formatPathOption('--state-dir', request.stateDir);
  return new KnownError({
    message: `A local KuFlow is already running for this folder (pid ${running.pid})`,
    seen: `It serves ${running.processes.join(', ')} at ${running.endpoints.https}; its state is in ${stateFolder(request)}`,
    next: [
      `Start the worker: ${request.worker ?? `${command} dev exec${stateOption} -- <command>`}`,
      `Or open its console: ${command} dev open${stateOption}`,
      `Or stop it: press Ctrl-C in its terminal, or run ${killCommand(running.pid)}`,
      `Or run another one: ${command} dev --state-dir <folder>`,
    ],
  });
}
