import { escapeForTerminal } from '../../../base/escape.ts';
import { formatTimeline } from '../../../platform/session/event-view.ts';
import { palette } from '../../../terminal/palette.ts';
import { printSteps } from '../../../terminal/print-error.ts';
import type { Channel } from '../../../terminal/terminal.ts';
import { wrapForChannel } from '../../../terminal/wrap.ts';
import type { SimulateResult } from './simulation.ts';

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
