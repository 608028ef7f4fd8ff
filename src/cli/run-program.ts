import { CommanderError, type Command } from 'commander';
import { KnownError, interruptedError } from '../base/errors.ts';
import { handleInterrupts, forwardSignals, type SignalSource } from '../base/interrupts.ts';
import { openTerminal, type TerminalStreams } from '../terminal/terminal.ts';
import type { CommandContext } from './context.ts';
import { loadCommands, createProgram, type RootProgram } from './program.ts';

/** Where a program runs; `process` in production. */
export interface Host extends TerminalStreams {
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly signals: SignalSource;
  /** Exits at once, on an interrupt that no command handles. */
  readonly exit: (status: number) => void;
}

/** Runs one command line to its end and returns the exit status. Throws nothing. */
export async function runProgram(root: RootProgram, host: Host): Promise<number> {
  const terminal = openTerminal(host, host.env);
  const abort = new AbortController();
  const state = { status: 0, passedOn: false, handlesInterrupts: false, isParsed: false };
  let stopListening = handleInterrupts(host.signals, {
    first: (signal) => {
      abort.abort(interruptedError(undefined, signal));
      if (!state.handlesInterrupts) host.exit(130);
    },
    again: () => host.exit(130),
  });
  const context: CommandContext = {
    terminal,
    env: host.env,
    cwd: host.cwd,
    version: root.version,
    invocation: root.invocation,
    commands: root.commands,
    argv: host.argv,
    interruption: () => {
      state.handlesInterrupts = true;
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
  program.hook('preAction', () => {
    state.isParsed = true;
  });
  try {
    await loadCommands(root, program, context, calledCommand(host.argv));
    await program.parseAsync(host.argv, { from: 'user' });
    // Imported on demand: help and scripts do not need it.
    if (terminal.err.isTTY && root.commands.length > 0)
      await (await import('./update-notice.ts')).printUpdateNotice(context);
    return abort.signal.aborted && !state.passedOn ? 130 : state.status;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Requested help and the version exit with 0. Help because a subcommand is missing is a usage error.
      if (error.exitCode === 0) return 0;
      if (wantsJson(program, root, host.argv))
        terminal.out.json({ error: { message: 'Missing command', next: [], status: 2 } }, 0);
      return 2;
    }
    const status = abort.signal.aborted ? 130 : error instanceof KnownError ? error.status : 1;
    const { printError } = await import('../terminal/print-error.ts');
    const json = isOptionSet(program, 'json', {}) || (!state.isParsed && wantsJson(program, root, host.argv));
    const debug = isOptionSet(program, 'debug', host.env);
    printError(terminal, error, { debug, jsonStatus: json ? status : undefined });
    return status;
  } finally {
    stopListening();
  }
}

// The program's own options do not take values, so the first operand is the name of the command.
function calledCommand(argv: readonly string[]): string | undefined {
  const operands = argv.filter((argument) => !argument.startsWith('-'));
  return operands[0] === 'help' ? operands[1] : operands[0];
}

// After a usage error there are no parsed options, so --json is looked up in the arguments.
function wantsJson(program: Command, root: RootProgram, argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  const hasJsonOption = (command: Command): boolean =>
    command.options.some(({ long }) => long === '--json') || command.commands.some(hasJsonOption);
  // The options of an unknown command are not known, so --json always counts.
  const { commands } = root;
  const isUnknown = commands.length > 0 && !commands.some(({ name }) => name === calledCommand(argv));
  const isJsonFlag = (argument: string): boolean => argument === '--json' || argument.startsWith('--json=');
  return (end === -1 ? argv : argv.slice(0, end)).some(isJsonFlag) && (isUnknown || hasJsonOption(program));
}

function isOptionSet(command: Command, option: 'debug' | 'json', env: NodeJS.ProcessEnv): boolean {
  if (option === 'debug' && (env['KUFLOW_DEBUG'] ?? '') !== '') return true;
  const own: Readonly<Record<string, unknown>> = command.opts();
  return own[option] === true || command.commands.some((child) => isOptionSet(child, option, {}));
}
