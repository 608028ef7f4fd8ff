import { Option, type Command } from 'commander';
import { connectionOptions, WHICH_TENANT } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { exitStatuses, formatExamples, jsonOption, lazyAction } from '../../cli/declarations.ts';
import { FORMAT_NAMES } from './formats/format.ts';

const EXAMPLES = formatExamples({
  'get the engine certificate for the project in this folder': 'kuflow credentials pull',
  'see which credentials are used, and when the certificate expires': 'kuflow credentials status',
  'run a worker with all credentials in its environment': 'kuflow credentials exec -- npm start',
});

const PULL_EXAMPLES = formatExamples({
  'get the engine certificate for the project in this folder': 'kuflow credentials pull',
  'also write a Kubernetes Secret': 'kuflow credentials pull --format k8s-secret --output secret.yaml',
});

const EXEC_EXAMPLES = formatExamples({
  'ask the engine which workers poll a task queue':
    'kuflow credentials exec -- temporal task-queue describe --task-queue LOAN_QUEUE',
});

export function configure(command: Command, context: CommandContext): void {
  command.enablePositionalOptions().addHelpText('after', EXAMPLES);
  const run = () => import('./run.ts');

  const pull = command.command('pull');
  exitStatuses(pull, {
    0: 'a new certificate was written, or the current one is still usable',
    1: 'failed; for example, the engine rejected the new certificate',
    2: 'usage error, or settings are missing or malformed',
    4: 'inconclusive: KuFlow or the engine did not respond in time',
  });
  withConnectionOptions(
    pull
      .summary('Get the engine certificate for this project')
      .description(
        'Get an engine certificate for this project. Does nothing if the current certificate is usable, belongs to the configured endpoint, ' +
          'application and namespace, and is not due for renewal. Before writing anything, verifies the new certificate and tests it against the engine with a new engine token. Stores the certificate, key and CA in a new folder in .kuflow/credentials. Then replaces application-local.yaml atomically, so a worker sees either the old or the new credentials, never a mix. With --local, also writes the connection settings for the local KuFlow.',
      )
      .option(
        '--force',
        'Get a new certificate even if the current one is usable, and replace settings that point to other files',
      )
      .option('--offline', 'Do not test the certificate against the engine')
      .option('--with-token', 'Also get a short-lived engine token and store it with the certificate')
      .option('--dry-run', 'Show what would be done, without requesting or writing anything')
      .addOption(jsonOption())
      .optionsGroup('Export options:')
      .addOption(
        new Option(
          '--format <format>',
          'Also write the credentials in another format; an existing destination is edited in place',
        ).choices(FORMAT_NAMES),
      )
      .option('--output <path>', 'Destination for --format: a file, a folder (for pem), or - for standard output')
      .option('--paths', 'For dotenv and yaml: write file paths instead of file contents')
      .option('--temporal-profile <name>', 'For temporal-toml: name of the profile (default: "default")')
      .option('--secret-name <name>', 'For k8s-secret: name of the Secret (default for a new Secret: kuflow-worker)')
      .option('--allow-git', 'Write secrets even to a file that git tracks or does not ignore'),
    'on-request',
  )
    .addHelpText('after', PULL_EXAMPLES)
    .action(lazyAction(context, async () => (await run()).runPull));

  const status = command.command('status');
  exitStatuses(status, {
    0: 'no problems',
    1: 'there is a problem',
    2: 'usage error, or settings are missing or malformed',
    3: 'there are warnings, and you passed --fail-on warn',
    4: 'inconclusive (with --online)',
  });
  withConnectionOptions(
    status
      .summary('Show the credentials in use, where they come from and when they expire')
      .description(
        'For each setting, show the source in use and the sources that it overrides. Also shows the certificate that a worker would ' +
          'use, with its expiration date. Compares pulled files with their lock file and with the settings. Uses the network only with --online.',
      )
      .option(
        '--online',
        'Also verify the credentials with KuFlow and the engine; this creates an engine token, and a certificate if none is configured',
      )
      .addOption(
        new Option('--fail-on <level>', 'Exit with status 3 on warnings, for example when renewal is due').choices([
          'warn',
        ]),
      )
      .addOption(jsonOption()),
  ).action(lazyAction(context, async () => (await run()).runStatus));

  const rotate = command.command('rotate');
  exitStatuses(rotate, {
    0: 'switched to the new certificate',
    1: 'failed, or the switch succeeded but the --exec command failed',
    2: 'usage error, or settings are missing or malformed',
    4: 'inconclusive: KuFlow or the engine did not respond in time',
  });
  withConnectionOptions(
    rotate
      .summary('Get a new certificate and switch to it')
      .description(
        'Get a new certificate, test it against the engine (GetSystemInfo and DescribeNamespace) and switch to it. Keeps the previous certificate files. Running workers switch automatically if they watch their certificate files; all others keep the old certificate until you restart them.',
      )
      .option(
        '--exec <command>',
        "Command to run in the system shell after the switch, such as one that restarts the worker; the command's output goes to stderr",
      )
      .addOption(jsonOption()),
    'on-request',
  ).action(lazyAction(context, async () => (await run()).runRotate));

  command
    .command('prune')
    .summary('Remove unused credential sets')
    .description(
      "Remove credential sets (folders in .kuflow/credentials) that are not referenced by this project's settings files or by environment variables. If a settings file cannot be read, removes nothing. If the engine has not accepted the set in use, keeps the last accepted set and all newer ones. Never removes files that this tool did not write.",
    )
    .option('--dry-run', 'Show what would be removed')
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await run()).runPrune));

  withConnectionOptions(
    command
      .command('token')
      .summary('Print a new engine token')
      .description(
        'Print a new engine token, for use in a script. Workers get and renew their own tokens, so do not store this token for ' +
          'them. In a terminal, the token is printed only with --show.',
      )
      .option('--show', 'Print the token even if standard output is a terminal')
      .addOption(jsonOption('the token and its expiration time')),
  ).action(lazyAction(context, async () => (await run()).runToken));

  const exec = command.command('exec');
  exitStatuses(exec, {
    other: 'exit status of the command',
    2: 'usage error',
    125: 'credentials are missing',
    126: 'the command cannot be run',
    127: 'the command was not found',
  });
  withConnectionOptions(
    exec
      .summary('Run a command with the credentials in its environment')
      .description(
        'Run a command with the credentials in the environment variables that KuFlow workers and Temporal tools read. The variables include a new ' +
          'engine token, which is not renewed while the command runs. Sets TEMPORAL_CONFIG_FILE to a path that does not exist, so the command ignores Temporal profiles. Forwards signals unchanged. The command can use the terminal, but not job control or /dev/tty.',
      )
      .argument('<command...>', 'Command to run; goes after --')
      .usage('[options] -- <command...>')
      .passThroughOptions(),
  )
    .addHelpText('after', EXEC_EXAMPLES)
    .action(lazyAction(context, async () => (await run()).runCredentialsExec));
}

function withConnectionOptions(command: Command, local: true | 'on-request' = true): Command {
  return connectionOptions(command, {
    tenant: WHICH_TENANT,
    engine: true,
    local,
  });
}
