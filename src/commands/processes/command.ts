import type { Command } from 'commander';
import { connectionOptions } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { sampleOption } from '../../cli/process-options.ts';
import type { ProcessesFlags } from './run.ts';

export function configure(command: Command, context: CommandContext): void {
  sharedOptions(command.command('list').summary('List the process definitions that have processes'))
    .description(
      'Lists the process definitions that have processes which the application sees, from at most 10 requests. ' +
        "KuFlow's API has no list of definitions, so one that was never started is not in it.",
    )
    .action(async (flags: ProcessesFlags) => {
      const { runList } = await import('./run.ts');
      await runList(flags, context);
    });
  sharedOptions(command.command('show').argument('<code>', 'Code of the process definition'))
    .summary('Show what a process is made of, as far as its instances tell')
    .description(
      'Shows the tasks of a process, their kinds and usual order, from at most 30 requests. With --sample it also reads ' +
        'instances for the shapes of their data: only keys and types are kept, never a value.',
    )
    .addOption(sampleOption())
    .action(async (code: string, flags: ProcessesFlags) => {
      const { runShow } = await import('./run.ts');
      await runShow(code, flags, context);
    });
}

function sharedOptions(command: Command): Command {
  return connectionOptions(command, { tenant: 'Only processes of this tenant' }).option(
    '--json',
    'Print the result as JSON',
  );
}
