import { Command, Help, InvalidArgumentError, Option, type Argument, type ErrorOptions } from 'commander';
import { usageError } from '../base/errors.ts';
import { formatAlternatives, nearMatch } from '../base/near-match.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { CONNECTION_OPTIONS } from './connection-options.ts';
import type { CommandContext, CommandEntry } from './context.ts';

const GENERAL_OPTIONS = 'General options:';

export interface RootProgram {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** Printed after the help. */
  readonly examples?: string;
  /** How the user calls this program, e.g. `npx kuflow`. */
  readonly invocation: string;
  /** The command that this program is, if it has no others. */
  readonly command?: CommandEntry;
  readonly commands: readonly CommandEntry[];
}

/** Reports usage errors in the words of this program, with what was probably meant. Commander names the subject only in its message, in quotes. */
class ProgramCommand extends Command {
  readonly #invocation: string;

  constructor(name: string | undefined, invocation: string) {
    super(name);
    this.#invocation = invocation;
  }

  override createCommand(name?: string): Command {
    return new ProgramCommand(name, this.#invocation);
  }

  override error(text: string, { code }: ErrorOptions = {}): never {
    const { message, word, near } = this.#describeProblem(text, code);
    const path = pathOf(this);
    const advice = INSTEAD.get([...path, word ?? ''].join(' '))?.replace('<kuflow>', this.#invocation);
    const step = advice ?? (near === undefined ? undefined : `Did you mean ${near}?`);
    throw usageError(message, [...(step === undefined ? [] : [step]), this.helpStep()]);
  }

  helpStep(): string {
    return `Help: ${[this.#invocation, ...pathOf(this)].join(' ')} --help`;
  }

  /** Many subcommands have the same connection options, so their help only names them. */
  shortenConnectionOptions(block: string, help: Help): string {
    const names = help
      .visibleOptions(this)
      .filter(({ helpGroupHeading }) => helpGroupHeading === CONNECTION_OPTIONS)
      .map(({ long }) => long);
    if (!block.startsWith(CONNECTION_OPTIONS) || pathOf(this).length < 2 || names.length < 4) return block;
    const text = `${names.join(', ')}\nDetails: ${this.#invocation} docs commands`;
    const lines = help.boxWrap(text, (help.helpWidth ?? 80) - 2).split('\n');
    return [CONNECTION_OPTIONS, ...lines.map((line) => `  ${line}`)].join('\n');
  }

  /** Without this, `--help` after an unknown subcommand would print the help of this command as if it were the subcommand's. */
  rejectUnknownSubcommand(): void {
    const word = this.#subcommandWord();
    if (word !== undefined && word !== 'help' && !this.commands.some((command) => command.name() === word))
      this.error('', { code: 'commander.unknownCommand' });
  }

  /** The word where a subcommand is expected, also after `help`. Undefined for a command with arguments or without subcommands. */
  #subcommandWord(): string | undefined {
    const [first = '', second = ''] = this.args;
    const word = first === 'help' ? second : first;
    const canHave = this.commands.length > 0 && this.registeredArguments.length === 0;
    return canHave && word !== '' && !word.startsWith('-') ? word : undefined;
  }

  #describeProblem(
    text: string,
    code: string | undefined,
  ): { readonly message: string; readonly word?: string; readonly near?: string | undefined } {
    const subjects = [...text.matchAll(/'([^']*)'/g)].map(([, subject = '']) => subject);
    const [subject = ''] = subjects;
    const isUnknown = code === 'commander.unknownCommand';
    // Commander reports a mistyped subcommand as an excess argument, or reports the options after it, if its parent also runs alone, as `dev` does.
    const isUnexpected = code === 'commander.excessArguments' || code === 'commander.unknownOption';
    const operand = isUnknown || isUnexpected ? this.#subcommandWord() : undefined;
    if (isUnknown || operand !== undefined) {
      const word = operand ?? this.args[0] ?? '';
      const commands = this.createHelp().visibleCommands(this);
      const names = commands.map((command) => command.name());
      return { message: `Unknown command "${word}"`, word, near: nearMatch(word, names) };
    }
    switch (code) {
      case 'commander.unknownOption': {
        const options = this.createHelp().visibleOptions(this);
        const names = options.map(({ long }) => long ?? '');
        const word = subject.replace(/=.*/s, '');
        return { message: `Unknown option ${subject}`, word, near: sameOption(word, names) ?? nearMatch(word, names) };
      }
      case 'commander.missingArgument':
        return { message: subject === 'command' ? 'Missing command after --' : `Missing argument: <${subject}>` };
      case 'commander.optionMissingArgument':
        return { message: `Missing value: ${subject}` };
      case 'commander.excessArguments':
        return { message: `Unexpected argument "${this.args[this.registeredArguments.length] ?? ''}"` };
      case 'commander.conflictingOption':
        return { message: subjects.map((flags) => flags.replace(/ .*/, '')).join(' cannot be combined with ') };
      default:
        return { message: text };
    }
  }
}

/** The names of a command and of those above it, without the program. */
function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [] : [...pathOf(command.parent), command.name()];
}

export function createProgram(root: RootProgram, terminal: Terminal): Command {
  return (
    new ProgramCommand(root.name, root.invocation)
      .description(root.description)
      .addHelpOption(new Option('-h, --help', 'Show this help').helpGroup(GENERAL_OPTIONS))
      // Also wraps next to long options in a terminal of 60 columns.
      .configureHelp({
        minWidthToWrap: 20,
        commandDescription: (command) => splitDescription(command).details,
        // Nearly every command has options.
        subcommandTerm: (command) => Help.prototype.subcommandTerm(command).replace(' [options]', ''),
        visibleOptions: sortedOptions,
        groupItems,
        formatHelp,
      })
      .exitOverride()
      .enablePositionalOptions()
      .addHelpText('after', root.examples ?? '')
      .showSuggestionAfterError(false)
      .hook('preAction', (_program, command) => rejectBlankArguments(command))
      .configureOutput({
        writeOut: (text) => terminal.out.write(text),
        writeErr: (text) => terminal.err.write(text),
        getOutHelpWidth: () => terminal.out.columns,
        getErrHelpWidth: () => terminal.err.columns,
      })
  );
}

/** Help starts with one sentence, above the usage; the details follow it. Commands come before options, and the general options last. */
function formatHelp(command: Command, help: Help): string {
  const { sentence } = splitDescription(command);
  let blocks = Help.prototype.formatHelp.call(help, command, help).trimEnd().split('\n\n');
  if (command instanceof ProgramCommand) {
    command.rejectUnknownSubcommand();
    blocks = blocks.map((block) => command.shortenConnectionOptions(block, help));
  }
  const rank = (block: string): number =>
    block.startsWith(GENERAL_OPTIONS) ? 2 : /^(?:[A-Z].* o|O)ptions:\n/.test(block) ? 1 : 0;
  const inOrder = blocks.toSorted((a, b) => rank(a) - rank(b));
  return `${[help.boxWrap(sentence, help.helpWidth ?? 80), ...inOrder].join('\n\n')}\n`;
}

/** The groups of options that most commands have follow their own. */
const LAST_GROUPS = [CONNECTION_OPTIONS, GENERAL_OPTIONS];

function sortedOptions(command: Command): Option[] {
  const rank = ({ helpGroupHeading = '' }: Option): number => LAST_GROUPS.indexOf(helpGroupHeading);
  return Help.prototype.visibleOptions.call(new Help(), command).toSorted((a, b) => rank(a) - rank(b));
}

/** Groups in the order of the visible items. The command `help` has its own group only among others. */
function groupItems<Item extends Command | Option>(
  _all: Item[],
  visible: Item[],
  groupOf: (item: Item) => string,
): Map<string, Item[]> {
  const names = new Set(visible.map(groupOf));
  const nameOf = (item: Item): string =>
    groupOf(item) === HELP_GROUP && names.has('Commands:') ? 'Commands:' : groupOf(item);
  return new Map(
    [...new Set(visible.map(nameOf))].map((name) => [name, visible.filter((item) => nameOf(item) === name)]),
  );
}

const HELP_GROUP = 'Help:';

function splitDescription(command: Command): { readonly sentence: string; readonly details: string } {
  const [, sentence = command.description(), details = ''] = /^(.+?\.)(?:\s+(.*))?$/s.exec(command.description()) ?? [];
  return { sentence, details };
}

/** Declares all commands, and loads only the module of the called one to start fast. */
export async function loadCommands(
  root: RootProgram,
  program: Command,
  context: CommandContext,
  called: string | undefined,
): Promise<void> {
  if (root.command !== undefined) {
    (await root.command.load()).configure(program, context);
    applyConventions(program, root.version);
    return;
  }
  program.commandsGroup(HELP_GROUP).helpCommand('help [command]', 'Show help for a command');
  for (const entry of root.commands) {
    const command = program
      .command(entry.name, { hidden: entry.hidden === true })
      .helpGroup(entry.group ?? HELP_GROUP)
      .summary(entry.summary)
      .description(`${entry.summary}.`);
    if (entry.name === called) (await entry.load()).configure(command, context);
  }
  applyConventions(program, root.version);
}

// Every command has a description and the general options, suggests the nearest choice, and rejects blank values.
function applyConventions(command: Command, version?: string): void {
  if (command.description() === '') command.description(`${command.summary()}.`);
  for (const argument of command.registeredArguments) describeInvalidValue(command, argument, `<${argument.name()}>`);
  for (const option of command.options) {
    describeInvalidValue(command, option, option.long ?? option.flags);
    if (option.required || option.optional) rejectBlankValue(command, option);
  }
  command.optionsGroup(GENERAL_OPTIONS);
  if (version !== undefined) command.version(version, '-v, --version', 'Print the version');
  command.option('--debug', 'Show stack traces');
  for (const child of command.commands) applyConventions(child);
}

// A blank value usually comes from a shell variable that is not set.
function rejectBlankValue(command: Command, option: Option): void {
  command.on(`option:${option.name()}`, (text: string | null) => {
    if (text?.trim() === '') throw usageError(`${option.long ?? option.flags} must not be blank`);
  });
}

function rejectBlankArguments(command: Command): void {
  command.registeredArguments.forEach((argument, index) => {
    if (argument.required && !argument.variadic && command.args[index]?.trim() === '')
      throw usageError(`<${argument.name()}> must not be blank`);
  });
}

/** Parsers throw InvalidArgumentError with what they expect, such as "a port number". */
function describeInvalidValue(command: Command, valued: Option | Argument, name: string): void {
  const { argChoices: choices, parseArg: read } = valued;
  if (valued.variadic || (choices === undefined && read === undefined)) return;
  valued.argParser((text: string, before: unknown) => {
    const reject = (expected: string, near?: string): never => {
      throw usageError(`${name} must be ${expected}, not "${text}"`, [
        ...(near === undefined ? [] : [`Did you mean ${near}?`]),
        ...(command instanceof ProgramCommand ? [command.helpStep()] : []),
      ]);
    };
    if (choices !== undefined && !choices.includes(text))
      return reject(formatAlternatives(choices), nearMatch(text, choices));
    try {
      return read === undefined ? text : read(text, before);
    } catch (error) {
      if (error instanceof InvalidArgumentError) return reject(error.message);
      throw error;
    }
  });
}

/** Options and commands of other tools, by the path of the command here, and what to use instead. `<kuflow>` is how the user calls this program. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['status', 'List the processes: <kuflow> process list'],
  ['add task --kind', 'The kind follows the code: <kuflow> add task REVIEW:system'],
  ['add action --type', 'The type follows the code: <kuflow> add action REPORT:downloadable'],
  ['dev status', 'Check the local KuFlow and your worker: <kuflow> doctor --local'],
  ['dev fault', 'Faults are in the console: <kuflow> dev open faults'],
  ['dev faults', 'Faults are in the console: <kuflow> dev open faults'],
]);

/** The option here that corresponds to an option of other tools: `--no-install` for `--skip-install`, `--json` for `--format`. */
function sameOption(unknown: string, known: readonly string[]): string | undefined {
  const negated = /^--(?:skip|without|disable)-(.+)$/.exec(unknown)?.[1];
  const same = negated === undefined ? { '--format': '--json', '--output': '--json' }[unknown] : `--no-${negated}`;
  return same !== undefined && known.includes(same) ? same : undefined;
}
