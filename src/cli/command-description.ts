import type { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';

/** A command and all below it as plain data: what completion and the pages of the docs are made from. */
export interface CommandDescription {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** What stands behind the name in its usage, e.g. `[options] <code>`. */
  readonly usage: string;
  readonly arguments: readonly ArgumentDescription[];
  /** Those that its help shows, in its order, `--help` among them. */
  readonly options: readonly OptionDescription[];
  /** Those that its help shows. */
  readonly commands: readonly CommandDescription[];
  /** What its help says at the end, examples for instance; empty when nothing. */
  readonly helpAfter: string;
  /** All behind its first argument belongs to the command that it runs. */
  readonly passThrough: boolean;
}

export interface ArgumentDescription {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly choices?: readonly string[];
}

export interface OptionDescription {
  /** As declared, e.g. `-V, --version` or `--sample <count>`. */
  readonly flags: string;
  readonly long?: string;
  readonly short?: string;
  readonly description: string;
  /** Heading of its group in the help, e.g. `The process:`; `Options:` without one. */
  readonly group: string;
  /** `none`: a switch. */
  readonly value: 'none' | 'required' | 'optional';
  /** Between the brackets of its flags, e.g. `count`. */
  readonly valueName?: string;
  readonly choices?: readonly string[];
  /** The value without the option, as its help shows it. */
  readonly default?: string;
  /** `--no-…`. */
  readonly negates: boolean;
  /** May be given again, or at least its value is parsed by code that may collect. */
  readonly repeatable: boolean;
}

/** What commander knows of a command, as its help shows it, all commands below it included. */
export function describeCommand(command: Command): CommandDescription {
  const help = command.createHelp();
  return {
    name: command.name(),
    summary: command.summary(),
    description: command.description(),
    usage: command.usage(),
    arguments: command.registeredArguments.map(describeArgument),
    options: help.visibleOptions(command).map(describeOption),
    commands: help.visibleCommands(command).map(describeCommand),
    helpAfter: readTextAfterHelp(command),
    // Commander has a way to set it and none to ask for it.
    passThrough: '_passThroughOptions' in command && command._passThroughOptions === true,
  };
}

function describeArgument(argument: Argument): ArgumentDescription {
  return {
    name: argument.name(),
    description: argument.description,
    required: argument.required,
    variadic: argument.variadic,
    ...(argument.argChoices === undefined ? {} : { choices: argument.argChoices }),
  };
}

function describeOption(option: Option): OptionDescription {
  const valueName = /[<[]([^>\]]+)[>\]]\s*$/.exec(option.flags)?.[1];
  const shownDefault = describeDefault(option);
  return {
    flags: option.flags,
    ...(option.long === undefined ? {} : { long: option.long }),
    ...(option.short === undefined ? {} : { short: option.short }),
    description: option.description,
    group: option.helpGroupHeading ?? 'Options:',
    value: option.required ? 'required' : option.optional ? 'optional' : 'none',
    ...(valueName === undefined ? {} : { valueName }),
    ...(option.argChoices === undefined ? {} : { choices: option.argChoices }),
    ...(shownDefault === undefined ? {} : { default: shownDefault }),
    negates: option.negate,
    repeatable: option.variadic || (option.parseArg !== undefined && option.argChoices === undefined),
  };
}

function describeDefault(option: Option): string | undefined {
  if (option.defaultValueDescription !== undefined) return option.defaultValueDescription;
  const value: unknown = option.defaultValue;
  const means = option.required || option.optional || (option.isBoolean() && typeof value === 'boolean');
  if (value === undefined || !means || option.negate || value === false) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

// Help texts are listeners that write: there is no other way to read them.
function readTextAfterHelp(command: Command): string {
  let text = '';
  const events = command as unknown as EventEmitter;
  events.emit('afterHelp', { error: false, command, write: (part: string) => (text += part) });
  return text.trim();
}
