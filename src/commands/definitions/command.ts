import type { Command } from 'commander';
import { connectionOptions } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { exitStatuses, jsonOption, lazyAction } from '../../cli/declarations.ts';
import { sampleOption } from '../../cli/process-source-options.ts';
import { completedArgument } from '../../cli/value-candidates.ts';

export function configure(command: Command, context: CommandContext): void {
  sharedOptions(command.command('list').summary('List the process definitions visible to the application'))
    .description(
      "List the process definitions visible to the application. KuFlow's API lists processes, not definitions, so a " +
        'definition without processes does not appear. Sends at most 10 requests.',
    )
    .action(lazyAction(context, async () => (await import('./run.ts')).runList));
  const show = exitStatuses(command.command('show'), {
    0: 'shown',
    1: 'failed, or no visible process has this definition',
    2: 'usage error, or settings are missing or malformed',
    4: 'inconclusive: no processes are visible, or KuFlow did not respond in time',
  });
  sharedOptions(show.addArgument(completedArgument('<code>', 'Process definition code', 'processes')))
    .summary('Show the tasks of a process definition')
    .description(
      'Show the tasks of a process definition with their kinds and usual order, derived from existing processes. With --sample, also ' +
        'reads processes and process items to infer the shape of their data; only keys and types are kept, never values. Sends up to 30 requests, or more with a large --sample.',
    )
    .addOption(sampleOption())
    .action(lazyAction(context, async () => (await import('./run.ts')).runShow));
}

function sharedOptions(command: Command): Command {
  return connectionOptions(command, {
    tenant: 'Derive definitions only from processes in this tenant',
    local: true,
  }).addOption(jsonOption());
}
