import { resolve } from 'node:path';
import { usageError } from '../../../base/errors.ts';
import { simulate } from './simulation.ts';
import { pathOption, shellWord } from '../../../text/shell.ts';
import { platformReporter } from '../../../platform/session/view.ts';
import { printSimulation } from './view.ts';
import { simulationReporter } from './view.ts';
import { openProgress } from '../../../terminal/progress.ts';
import { stringifyForTerminal } from '../../../terminal/json.ts';
import type { CommandContext } from '../../../cli/context.ts';
import { platformRequest, warnAboutIgnoredOptions, type DevFlags } from '../../../cli/platform-options.ts';

export async function runSimulate(
  words: readonly string[],
  flags: SimulateFlags,
  context: CommandContext,
): Promise<void> {
  const { terminal } = context;
  // The words after the first -- are the command, whatever came before it.
  const divider = context.argv.indexOf('--');
  const after = divider === -1 ? 0 : context.argv.length - divider - 1;
  const [code, ...surplus] = words.slice(0, words.length - after);
  const [program, ...rest] = words.slice(words.length - after);
  const one = `${context.invocation} dev simulate ${shellWord(code ?? 'CODE')}${pathOption('--state-dir', flags.stateDir)}`;
  if (program === undefined) throw usageError('A worker command is expected after --', [`${one} -- npm start`]);
  if (surplus.length > 0) {
    throw usageError(`One process definition code is expected before --, ${surplus.join(' ')} is too much`, [
      `${one} -- ${[program, ...rest].map(shellWord).join(' ')}`,
    ]);
  }
  if (code?.trim() === '') throw usageError('The process definition code is blank');
  const progress = openProgress(terminal.err);
  const show = simulationReporter(progress);
  try {
    const result = await simulate({
      ...platformRequest(
        flags,
        context,
        // What happens to the process is in the timeline at the end.
        platformReporter({ progress, requests: flags.requests === true, processes: false }),
      ),
      ...(code === undefined ? {} : { code }),
      command: [program, ...rest],
      ...(flags.answers === undefined ? {} : { answersFile: flags.answers }),
      timeoutMs: flags.timeout * 1000,
      output: flags.workerLog === undefined ? 'stderr' : { file: resolve(context.cwd, flags.workerLog) },
      onStep: (step) => {
        show(step);
        if (step.kind === 'platform-ready' && !step.owned) warnAboutIgnoredOptions(progress, flags, step.endpoints);
      },
    });
    progress.stop();
    if (flags.json === true) terminal.out.line(stringifyForTerminal(result));
    else printSimulation(terminal.out, result);
    context.setStatus(result.status);
  } finally {
    progress.stop();
  }
}
export interface SimulateFlags extends DevFlags {
  readonly answers?: string;
  readonly timeout: number;
  readonly workerLog?: string;
  readonly json?: boolean;
}
