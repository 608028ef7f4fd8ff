import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CommandContext } from './context.ts';

// Helpers that declare the options, help and actions of commands.

export function jsonOption(what = 'the result'): Option {
  return new Option('--json', `Print ${what} as JSON`);
}

/** An option that may be given several times, each with one value, which `read` may refuse or convert. */
export function collectValues(
  flags: string,
  description: string,
  read: (value: string) => string = (value) => value,
): Option {
  return new Option(flags, description).argParser((value: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    read(value),
  ]);
}

/** As `collectValues`, for one of these values each time. The program rejects others. */
export function collectChoices(flags: string, description: string, choices: readonly string[]): Option {
  const option = collectValues(flags, description);
  option.argChoices = [...choices];
  return option;
}

/** A parser of whole numbers in a range, without an upper limit if `most` is absent. */
export function wholeNumber(least: number, most?: number): (text: string) => number {
  return (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (value >= least && value <= (most ?? Infinity)) return value;
    throw new InvalidArgumentError(
      most === undefined ? `a whole number of at least ${least}` : `a whole number from ${least} to ${most}`,
    );
  };
}

/** Adds the exit statuses to the help of a command, one per line. Call it before the examples are added. */
export function exitStatuses(command: Command, statuses: Readonly<Record<string, string>>): Command {
  const rows = Object.entries(statuses);
  const width = Math.max(...rows.map(([status]) => status.length));
  const lines = rows.map(([status, meaning]) => `  ${status.padEnd(width)}  ${meaning}`);
  return command.addHelpText('after', ['', 'Exit statuses:', ...lines].join('\n'));
}

/** Formats the examples in a command's help: each purpose with its commands. A PowerShell command starts with the prompt `> `. */
export function formatExamples(examples: Readonly<Record<string, string | readonly string[]>>): string {
  const lines = Object.entries(examples).flatMap(([purpose, commands]) => [
    `  ${purpose}`,
    ...[commands].flat().map((command) => `    ${command.startsWith('> ') ? command : `$ ${command}`}`),
  ]);
  return ['', 'Examples:', ...lines].join('\n');
}

/** The action of a command, which loads the function that runs it. `parent`: a command whose options it also accepts. */
export function lazyAction<Args extends readonly unknown[]>(
  context: CommandContext,
  load: () => Promise<(...args: [...Args, CommandContext]) => Promise<void> | void>,
  parent?: Command,
): (...args: [...Args, Command]) => Promise<void> {
  return async (...all) => {
    const run = await load();
    // Commander passes the arguments, the options and the command.
    const args = all.slice(0, -1);
    const flags = args.pop() as object;
    await run(...([...args, { ...parent?.opts(), ...flags }] as unknown as Args), context);
  };
}
