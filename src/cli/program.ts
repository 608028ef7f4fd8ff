import { Command, InvalidArgumentError, type Argument, type ErrorOptions, type Option } from 'commander';
import { escapeLinesForTerminal } from '../base/escape.ts';
import { nearMatch } from '../base/near-match.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { CommandContext, CommandEntry } from './context.ts';

export interface RootProgram {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** Printed after the help. */
  readonly examples?: string;
  /** How the user calls this program, e.g. `npx kuflow`. */
  readonly invocation: string;
  /** Several commands, or the single command that this program is. */
  readonly commands: readonly CommandEntry[] | CommandEntry;
}

const isEntryList = (commands: RootProgram['commands']): commands is readonly CommandEntry[] => Array.isArray(commands);

/** The commands of a program; empty if the program is a single command. */
export function commandEntries(root: RootProgram): readonly CommandEntry[] {
  return isEntryList(root.commands) ? root.commands : [];
}

/**
 * Commander reports a mistyped subcommand as an excess argument, or reports the options that follow it, if the command also runs without a
 * subcommand, as `dev` does. This class reports it as an unknown command.
 */
class ProgramCommand extends Command {
  override createCommand(name?: string): Command {
    return new ProgramCommand(name);
  }

  override error(message: string, options: ErrorOptions = {}): never {
    const [name] = this.args;
    const isMistyped =
      ['commander.excessArguments', 'commander.unknownOption'].includes(options.code ?? '') &&
      this.commands.length > 0 &&
      this.registeredArguments.length === 0 &&
      name?.startsWith('-') === false;
    if (!isMistyped) super.error(message, options);
    const near = nearMatch(
      name,
      this.commands.map((command) => command.name()),
    );
    super.error(`error: unknown command '${name}'${near === undefined ? '' : `\n(Did you mean ${near}?)`}`, {
      code: 'commander.unknownCommand',
    });
  }
}

export function createProgram(root: RootProgram, terminal: Terminal): Command {
  return (
    new ProgramCommand(root.name)
      .description(root.description)
      .version(root.version, '-v, --version', 'Print the version')
      .helpOption('-h, --help', 'Show this help')
      // Also wraps next to long options in a terminal of 60 columns.
      .configureHelp({ minWidthToWrap: 20 })
      .exitOverride()
      .enablePositionalOptions()
      .addHelpText('after', root.examples ?? '')
      .showSuggestionAfterError(true)
      .hook('preAction', (_program, command) => rejectBlankArguments(command))
      .configureOutput({
        writeOut: (text) => terminal.out.write(text),
        writeErr: (text) => terminal.err.write(text),
        outputError: (text, write) => write(escapeLinesForTerminal(text)),
        getOutHelpWidth: () => terminal.out.columns,
        getErrHelpWidth: () => terminal.err.columns,
      })
  );
}

/** Declares all commands, and loads only the module of the called one to start fast. */
export async function loadCommands(
  root: RootProgram,
  program: Command,
  context: CommandContext,
  called: string | undefined,
): Promise<void> {
  if (!isEntryList(root.commands)) {
    (await root.commands.load()).configure(program, context);
    applyConventions(program, root.invocation);
    return;
  }
  program.helpCommand('help [command]', 'Show help for a command');
  for (const entry of root.commands) {
    const command = program
      .command(entry.name, { hidden: entry.hidden === true })
      .summary(entry.summary)
      .description(`${entry.summary}.`);
    if (entry.name === called) (await entry.load()).configure(command, context);
  }
  applyConventions(program, root.invocation);
}

// Every command has --debug, points to its own help on usage errors, suggests the nearest choice, and rejects blank values.
function applyConventions(command: Command, invocation: string, path = ''): void {
  if (!command.options.some((option) => option.long === '--debug')) command.option('--debug', 'Show stack traces');
  [...command.options, ...command.registeredArguments].forEach(suggestChoice);
  for (const option of command.options) if (option.required || option.optional) rejectBlankValue(command, option);
  command.showHelpAfterError(`Help: ${invocation}${path} --help`);
  for (const child of command.commands) applyConventions(child, invocation, `${path} ${child.name()}`);
}

// A blank value usually comes from a shell variable that is not set.
function rejectBlankValue(command: Command, option: Option): void {
  command.on(`option:${option.name()}`, (text: string | null) => {
    if (text === null || text.trim() !== '') return;
    command.error(`error: option '${option.flags}' has a blank value`, {
      code: 'commander.invalidArgument',
    });
  });
}

function rejectBlankArguments(command: Command): void {
  command.registeredArguments.forEach((argument, index) => {
    if (!argument.required || argument.variadic || command.args[index]?.trim() !== '') return;
    command.error(`error: argument '${argument.name()}' is blank`, { code: 'commander.invalidArgument' });
  });
}

function suggestChoice(valued: Option | Argument): void {
  const choices = valued.argChoices;
  if (choices === undefined || valued.variadic) return;
  const read = valued.parseArg;
  valued.argParser((text: string, before: unknown) => {
    if (choices.includes(text)) return read === undefined ? text : read(text, before);
    const near = nearMatch(text, choices);
    const suggestion = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.${suggestion}`);
  });
}
