import { Argument, InvalidArgumentError, Option, type Command } from 'commander';
import { capitalize } from '../base/identifiers.ts';
import { formatAlternatives } from '../base/near-match.ts';
import type { ConnectionFlags } from '../connection/flags.ts';
import { CONNECTION_OPTIONS, connectionOptions, localOption, WHICH_TENANT } from './connection-options.ts';
import { completedOption, withCandidates } from './value-candidates.ts';
import { collectValues, jsonOption, wholeNumber } from './declarations.ts';

const LARGEST_LIMIT = 200;

export interface SessionFlags extends ConnectionFlags {
  readonly local?: boolean;
  readonly stateDir?: string;
  readonly json?: boolean;
}

export function sessionOptions(command: Command): Command {
  return connectionOptions(command, { tenant: WHICH_TENANT, local: true })
    .optionsGroup(CONNECTION_OPTIONS)
    .addOption(stateDirOption())
    .optionsGroup('')
    .addOption(jsonOption());
}

export interface ChangeFlags extends SessionFlags {
  readonly as?: string;
  readonly yes?: boolean;
}

export function changeOptions(command: Command): Command {
  return sessionOptions(
    command.addOption(actAsOption()).option('-y, --yes', 'Confirm the change; required on your tenant'),
  );
}

/** The options of commands that change something only the local KuFlow can change. */
export function localChangeOptions(command: Command): Command {
  return command
    .addOption(actAsOption())
    .optionsGroup(CONNECTION_OPTIONS)
    .addOption(localOption())
    .addOption(stateDirOption())
    .optionsGroup('')
    .addOption(jsonOption());
}

/** `--set`. `whose`: what has the property. */
export const setOption = (whose: string): Option =>
  collectValues(
    '--set <name=value>',
    `Set one property of the ${whose} (repeatable). If the schema declares the property as a string, the value is kept as text; otherwise, it is parsed as JSON if possible`,
  );

export function dataOptions(command: Command, what: 'data' | 'metadata', allowInvalid: string): Command {
  return command
    .option(`--${what} <file>`, `YAML or JSON file that contains the ${what}; use - for standard input`)
    .addOption(setOption(what))
    .option('--fake', `Fill in valid example ${what} (local KuFlow only)`)
    .option('--allow-invalid', allowInvalid);
}

const actAsOption = (): Option =>
  completedOption('--as <email>', 'Act as this user of the local KuFlow (default: the first user)', 'users');

export const stateDirOption = (): Option =>
  new Option('--state-dir <folder>', "Folder for the local KuFlow's state (default: .kuflow/dev)");

export function limitOption(what: string): Option {
  return new Option('--limit <count>', `Show at most this many ${what}`)
    .default(20)
    .argParser(wholeNumber(1, LARGEST_LIMIT));
}

/** Says that a list has more than `--limit` shows; undefined if it is complete. */
export function limitNote(shown: number, total: number): string | undefined {
  return total > shown ? `Showing the newest ${shown} of ${total}. For more, pass --limit <count>` : undefined;
}

/** The argument for the ID of a process or task. Completion offers the newest ones: all, or only the running or open ones. */
export function idArgument(what: 'process' | 'task', offered: 'all' | 'active' = 'all'): Argument {
  const sources = { process: ['process-ids', 'running-process-ids'], task: ['task-ids', 'open-task-ids'] } as const;
  const [all, active] = sources[what];
  return withCandidates(plainIdArgument(what), offered === 'all' ? all : active);
}

/** The argument for an ID that completion does not know. */
export function plainIdArgument(what: 'process' | 'task' | 'event'): Argument {
  const code = what === 'task' ? ', the task code (if only one open task has it)' : '';
  return new Argument('<id>', `${capitalize(what)} ID (at least the last 6 characters)${code}, or latest`);
}

const STATES = {
  process: ['RUNNING', 'COMPLETED', 'CANCELLED'],
  task: ['READY', 'CLAIMED', 'COMPLETED', 'CANCELLED'],
} as const;

/** `--state`, repeatable, parsed as states of KuFlow. Completion offers the states. `defaultState`: the state without the option, if there is one. */
export function stateOption(what: keyof typeof STATES, plural: string, defaultState?: string): Option {
  const states = STATES[what].map(stateOnCommandLine);
  const notes = ['repeatable', ...(defaultState === undefined ? [] : [`default: ${defaultState}`])].join('; ');
  return withCandidates(
    collectValues(
      '--state <state>',
      `Include only ${plural} in this state: ${formatAlternatives(states)} (${notes})`,
      (text) => readState(text, STATES[what]),
    ),
    states,
  );
}

/** A state as commands write it: KuFlow's CANCELLED is canceled. */
export const stateOnCommandLine = (state: string): string => state.toLowerCase().replace('cancelled', 'canceled');

/** The state of KuFlow that a person wrote, in any case. */
function readState(text: string, states: readonly string[]): string {
  const state = states.find((known) => stateOnCommandLine(known) === stateOnCommandLine(text));
  if (state === undefined) throw new InvalidArgumentError(formatAlternatives(states.map(stateOnCommandLine)));
  return state;
}
