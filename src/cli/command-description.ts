import type { EventEmitter } from 'node:events';
import type { Argument, Command, Option } from 'commander';
import type { ArgumentDescription, CommandDescription, OptionDescription } from './description-types.ts';

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
    helpAfter: textAfterHelp(command),
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
  const shownDefault = defaultOf(option);
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

function defaultOf(option: Option): string | undefined {
  if (option.defaultValueDescription !== undefined) return option.defaultValueDescription;
  const value: unknown = option.defaultValue;
  const means = option.required || option.optional || (option.isBoolean() && typeof value === 'boolean');
  if (value === undefined || !means || option.negate || value === false) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}

// Help texts are listeners that write: there is no other way to read them.
function textAfterHelp(command: Command): string {
  let text = '';
  const events = command as unknown as EventEmitter;
  events.emit('afterHelp', { error: false, command, write: (part: string) => (text += part) });
  return text.trim();
}
