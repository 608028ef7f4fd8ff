import { resolve } from 'node:path';
import { startCommand } from '../../../project/commands.ts';
import { usageError } from '../../../base/errors.ts';
import { simulate } from './simulation.ts';
import { formatPathOption, shellWord } from '../../../base/shell.ts';
import { platformReporter } from '../../../platform/session/event-view.ts';
import { printSimulation, simulationView } from './view.ts';
import { openProgress } from '../../../terminal/progress.ts';
import type { CommandContext } from '../../../cli/context.ts';
import type { DevFlags } from '../../../cli/platform-options.ts';
import { platformRequest, warnAboutIgnoredOptions } from '../../../cli/platform-request.ts';

interface SimulateFlags extends DevFlags {
  readonly answers?: string;
  readonly timeout: number;
  readonly workerLog?: string;
  readonly json?: boolean;
}

export async function runSimulate(
  first: string | undefined,
  others: readonly string[],
  flags: SimulateFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  // Commander does not say where -- was: the words after it are the command.
  const separator = context.argv.indexOf('--');
  const commandLength = separator === -1 ? 0 : context.argv.length - separator - 1;
  // Without a code, the first word of the command arrives in its place.
  const words = first === undefined ? others : [first, ...others];
  const [code, ...surplus] = words.slice(0, words.length - commandLength);
  const [program, ...rest] = words.slice(words.length - commandLength);
  const simulateCommand = `${context.invocation} dev simulate${code === undefined ? '' : ` ${shellWord(code)}`}${formatPathOption('--state-dir', flags.stateDir)}`;
  if (program === undefined)
    throw usageError('The command that starts the worker is missing', [
      `Pass it after --, for example: ${simulateCommand} -- ${await startCommand(context.cwd)}`,
    ]);
  if (surplus.length > 0) {
    throw usageError(`Too many arguments before --: ${surplus.join(' ')}. Expected one process definition code`, [
      `${simulateCommand} -- ${[program, ...rest].map(shellWord).join(' ')}`,
    ]);
  }
  if (code?.trim() === '') throw usageError('The process definition code is blank');
  const progress = openProgress(terminal.err);
  const view = simulationView(progress, { sharesTerminal: flags.workerLog === undefined });
  try {
    const result = await simulate({
      ...platformRequest(
        flags,
        context,
        // The timeline at the end shows what happens to the process.
        platformReporter({ progress, requests: flags.requests === true, processes: false }),
      ),
      code,
      command: [program, ...rest],
      answersFile: flags.answers,
      timeoutMs: flags.timeout * 1000,
      output: flags.workerLog === undefined ? 'stderr' : { file: resolve(context.cwd, flags.workerLog) },
      view: {
        ...view,
        attached: (state) => {
          view.attached(state);
          warnAboutIgnoredOptions(progress, flags, state.endpoints);
        },
      },
    });
    progress.stop();
    if (flags.json === true) terminal.out.json(result);
    else printSimulation(terminal.out, result);
    context.setStatus(result.status);
  } finally {
    progress.stop();
  }
}
