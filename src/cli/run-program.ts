import { CommanderError, type Command } from 'commander';
import { KnownError, interruptedError } from '../base/errors.ts';
import { handleInterrupts, forwardSignals, type SignalSource } from '../base/interrupts.ts';
import { stringifyForTerminal } from '../terminal/json.ts';
import { openTerminal, type TerminalStreams } from '../terminal/terminal.ts';
import type { CommandContext } from './context.ts';
import { commandEntries, loadCommands, createProgram, type RootProgram } from './program.ts';

/** What the outside gives to a root; `process` in production. */
export interface Host extends TerminalStreams {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signals: SignalSource;
  /** Ends at once, for an interrupt that nobody answers. */
  readonly exit: (status: number) => void;
}

/** Runs one command line to its end and returns the exit status. Throws nothing. */
export async function runProgram(root: RootProgram, host: Host): Promise<number> {
  const terminal = openTerminal(host, host.env);
  const abort = new AbortController();
  const state = { status: 0, passedOn: false, answersInterrupts: false };
  let stopListening = handleInterrupts(host.signals, {
    first: (signal) => {
      abort.abort(interruptedError(undefined, signal));
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
    commands: commandEntries(root),
    argv: host.argv,
    interruption: () => {
      state.answersInterrupts = true;
      return abort.signal;
    },
    passSignals: (listener) => {
      stopListening();
      stopListening = forwardSignals(host.signals, listener);
    },
    setStatus: (status, passedOn = false) => {
      state.status = status;
      state.passedOn = passedOn;
    },
  };
  const program = createProgram(root, terminal);
  try {
    await loadCommands(root, program, context, calledCommand(host.argv));
    await program.parseAsync(host.argv, { from: 'user' });
    return abort.signal.aborted && !state.passedOn ? 130 : state.status;
  } catch (error) {
    if (error instanceof CommanderError) {
      const usage = usageStatus(error);
      if (usage !== 0 && wantsJson(program, host.argv)) terminal.out.line(usageErrorToJson(error, usage));
      return usage;
    }
    const status = abort.signal.aborted ? 130 : error instanceof KnownError ? error.status : 1;
    const { printError } = await import('../terminal/print-error.ts');
    printError(terminal, error, {
      debug: isOptionSet(program, 'debug', host.env),
      json: isOptionSet(program, 'json', {}),
      status,
    });
    return status;
  } finally {
    stopListening();
  }
}

// The root's own options take no values, so the first operand is the command's name.
function calledCommand(argv: readonly string[]): string | undefined {
  const operands = argv.filter((argument) => !argument.startsWith('-'));
  return operands[0] === 'help' ? operands[1] : operands[0];
}

function usageStatus(error: CommanderError): number {
  // Help that was asked for exits 0; help in answer to a missing sub-command is a usage error, as are all others.
  return error.code === 'commander.helpDisplayed' || error.code === 'commander.version' || error.exitCode === 0 ? 0 : 2;
}

// A line that was not understood leaves no parsed options behind: whether it wanted JSON is looked up in what was typed.
function wantsJson(program: Command, argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const knows = (command: Command): boolean =>
    command.options.some(({ long }) => long === '--json') || command.commands.some(knows);
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json') && knows(program);
}

/** As `printError` writes it; commander has said it on stderr already. */
function usageErrorToJson(error: CommanderError, status: number): string {
  const [message = '', ...next] = error.message.replace(/^error: /, '').split('\n');
  const advice = next.map((line) => line.trim().replace(/^\((.*)\)$/, '$1')).filter((line) => line !== '');
  return stringifyForTerminal({ error: { message, next: advice, status } });
}

function isOptionSet(command: Command, option: 'debug' | 'json', env: NodeJS.ProcessEnv): boolean {
  if (option === 'debug' && (env['KUFLOW_DEBUG'] ?? '') !== '') return true;
  const own: Readonly<Record<string, unknown>> = command.opts();
  return own[option] === true || command.commands.some((child) => isOptionSet(child, option, {}));
}
