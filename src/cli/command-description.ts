import type { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';
import { withoutUndefined } from '../base/json.ts';
import { declaredCandidates } from './value-candidates.ts';

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
  readonly commands: readonly CommandDescription[];
  /** Text after the help, e.g. examples; may be empty. */
  readonly helpAfter: string;
  /** Everything after the first argument belongs to the command that this one runs. */
  readonly passThrough: boolean;
}

type ArgumentDescription = ReturnType<typeof describeArgument>;
export type OptionDescription = ReturnType<typeof describeOption>;
/** An argument, or the value of an option. */
export type ValueDescription = Pick<ArgumentDescription, 'choices' | 'candidates'>;

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

function describeArgument(argument: Argument) {
  return {
    name: argument.name(),
    description: argument.description,
    required: argument.required,
    variadic: argument.variadic,
    ...describeValue(argument),
  };
}

function describeOption(option: Option) {
  const { flags, long, short, description } = option;
  return {
    /** As declared, e.g. `-v, --version` or `--sample <count>`. */
    flags,
    ...withoutUndefined({
      long,
      short,
      /** The name in the angle brackets of its flags, e.g. `count`. */
      valueName: /[<[]([^>\]]+)[>\]]\s*$/.exec(flags)?.[1],
      default: describeDefault(option),
    }),
    description,
    /** Heading of its group in the help, e.g. `The process:`. */
    group: option.helpGroupHeading ?? 'Options:',
    /** `none`: a boolean flag. */
    value: option.required ? ('required' as const) : option.optional ? ('optional' as const) : ('none' as const),
    ...describeValue(option),
    /** `--no-…`. */
    negates: option.negate,
    /** Can be repeated, or has a parser that may collect values. */
    repeatable: option.variadic || (option.parseArg !== undefined && option.argChoices === undefined),
  };
}

/** `candidates`: what completion offers, if it is declared. */
function describeValue(valued: Argument | Option) {
  const choices: readonly string[] | undefined = valued.argChoices;
  return withoutUndefined({ choices, candidates: declaredCandidates(valued) });
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
