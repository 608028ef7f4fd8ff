import { escapeForTerminal } from '../base/escape.ts';
import type { NextStep } from './next-steps.ts';
import { palette } from '../terminal/palette.ts';
import type { Channel } from '../terminal/terminal.ts';
import { wrapText } from '../terminal/wrap.ts';

/**
 * What to do next, a step a line. On a terminal that is too narrow for a command and what it does, that stands below it. A command is
 * never cut or broken: half of one is another one.
 */
export function printNextSteps(channel: Channel, steps: readonly NextStep[]): void {
  const { cyan, dim } = palette(channel);
  const prose = (text: string): string => (channel.isTTY ? wrapText(text, channel.columns) : text);
  for (const { command, text } of steps) {
    const said = escapeForTerminal(text, 1000);
    if (command === undefined) {
      channel.line(prose(`  ${said}`));
      continue;
    }
    const typed = escapeForTerminal(command, Infinity);
    if (channel.isTTY && typed.length + said.length + 5 > channel.columns) {
      channel.line(`  ${cyan(typed)}`);
      channel.line(dim(prose(`      ${said}`)));
    } else channel.line(`  ${cyan(typed)}  ${dim(said)}`);
  }
}
