import type { Command } from 'commander';

/** Adds the exit statuses to the help of a command, one per line. Call it before the examples are added. */
export function exitStatuses(command: Command, statuses: Readonly<Record<string, string>>): Command {
  const rows = Object.entries(statuses);
  const width = Math.max(...rows.map(([status]) => status.length));
  const lines = rows.map(([status, meaning]) => `  ${status.padEnd(width)}  ${meaning}`);
  return command.addHelpText('after', ['', 'Exit statuses:', ...lines].join('\n'));
}
