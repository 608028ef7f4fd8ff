import { InvalidArgumentError, Option, type Command } from 'commander';
import { usageError } from '../base/errors.ts';

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

/** Options of commands that change something. */
export interface ActingFlags {
  readonly as?: string;
}

export function actingOptions(command: Command): Command {
  return localUserOptions(command.option('--as <email>', 'Act as this user of the local KuFlow'));
}

export function limitOption(what: string): Option {
  return new Option('--limit <count>', `Show at most this many ${what}`).default(20).argParser((text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > LARGEST_LIMIT)
      throw new InvalidArgumentError(`Expected a whole number from 1 to ${LARGEST_LIMIT}.`);
    return value;
  });
}

/** The description of the argument for the ID of a process or task. */
export const idDescription = (what: 'process' | 'task'): string =>
  `ID of the ${what}, the last 6 or more characters of it, or latest`;

/** The state that a person wrote in any case. Throws a usage error that lists the states. */
export function parseState<State extends string>(
  text: string,
  what: 'process' | 'task',
  states: readonly State[],
): State {
  const state = states.find((known) => known === text.toUpperCase());
  if (state === undefined)
    throw usageError(`${text} is not a state of a ${what}`, [`States: ${states.join(', ').toLowerCase()}`]);
  return state;
}
