import type { ExitStatus } from '../../../base/exit-status.ts';
import { attachedLine } from '../../../platform/session/event-view.ts';
import type { PlatformState } from '../../../platform/state/state-file.ts';
import type { Progress } from '../../../terminal/progress.ts';

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
      progress.note(`${who} ${taskQueue} and may get tasks of this process: ${identities.join(', ')}`, 'warning');
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
