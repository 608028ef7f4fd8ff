import { InvalidArgumentError, Option, type Command } from 'commander';

const LARGEST_LIMIT = 200;

/** Options of all commands that act as the user of the local KuFlow, as commander parses them. */
export interface LocalUserFlags {
  readonly stateDir?: string;
  readonly json?: boolean;
}

export function localUserOptions(command: Command): Command {
  return command
    .option('--state-dir <folder>', 'Folder for the state of the local KuFlow (default: .kuflow/dev)')
    .option('--json', 'Print the result as JSON');
}

export function limitOption(what: string): Option {
  return new Option('--limit <count>', `Show at most this many ${what}`).default(20).argParser((text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > LARGEST_LIMIT)
      throw new InvalidArgumentError(`Expected a whole number from 1 to ${LARGEST_LIMIT}.`);
    return value;
  });
}
