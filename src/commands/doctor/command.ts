import { InvalidArgumentError, Option, type Command } from 'commander';
import { connectionOptions } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { DoctorFlags } from './run.ts';

export function configure(command: Command, context: CommandContext): void {
  const run = () => import('./run.ts');
  connectionOptions(
    command
      .usage('[options]')
      .description(
        'Checks everything that a worker needs to connect, from its settings to the pollers of its queue: what can run runs side by side, what depends ' +
          'on a failure is skipped, and the root cause comes first. It reads, and changes nothing without --fix; at KuFlow it creates an engine token, and ' +
          "a certificate where the settings give none. The worker's own check, where it is installed, makes its own. Works in a project and outside of one.",
      )
      .addOption(
        new Option(
          '--only <ids>',
          'Checks or planes, separated by commas, with what they require or wait for',
        ).argParser(some),
      )
      .addOption(new Option('--skip <ids>', 'Checks or planes to leave out, separated by commas').argParser(list))
      .option('--offline', 'Only what needs no network')
      .option('--no-create', 'Create nothing at KuFlow, and leave out what needs it')
      .option('--process <id>', 'Also compare the workflow of this process with the worker here')
      .addOption(new Option('--timeout <seconds>', 'For everything').argParser(seconds).default(15))
      .addOption(new Option('--fail-on <what>', 'Exit 3 for warnings').choices(['warn']))
      .option(
        '--warn-expiry <time>',
        'Warn when the certificate ends sooner: 14d, 36h, or a share of its life such as 25%',
      )
      .option('--fix', 'Correct permissions and .gitignore before checking; nothing else is changed')
      .option('--report <file>', 'Also write a report for a support ticket, without secrets, into a new file')
      .addOption(
        new Option(
          '--watch [seconds]',
          'Check again and again, with one token and certificate, and print what changes',
        ).argParser(seconds),
      )
      .addOption(new Option('--format <format>', 'Print for another program').choices(['junit', 'github']))
      .option('--json', 'Print the result as JSON'),
    { tenant: 'Tenant, for an application of several', engine: true },
  ).action(async (flags: DoctorFlags) => (await run()).runDoctorCommand(flags, context));

  command
    .command('explain')
    .summary('Say what a check looks at, and what to do about what it finds')
    .description(
      'Says what a check looks at, which causes it names, and what to do about each. Without an id, lists all checks.',
    )
    .argument('[id]', 'Id of the check, such as KF-TLS-003')
    .option('--json', 'Print it as JSON')
    .action(async (id: string | undefined, flags: { readonly json?: boolean }) =>
      (await run()).runExplain(id, flags, context),
    );
}

function list(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** A list that was meant to name something: an empty one would look at nothing, and say that all is well. */
function some(text: string): readonly string[] {
  const words = list(text);
  if (words.length === 0) throw new InvalidArgumentError('Expected checks or planes, such as tls or KF-TLS-003.');
  return words;
}

function seconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > 3600)
    throw new InvalidArgumentError('Expected seconds, more than 0 and at most 3600.');
  return value;
}
