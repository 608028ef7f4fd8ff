import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CommandContext } from './context.ts';
import type { ProcessesFlags } from './processes-flags.ts';

const LARGEST_SAMPLE = 1000;

export function configure(command: Command, context: CommandContext): void {
  connected(command.command('list').summary('List the process definitions that have processes'))
    .description(
      'Lists the process definitions that have processes which the application sees, from at most 10 requests. ' +
        "KuFlow's API has no list of definitions, so one that was never started is not in it.",
    )
    .action(async (flags: ProcessesFlags) => {
      const { runList } = await import('./processes-run.ts');
      await runList(flags, context);
    });
  connected(command.command('show').argument('<code>', 'Code of the process definition'))
    .summary('Show what a process is made of, as far as its instances tell')
    .description(
      'Shows the tasks of a process, their kinds and usual order, from at most 30 requests. With --sample it also reads ' +
        'instances for the shapes of their data: only keys and types are kept, never a value.',
    )
    .addOption(
      new Option('--sample <count>', 'Read up to this many instances for the shapes of their data').argParser(count),
    )
    .action(async (code: string, flags: ProcessesFlags) => {
      const { runShow } = await import('./processes-run.ts');
      await runShow(code, flags, context);
    });
}

function connected(command: Command): Command {
  return command
    .option('--client-id <id>', 'Client id of the application')
    .option(
      '--client-secret-file <file>',
      'File that holds the client secret; or KUFLOW_API_CLIENTSECRET in the environment',
    )
    .option('--client-secret-stdin', 'Read the client secret from standard input')
    .option('--endpoint <url>', "Address of KuFlow's REST API")
    .option('--tenant-id <uuid>', 'Only processes of this tenant')
    .option('--ca <file>', "PEM file of certificates to trust besides the runtime's own")
    .option('--json', 'Print the result as JSON');
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > LARGEST_SAMPLE) {
    throw new InvalidArgumentError(`A whole number from 1 to ${LARGEST_SAMPLE} is expected.`);
  }
  return value;
}
