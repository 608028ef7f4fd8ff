import { formatPathOption, shellWord } from '../../base/shell.ts';
import { pageAddress } from '../console/page-address.ts';
import type { PlatformState } from '../state/running-state.ts';
import { formatTable } from '../../terminal/table.ts';

/** The line on stdout that says that everything is ready. Programs parse it. */
export function readyLine(state: PlatformState): string {
  return `kuflow dev is ready: REST ${state.endpoints.https} and ${state.endpoints.http}, engine ${state.endpoints.engine}`;
}

export interface ReadyHintsOptions {
  /** `--state-dir` as the user passed it. */
  readonly stateDir?: string | undefined;
  /** Whether this program only runs the platform, or also a command, such as a worker. */
  readonly runs: 'platform' | 'command';
  readonly start: string;
  /** The commands of the project that run its worker, and one process, on this platform, if there is a project. */
  readonly dev?: string | undefined;
  readonly smoke?: string | undefined;
  /** Whether to print the address of the console that signs the user in. Only for a terminal, since logs are read by others. */
  readonly showToken: boolean;
}

/** Next steps for a platform that is ready. `invocation` is how this program is called. */
export function readyHints(
  state: Pick<PlatformState, 'processes' | 'endpoints' | 'user' | 'taskQueues'>,
  invocation: string,
  { stateDir, runs, start, dev, smoke, showToken }: ReadyHintsOptions,
): readonly string[] {
  const stateOption = formatPathOption('--state-dir', stateDir);
  const [first = '', ...others] = state.processes;
  const code = others.length === 0 ? '' : ` ${shellWord(first)}`;
  // Processes with a webhook do not have a worker.
  const hasWorker = Object.keys(state.taskQueues).length > 0;
  const startWorker = hasWorker
    ? ['start worker', dev ?? execCommand(invocation, stateDir, start)]
    : ['start receiver', execCommand(invocation, stateDir, '<your program>')];
  const tryIt = hasWorker
    ? (smoke ?? `${invocation} dev simulate${code}${stateOption} -- ${start}`)
    : `${invocation} process start ${shellWord(first)}${stateOption}`;
  return formatTable(
    [
      [
        'console',
        showToken ? pageAddress(state, { token: state.user.token.reveal() }) : `${invocation} dev open${stateOption}`,
      ],
      ['processes', state.processes.join(', ')],
      ...(runs === 'platform' ? [startWorker] : []),
      ['settings', `${invocation} dev env${stateOption}`],
      ...(state.endpoints.temporalUi === undefined ? [] : [["Temporal's UI", state.endpoints.temporalUi]]),
      ['run a process', tryIt],
      ['stop', 'Ctrl-C'],
    ],
    '  ',
    Infinity,
  );
}

/** Runs a command with the environment of the local KuFlow. `stateDir`: as the user passed it. */
export const execCommand = (invocation: string, stateDir: string | undefined, command: string): string =>
  `${invocation} dev exec${formatPathOption('--state-dir', stateDir)} -- ${command}`;
