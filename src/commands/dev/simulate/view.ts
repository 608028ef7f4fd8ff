import { escapeForTerminal } from '../../../base/escape.ts';
import type { ExitStatus } from '../../../base/exit-status.ts';
import { attachedLine, formatTimeline } from '../../../platform/session/event-view.ts';
import type { TimelineEntry } from '../../../platform/shared/dev-contract.ts';
import type { PlatformState } from '../../../platform/state/running-state.ts';
import { palette } from '../../../terminal/palette.ts';
import { printSteps } from '../../../terminal/print-error.ts';
import type { Progress } from '../../../terminal/progress.ts';
import type { Channel } from '../../../terminal/terminal.ts';
import { wrapForChannel } from '../../../terminal/wrap.ts';
import type { BlockedItem } from './simulation-failure.ts';

/** The result, and what `kuflow dev simulate --json` prints. */
export interface SimulateResult {
  /** 0: the process is COMPLETED with valid data. 1: it is stuck, or the command exited early. 4: timeout. 130: interrupted. */
  readonly status: ExitStatus;
  readonly code: string;
  /** Absent if no process was started. */
  readonly processId?: string;
  /** State when the simulation ended: RUNNING, COMPLETED or CANCELLED. A process that is RUNNING is canceled afterwards. */
  readonly processState?: string;
  /** One sentence; absent if status is 0. */
  readonly problem?: string;
  /** The process item that blocks the process, if there is one. */
  readonly item?: BlockedItem;
  /** Next steps, in the order to try them; absent if status is 0. */
  readonly next?: readonly string[];
  /** `{ time (ISO 8601), kind, processItemId?, code?, principal? (name), detail? }`, in order. */
  readonly timeline: readonly TimelineEntry[];
}

const STOPPING = {
  process: 'Canceling the process…',
  worker: 'Stopping the worker…',
  platform: 'Stopping the local KuFlow…',
} as const;

const STOPPED = {
  process: 'Canceled the process, which had not completed',
  worker: 'Stopped the worker',
  platform: 'Stopped the local KuFlow',
} as const;

export type SimulationView = ReturnType<typeof simulationView>;

/** Shows the steps of a simulation. `sharesTerminal`: the worker writes to the same terminal, so no line is redrawn while it runs. */
export function simulationView(progress: Progress, { sharesTerminal }: { readonly sharesTerminal: boolean }) {
  const whileWorkerRuns = { live: !sharesTerminal };
  let running: 'worker' | 'process' | undefined;
  return {
    attached: (state: Pick<PlatformState, 'pid' | 'endpoints'>): void => progress.note(attachedLine(state)),
    commandStarted: (taskQueue: string): void => {
      progress.begin(`Waiting for the worker to poll ${taskQueue}…`, whileWorkerRuns);
      running = 'worker';
    },
    commandPolls: (taskQueue: string): void => {
      progress.end('done', `The worker polls ${taskQueue}`);
      running = undefined;
    },
    /** Other workers poll the queue as well and may get tasks of the process. */
    otherWorkers: (taskQueue: string, identities: readonly string[]): void => {
      const who = identities.length === 1 ? 'Another worker polls' : `${identities.length} other workers poll`;
      progress.note(`${who} ${taskQueue} and may get tasks from this process: ${identities.join(', ')}`, 'warning');
    },
    processStarted: (code: string, processId: string): void => {
      progress.begin(`Process ${code} ${processId}`, whileWorkerRuns);
      running = 'process';
    },
    taskCompleted: (code: string): void => progress.detail(`completed ${code}`),
    /** The error, which follows, says why. */
    ended: (status: ExitStatus): void => {
      if (running === 'process') progress.end(status === 0 ? 'done' : status === 4 ? 'unknown' : 'skipped');
      else progress.stop();
    },
    /** A process that did not complete is canceled. */
    stopping: (what: keyof typeof STOPPING): void =>
      progress.begin(STOPPING[what], what === 'platform' ? {} : whileWorkerRuns),
    stopped: (what: keyof typeof STOPPED): void => progress.end('done', STOPPED[what]),
  };
}

/** Prints the result of a simulation: the timeline, one line with the outcome, and next steps. */
export function printSimulation(channel: Channel, result: SimulateResult): void {
  const colours = palette(channel);
  if (result.timeline.length > 0) {
    channel.line(`Timeline of ${escapeForTerminal(result.code)} ${result.processId ?? ''}`);
    for (const line of formatTimeline(result.timeline)) channel.line(line);
  }
  if (result.status === 0) {
    channel.line(`${colours.green(channel.marks.done)} ${escapeForTerminal(result.code)} is COMPLETED with valid data`);
    return;
  }
  const mark = result.status === 4 ? colours.yellow(channel.marks.unknown) : colours.red(channel.marks.failed);
  const problem = `${mark} ${escapeForTerminal(result.problem ?? 'The simulation failed', 2000)}`;
  channel.line(wrapForChannel(channel, problem));
  printSteps(channel, result.next ?? []);
}
