import { Option, type Command } from 'commander';
import { FORMAT_NAMES } from './formats/format-names.ts';
import { connectionOptions } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { CredentialsFlags, PruneFlags, PullExportFlags, RotateFlags, StatusFlags, TokenFlags } from './run.ts';

export function configure(command: Command, context: CommandContext): void {
  command.enablePositionalOptions();
  const run = () => import('./run.ts');

  connected(command.command('pull'))
    .summary('Get the engine certificate for this project')
    .description(
      'Gets an engine certificate, unless the one here is usable, for the same endpoint, application and namespace, and not due for renewal. ' +
        'It is checked and shown to the engine before anything is written. Certificate, key and CA get a folder of their own in .kuflow/credentials; ' +
        'application-local.yaml points to it by one rename, so that a worker sees all of the old or all of the new.',
    )
    .option('--force', 'Get a new one though the one here is fine; let go of pointers to other files')
    .option('--offline', 'Do not show it to the engine')
    .option('--with-token', 'Also get an engine token and keep it beside the certificate; it is soon over')
    .addOption(
      new Option('--format <form>', 'Also write it in another form, edited in place where the target exists').choices(
        FORMAT_NAMES,
      ),
    )
    .option('--output <path>', 'Where to: a file, a folder for pem, or - for standard output')
    .option('--paths', 'dotenv, yaml: name the files of the set instead of holding their content')
    .option('--temporal-profile <name>', 'temporal-toml: the profile; default when absent')
    .option('--secret-name <name>', 'k8s-secret: the name of the Secret; kuflow-worker for a new one')
    .option('--allow-git', 'Write secrets to a file that git tracks or does not ignore')
    .option('--dry-run', 'Say what would be done; nothing is asked for')
    .option('--json', 'Print the result as JSON')
    .action(async (flags: PullExportFlags) => (await run()).runPull(flags, context));

  connected(command.command('status'))
    .summary('Show what is in use, where it comes from and until when')
    .description(
      'Shows each setting with its source and what it shadows, and the certificate that a worker would take, with its end, whatever gives it; files that ' +
        'were pulled against the lock file beside them, and against the settings. Needs no network. Exits 0, or 1 when something does not do.',
    )
    .option(
      '--online',
      'Also ask KuFlow and the engine: this creates an engine token, and a certificate where the settings give none',
    )
    .addOption(new Option('--fail-on <what>', 'Exit 3 for warnings, such as a renewal that is due').choices(['warn']))
    .option('--json', 'Print the result as JSON')
    .action(async (flags: StatusFlags) => (await run()).runStatus(flags, context));

  connected(command.command('rotate'))
    .summary('Get a new certificate and switch to it')
    .description(
      'Gets a new certificate, shows it to the engine (GetSystemInfo, DescribeNamespace) and switches to it. The set of before is kept. A running ' +
        'worker that looks at its files swaps by itself; one that does not keeps the old certificate until it is started again.',
    )
    .option('--exec <command>', "A line for the system's shell, run after the switch; its output goes to stderr")
    .option('--json', 'Print the result as JSON')
    .action(async (flags: RotateFlags) => (await run()).runRotate(flags, context));

  command
    .command('prune')
    .summary('Remove the sets that nothing points to')
    .description(
      "Removes the folders of .kuflow/credentials that no settings file of this project and no variable names; none when such a file can't be read. " +
        'While the engine was not asked about the one in use, the last one that it took stays, and all since. What was put there by others stays.',
    )
    .option('--dry-run', 'Say what would be removed')
    .option('--json', 'Print the result as JSON')
    .action(async (flags: PruneFlags) => (await run()).runPrune(flags, context));

  connected(command.command('token'))
    .summary('Print a new engine token')
    .description(
      'Prints a new engine token, for a script. Workers renew theirs all the time: do not keep this one. On a terminal it is printed only with --show.',
    )
    .option('--show', 'Print it though standard output is a terminal')
    .option('--json', 'As JSON, with expiresAt')
    .action(async (flags: TokenFlags) => (await run()).runToken(flags, context));

  connected(command.command('exec'))
    .summary('Run a command with the credentials in its environment')
    .description(
      "Runs a command with the credentials in its environment only, under the names that KuFlow's workers and Temporal's tools read, and a new engine " +
        'token, which is not renewed. Every signal is passed on as it is, however often, and so is the exit status; 125 when there are no credentials, ' +
        "126 or 127 when the command can't be run. The command may use the terminal, but has no job control and no /dev/tty. TEMPORAL_CONFIG_FILE names " +
        'a file that is not there, so that no profile of yours stands beside the credentials.',
    )
    .argument('<command...>', 'The command, after --')
    .passThroughOptions()
    .addHelpText('after', '\nExample: kuflow credentials exec -- temporal task-queue describe --task-queue LOAN_QUEUE')
    .action(async (words: string[], flags: CredentialsFlags) =>
      (await run()).runCredentialsExec(words, flags, context),
    );
}

function connected(command: Command): Command {
  return connectionOptions(command, { tenant: 'Tenant, for an application of several', engine: true });
}
