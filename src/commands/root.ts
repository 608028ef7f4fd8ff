import { Command, CommanderError } from 'commander';
import { KnownError, interrupted } from '../base/errors.ts';
import { listenForInterrupts, type SignalSource } from '../base/interrupts.ts';
import { openTerminal, type Terminal, type TerminalStreams } from '../terminal/terminal.ts';
import type { CommandContext, CommandEntry } from './context.ts';

/** What the outside gives to a root; `process` in production. */
export interface Host extends TerminalStreams {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signals: SignalSource;
  /** Ends at once, for an interrupt that nobody answers. */
  readonly exit: (status: number) => void;
}

export interface Root {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  /** How a person starts this root. */
  readonly invocation: string;
  /** Several commands by name, or one command that is the root itself. */
  readonly commands: readonly CommandEntry[] | CommandEntry;
}

const isList = (commands: Root['commands']): commands is readonly CommandEntry[] => Array.isArray(commands);

/** Runs one command line to its end and returns the exit status. Throws nothing. */
export async function runRoot(root: Root, host: Host): Promise<number> {
  const terminal = openTerminal(host, host.env);
  const abort = new AbortController();
  const state: { status: number; answersInterrupts: boolean } = { status: 0, answersInterrupts: false };
  const stopListening = listenForInterrupts(host.signals, {
    first: () => {
      abort.abort(interrupted());
      if (!state.answersInterrupts) host.exit(130);
    },
    again: () => host.exit(130),
  });
  const context: CommandContext = {
    terminal,
    env: host.env,
    cwd: host.cwd,
    version: root.version,
    invocation: root.invocation,
    argv: host.argv,
    interruption: () => {
      state.answersInterrupts = true;
      return abort.signal;
    },
    setStatus: (status) => {
      state.status = status;
    },
  };
  const program = newProgram(root, terminal);
  try {
    await configureNamed(root, program, context);
    await program.parseAsync(host.argv, { from: 'user' });
    return abort.signal.aborted && state.status === 0 ? 130 : state.status;
  } catch (error) {
    if (error instanceof CommanderError) return statusOfCommander(error);
    const status = abort.signal.aborted ? 130 : error instanceof KnownError ? error.status : 1;
    const { printError } = await import('../terminal/print-error.ts');
    printError(terminal, error, { debug: asked(program, 'debug', host.env), json: asked(program, 'json', {}), status });
    return status;
  } finally {
    stopListening();
  }
}

function newProgram(root: Root, terminal: Terminal): Command {
  return new Command(root.name)
    .description(root.description)
    .version(root.version, '-V, --version', 'Print the version')
    .helpOption('-h, --help', 'Show this help')
    .exitOverride()
    .enablePositionalOptions()
    .showSuggestionAfterError(true)
    .configureOutput({
      writeOut: (text) => terminal.out.write(text),
      writeErr: (text) => terminal.err.write(text),
      getOutHelpWidth: () => terminal.out.columns,
      getErrHelpWidth: () => terminal.err.columns,
    });
}

// Only the command that is called is loaded: the root's own options take no values, so the first operand is its name.
async function configureNamed(root: Root, program: Command, context: CommandContext): Promise<void> {
  if (!isList(root.commands)) {
    (await root.commands.load()).configure(program, context);
    finish(program, root.invocation);
    return;
  }
  const operands = context.argv.filter((argument) => !argument.startsWith('-'));
  const wanted = operands[0] === 'help' ? operands[1] : operands[0];
  program.helpCommand('help [command]', 'Show the help of a command');
  for (const entry of root.commands) {
    const command = program.command(entry.name).summary(entry.summary).description(`${entry.summary}.`);
    if (entry.name === wanted) (await entry.load()).configure(command, context);
  }
  finish(program, root.invocation);
}

// Every command takes --debug, and its usage errors point to its own help.
function finish(command: Command, invocation: string, path = ''): void {
  if (!command.options.some((option) => option.long === '--debug'))
    command.option('--debug', 'Show stack traces of errors');
  command.showHelpAfterError(`Help: ${invocation}${path} --help`);
  for (const child of command.commands) finish(child, invocation, `${path} ${child.name()}`);
}

function statusOfCommander(error: CommanderError): number {
  // Help that was asked for exits 0; help in answer to a missing sub-command is a usage error, as are all others.
  return error.code === 'commander.helpDisplayed' || error.code === 'commander.version' || error.exitCode === 0 ? 0 : 2;
}

function asked(command: Command, option: 'debug' | 'json', env: NodeJS.ProcessEnv): boolean {
  if (option === 'debug' && (env['KUFLOW_DEBUG'] ?? '') !== '') return true;
  const own: Readonly<Record<string, unknown>> = command.opts();
  return own[option] === true || command.commands.some((child) => asked(child, option, {}));
}
