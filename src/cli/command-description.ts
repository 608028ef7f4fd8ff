import type { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';
import { declaredCandidates, type ValueCandidates } from './value-candidates.ts';

/** A command and its subcommands as plain data, for completion and the pages of the docs. */
export interface CommandDescription {
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** The usage without the name, e.g. `[options] <code>`. */
  readonly usage: string;
  readonly arguments: readonly ArgumentDescription[];
  /** Visible options in the order of the help, including `--help`. */
  readonly options: readonly OptionDescription[];
  /** Options that work, but that the help does not list. */
  readonly unlistedOptions: readonly OptionDescription[];
  /** Visible subcommands. */
  readonly commands: readonly CommandDescription[];
  /** Text after the help, e.g. examples; may be empty. */
  readonly helpAfter: string;
  /** Everything after the first argument belongs to the command that this one runs. */
  readonly passThrough: boolean;
}

export interface ArgumentDescription {
  readonly name: string;
  readonly description: string;
  readonly required: boolean;
  readonly variadic: boolean;
  readonly choices?: readonly string[];
  /** What completion offers, if it is declared. */
  readonly candidates?: ValueCandidates;
}

export interface OptionDescription {
  /** As declared, e.g. `-v, --version` or `--sample <count>`. */
  readonly flags: string;
  readonly long?: string;
  readonly short?: string;
  readonly description: string;
  /** Heading of its group in the help, e.g. `The process:`; `Options:` by default. */
  readonly group: string;
  /** `none`: a boolean flag. */
  readonly value: 'none' | 'required' | 'optional';
  /** The name in the angle brackets of its flags, e.g. `count`. */
  readonly valueName?: string;
  readonly choices?: readonly string[];
  /** What completion offers, if it is declared. */
  readonly candidates?: ValueCandidates;
  /** The default value, as its help shows it. */
  readonly default?: string;
  /** `--no-…`. */
  readonly negates: boolean;
  /** Can be repeated, or has a parser that may collect values. */
  readonly repeatable: boolean;
}

/** Describes a command and its subcommands as its help shows them. */
export function describeCommand(command: Command): CommandDescription {
  const help = command.createHelp();
  return {
    name: command.name(),
    summary: command.summary(),
    description: command.description(),
    usage: command.usage(),
    arguments: command.registeredArguments.map(describeArgument),
    options: help.visibleOptions(command).map(describeOption),
    unlistedOptions: command.options.filter(({ hidden }) => hidden).map(describeOption),
    commands: help.visibleCommands(command).map(describeCommand),
    helpAfter: readTextAfterHelp(command),
    // Commander can set this but has no getter.
    passThrough: '_passThroughOptions' in command && command._passThroughOptions === true,
  };
}

function describeArgument(argument: Argument): ArgumentDescription {
  const candidates = declaredCandidates(argument);
  return {
    name: argument.name(),
    description: argument.description,
    required: argument.required,
    variadic: argument.variadic,
    ...(argument.argChoices === undefined ? {} : { choices: argument.argChoices }),
    ...(candidates === undefined ? {} : { candidates }),
  };
}

function describeOption(option: Option): OptionDescription {
  const valueName = /[<[]([^>\]]+)[>\]]\s*$/.exec(option.flags)?.[1];
  const defaultText = describeDefault(option);
  const candidates = declaredCandidates(option);
  return {
    flags: option.flags,
    ...(option.long === undefined ? {} : { long: option.long }),
    ...(option.short === undefined ? {} : { short: option.short }),
    description: option.description,
    group: option.helpGroupHeading ?? 'Options:',
    value: option.required ? 'required' : option.optional ? 'optional' : 'none',
    ...(valueName === undefined ? {} : { valueName }),
    ...(option.argChoices === undefined ? {} : { choices: option.argChoices }),
    ...(candidates === undefined ? {} : { candidates }),
    ...(defaultText === undefined ? {} : { default: defaultText }),
    negates: option.negate,
    repeatable: option.variadic || (option.parseArg !== undefined && option.argChoices === undefined),
  };
}

function describeDefault(option: Option): string | undefined {
  if (option.defaultValueDescription !== undefined) return option.defaultValueDescription;
  const value: unknown = option.defaultValue;
  const hasDefault = option.required || option.optional || (option.isBoolean() && typeof value === 'boolean');
  if (value === undefined || !hasDefault || option.negate || value === false) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

// Commander keeps these texts only as listeners that write them.
function readTextAfterHelp(command: Command): string {
  let text = '';
  const events = command as unknown as EventEmitter;
  events.emit('afterHelp', { error: false, command, write: (part: string) => (text += part) });
  return text.trim();
}
