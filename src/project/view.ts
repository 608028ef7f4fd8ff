import { escapeForTerminal } from '../base/escape.ts';
import { palette } from '../terminal/palette.ts';
import type { Channel } from '../terminal/terminal.ts';
import { wrapForChannel } from '../terminal/wrap.ts';
import type { JournalRecovery } from './edit/journal.ts';
import { recoveryText } from './edit/recover-project.ts';
import type { NextStep } from './next-steps.ts';

const MAX_ALIGNED_COMMAND = 40;

/** Prints what became of an earlier change of the project that was interrupted. */
export function recoveryPrinter(channel: Channel): (recovery: JournalRecovery) => void {
  const { yellow } = palette(channel);
  return (recovery) =>
    channel.line(wrapForChannel(channel, `${yellow('!')} ${escapeForTerminal(recoveryText(recovery), Infinity)}`));
}

/**
 * Prints the next steps, one per line, with aligned descriptions. If a terminal is too narrow for a command and its description, the
 * description goes on the next line. Commands are never cut or wrapped, so that they can be copied.
 */
export function printNextSteps(channel: Channel, steps: readonly NextStep[]): void {
  const { cyan, dim } = palette(channel);
  const wrap = (text: string): string => wrapForChannel(channel, text);
  const rows = steps.map(({ command, text }) => ({
    command: command === undefined ? undefined : escapeForTerminal(command, Infinity),
    text: escapeForTerminal(text, 1000),
  }));
  const lengths = rows.map(({ command }) => command?.length ?? 0);
  const width = Math.max(...lengths.filter((length) => length <= MAX_ALIGNED_COMMAND), 0);
  for (const { command, text } of rows) {
    if (command === undefined) channel.line(wrap(`  ${text}`));
    else {
      const padding = ' '.repeat(Math.max(width - command.length, 0));
      if (channel.isTTY && command.length + padding.length + text.length + 5 > channel.columns) {
        channel.line(`  ${cyan(command)}`);
        channel.line(dim(wrap(`      ${text}`)));
      } else channel.line(`  ${cyan(command)}${padding}  ${dim(text)}`);
    }
  }
}
