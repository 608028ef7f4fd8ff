import { InvalidArgumentError, Option, type Command } from 'commander';
import { connectionOptions, WHICH_TENANT } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { exitStatuses, formatExamples, jsonOption, lazyAction } from '../../cli/declarations.ts';
import { completedArgument, completedOption } from '../../cli/value-candidates.ts';

const EXAMPLES = formatExamples({
  'check the connection of the project in this folder': 'kuflow doctor',
  'run only the checks that work offline': 'kuflow doctor --offline',
  'explain a check that failed': 'kuflow doctor explain KF-TLS-003',
});

export function configure(command: Command, context: CommandContext): void {
  const run = () => import('./run.ts');
  exitStatuses(command, {
    0: 'no check failed',
    1: 'a check failed',
    2: 'usage error, or settings are missing or malformed',
    3: 'there are warnings, and you passed --fail-on warn',
    4: 'a result is inconclusive',
  });
  connectionOptions(
    command
      .usage('[options] [command]')
      .description(
        'Check everything a worker needs to connect, from its settings to the pollers of its task queue, and show the root cause of any problem first. ' +
          'Works inside and outside a project.\n\n' +
          'Creates an engine token in KuFlow, and a certificate if none is configured. If the ' +
          "project's dependencies are installed, doctor also runs the worker's own check (such as npm run check or make check), which creates a separate " +
          "token and, if no certificate is configured, a separate certificate. With --no-create, nothing is created, and the worker's check is skipped. Changes files only with --fix.",
      )
      .addOption(
        completedOption(
          '--only <ids>',
          'Run only these checks or groups, and the checks that they depend on (comma-separated, such as tls,KF-POLL-001)',
          'checks',
        ).argParser(parseNonEmptyList),
      )
      .addOption(
        completedOption('--skip <ids>', 'Skip these checks or groups (comma-separated)', 'checks').argParser(parseList),
      )
      .option('--offline', 'Run only checks that do not need the network')
      .option('--no-create', 'Skip the checks that create a token or certificate in KuFlow')
      .addOption(
        completedOption(
          '--process <id>',
          'Also check the workflow and encryption key of this process; pass the process ID (at least the last 6 characters), or latest',
          'process-ids',
        ),
      )
      .option('--timeout <seconds>', 'Time limit for the whole run', parseSeconds, 15)
      .option(
        '--warn-expiry <duration>',
        'Warn if the certificate has less than this much time left: a duration, such as 14d or 36h, or a percentage of its lifetime, such as 25% (default: 14d or a third of its lifetime, whichever is shorter)',
      )
      .option('--fix', 'Fix file permissions and .gitignore before checking')
      .option(
        '--watch [seconds]',
        'Repeat the checks at this interval (default: 10 seconds), reusing one token and certificate, and print changes',
        parseSeconds,
      )
      .optionsGroup('Result options:')
      .addOption(new Option('--fail-on <level>', 'Exit with status 3 on warnings').choices(['warn']))
      .option(
        '--report <file>',
        'Also write a report to a new file, for example to attach it to a support ticket; the report contains no secrets',
      )
      .addOption(new Option('--format <format>', 'Print the result in a format for CI').choices(['junit', 'github']))
      .addOption(jsonOption()),
    { tenant: WHICH_TENANT, engine: true, local: true },
  )
    .addHelpText('after', EXAMPLES)
    .action(lazyAction(context, async () => (await run()).runDoctorCommand));

  command
    .command('explain')
    .summary('Explain what a check examines and what to do about its findings')
    .description(
      'Explain what a check examines, the causes that it can report, and what to do about each cause. Without an ID, lists all checks. With a group, lists the checks in that group.',
    )
    .addArgument(
      completedArgument(
        '[id]',
        'Check ID, such as KF-TLS-003; group, such as tls; or cause code, such as settings-incomplete',
        'checks',
      ),
    )
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await run()).runExplain));
}

function parseList(text: string): readonly string[] {
  return text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

/** Rejects an empty list, with which no check would run and the result would look healthy. */
function parseNonEmptyList(text: string): readonly string[] {
  const words = parseList(text);
  if (words.length === 0) throw new InvalidArgumentError('the names of checks or groups, such as tls or KF-TLS-003');
  return words;
}

function parseSeconds(text: string): number {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > 3600)
    throw new InvalidArgumentError('a number of seconds greater than 0, at most 3600');
  return value;
}
