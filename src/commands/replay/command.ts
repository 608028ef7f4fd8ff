import type { Command } from 'commander';
import { connectionOptions, WHICH_TENANT } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { exitStatuses, formatExamples, jsonOption, lazyAction, wholeNumber } from '../../cli/declarations.ts';
import { stateOption } from '../../cli/process-and-task-options.ts';

const EXAMPLES = formatExamples({
  'check a workflow change before you deploy it': 'kuflow replay',
  'check against processes in the local KuFlow': 'kuflow replay --local',
  'also check completed processes': 'kuflow replay --state running --state completed --limit 500',
});

export function configure(command: Command, context: CommandContext): void {
  exitStatuses(command, {
    0: 'the code matches every process',
    1: 'the code would break a process',
    2: 'usage error, or the project, a setting, a dependency or the built worker is missing',
    3: 'there are no processes, or the duration of a timer has changed',
    4: 'a process could not be read',
  });
  command
    .description(
      "Replay the histories of running processes against this project's workflow code, as a worker would. " +
        "Reads the histories from the configured KuFlow environment or, if none is configured, from this folder's local KuFlow. Uses the first credentials that it finds: those that you pass, those in the environment or the project's settings, or those of your default profile. " +
        "The project's worker code decrypts the histories of confidential processes. Does not write files or change any process.",
    )
    .addOption(stateOption('process', 'processes', 'running'))
    .option('--limit <count>', 'Replay at most this many processes, oldest first (default: all)', wholeNumber(1))
    .addOption(jsonOption());
  connectionOptions(command, {
    tenant: WHICH_TENANT,
    engine: true,
    local: true,
  })
    .addHelpText('after', EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runReplay));
}
