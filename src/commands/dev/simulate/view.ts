import { escapeForTerminal } from '../../../base/escape.ts';
import { attachedLine, formatTimeline } from '../../../platform/session/view.ts';
import { palette } from '../../../terminal/palette.ts';
import { printSteps } from '../../../terminal/print-error.ts';
import type { Progress } from '../../../terminal/progress.ts';
import type { Channel } from '../../../terminal/terminal.ts';
import { wrapForChannel } from '../../../terminal/wrap.ts';
import type { SimulateResult, SimulateStep } from './simulation.ts';

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

/** Shows the steps of a simulation. `sharesTerminal`: the worker writes to the same terminal, so no line is redrawn while it runs. */
export function simulationReporter(
  progress: Progress,
  { sharesTerminal }: { readonly sharesTerminal: boolean },
): (step: SimulateStep) => void {
  const whileWorkerRuns = { live: !sharesTerminal };
  let running: 'worker' | 'process' | undefined;
  return (step) => {
    switch (step.kind) {
      case 'platform-ready':
        if (!step.owned) progress.note(attachedLine(step));
        break;
      case 'command-started':
        progress.begin(`Waiting for the worker to poll ${step.taskQueue}…`, whileWorkerRuns);
        running = 'worker';
        break;
      case 'command-polls':
        progress.end('done', `The worker polls ${step.taskQueue}`);
        running = undefined;
        break;
      case 'other-workers': {
        const { identities, taskQueue } = step;
        const who = identities.length === 1 ? 'Another worker polls' : `${identities.length} other workers poll`;
        progress.note(`${who} ${taskQueue} and may get tasks of this process: ${identities.join(', ')}`, 'warning');
        break;
      }
      case 'process-started':
        progress.begin(`Process ${step.code} ${step.processId}`, whileWorkerRuns);
        running = 'process';
        break;
      case 'task-completed':
        progress.detail(`completed ${step.code}`);
        break;
      case 'ended':
        // The error, which follows, says why.
        if (running === 'process') progress.end(step.status === 0 ? 'done' : step.status === 4 ? 'unknown' : 'skipped');
        else progress.stop();
        break;
      case 'stopping':
        progress.begin(STOPPING[step.what], step.what === 'platform' ? {} : whileWorkerRuns);
        break;
      case 'stopped':
        progress.end('done', STOPPED[step.what]);
    }
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
