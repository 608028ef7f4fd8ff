import { Command, InvalidArgumentError, type Option } from 'commander';
import { escapeLinesForTerminal } from '../base/escape.ts';
import { nearMatch } from '../text/near-match.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { CommandContext, CommandEntry } from './context.ts';

export interface RootProgram {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** How a person starts this root. */
  readonly invocation: string;
  /** Several commands by name, or one command that is the root itself. */
  readonly commands: readonly CommandEntry[] | CommandEntry;
}

const isEntryList = (commands: RootProgram['commands']): commands is readonly CommandEntry[] => Array.isArray(commands);

/** The commands of a root by name; none where one command is the root itself. */
export function commandEntries(root: RootProgram): readonly CommandEntry[] {
  return isEntryList(root.commands) ? root.commands : [];
}

export function createProgram(root: RootProgram, terminal: Terminal): Command {
  return new Command(root.name)
    .description(root.description)
    .version(root.version, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Show this help')
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .hook('preAction', (_program, command) => rejectBlankArguments(command))
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      outputError: (text, write) => write(escapeLinesForTerminal(text)),
      getOutHelpWidth: () => terminal.out.columns,
      getErrHelpWidth: () => terminal.err.columns,
    });
}

/** Declares the commands of a root on its program, and loads the one that is called, so that a start pays for no other. */
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
  program.helpCommand('help [command]', 'Show the help of a command');
  for (const entry of root.commands) {
    const command = program
      .command(entry.name, { hidden: entry.hidden === true })
      .summary(entry.summary)
      .description(`${entry.summary}.`);
    if (entry.name === called) (await entry.load()).configure(command, context);
  }
  applyConventions(program, root.invocation);
}

// Every command takes --debug, its usage errors point to its own help, a mistyped choice is told what was probably meant, and no value is blank.
function applyConventions(command: Command, invocation: string, path = ''): void {
  if (!command.options.some((option) => option.long === '--debug'))
    command.option('--debug', 'Show stack traces of errors');
  command.options.forEach(suggestChoice);
  for (const option of command.options) if (option.required || option.optional) rejectBlankValue(command, option);
  command.showHelpAfterError(`Help: ${invocation}${path} --help`);
  for (const child of command.commands) applyConventions(child, invocation, `${path} ${child.name()}`);
}

// As of a variable that is not set. What it would mean differs from option to option, and is never what was meant.
function rejectBlankValue(command: Command, option: Option): void {
  command.on(`option:${option.name()}`, (text: string | null) => {
    if (text === null || text.trim() !== '') return;
    command.error(`error: option '${option.flags}' needs a value, the one given is blank`, {
      code: 'commander.invalidArgument',
    });
  });
}

function rejectBlankArguments(command: Command): void {
  command.registeredArguments.forEach((argument, at) => {
    if (!argument.required || argument.variadic || command.args[at]?.trim() !== '') return;
    command.error(`error: argument '${argument.name()}' is blank`, { code: 'commander.invalidArgument' });
  });
}

function suggestChoice(option: Option): void {
  const choices = option.argChoices;
  if (choices === undefined || option.variadic) return;
  option.argParser((text: string) => {
    if (choices.includes(text)) return text;
    const near = nearMatch(text, choices);
    const meant = near === undefined ? '' : ` Did you mean ${near}?`;
    throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.${meant}`);
  });
}
