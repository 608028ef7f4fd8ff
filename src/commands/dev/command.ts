import { Option, type Command } from 'commander';
import { parseDateOrTime } from '../../cli/date-or-time.ts';
import type { CommandContext } from '../../cli/context.ts';
import { collectValues, exitStatuses, formatExamples, jsonOption, lazyAction } from '../../cli/declarations.ts';
import { usageError } from '../../base/errors.ts';
import { idArgument, limitOption, plainIdArgument, stateDirOption } from '../../cli/process-and-task-options.ts';
import { completedArgument, completedOption } from '../../cli/value-candidates.ts';
import { parseLife } from '../../cli/duration.ts';
import { parsePort, platformOptions, type DevFlags } from '../../cli/platform-options.ts';

const DEV_EXAMPLES = formatExamples({
  'start a local KuFlow for the process in this folder': 'kuflow dev',
  'run the worker with a local KuFlow that stops when the worker does (TypeScript, Java, Python)': [
    'kuflow dev exec -- npm start',
    './kuflow dev exec -- ./mvnw spring-boot:run',
    './kuflow dev exec -- uv run loan-worker',
  ],
  'run one process to completion with the worker': 'kuflow dev simulate -- npm start',
  'start a temporary local KuFlow from a program': 'kuflow dev --json --ephemeral',
});

const EXEC_EXAMPLES = formatExamples({
  'run the worker, and restart it when a file in src changes': 'kuflow dev exec --watch src -- npm start',
  'run a Java program with a trust store that contains the local CA':
    './kuflow dev exec --for java -- ./mvnw spring-boot:run',
});

const OPEN_EXAMPLES = formatExamples({
  'show the newest open task': 'kuflow dev open tasks/latest',
});

const SIMULATE_EXAMPLES = formatExamples({
  "run the project's only process, with example data": 'kuflow dev simulate -- npm start',
  'use your own data, and allow more time': 'kuflow dev simulate LOAN --answers answers.yaml --timeout 5m -- npm start',
});

const ENV_EXAMPLES = formatExamples({
  'set the variables in a POSIX shell': 'eval "$(kuflow dev env)"',
  'set them in PowerShell': '> kuflow dev env | Out-String | Invoke-Expression',
});

const HISTORY_EXAMPLES = formatExamples({
  "record the newest process's history for a TypeScript project's replay test":
    'kuflow dev history latest --output test/histories/approved.json',
});

const SKIP_EXAMPLES = formatExamples({
  'skip until a process changes': 'kuflow dev skip',
  'let a three-day deadline pass': 'kuflow dev skip 3d',
  'skip to a date': 'kuflow dev skip --until 2027-01-01',
});

export function configure(command: Command, context: CommandContext): void {
  exitStatuses(command, {
    0: 'stopped because stdin closed (with --watch-stdin)',
    1: 'the local KuFlow did not start',
    2: 'usage error',
    130: 'stopped by Ctrl-C or a signal',
  });
  platformOptions(command)
    .option(
      '--temporal-ui [port]',
      "Also run Temporal's UI on this port (without a port: on 7484 or the next free one)",
      parsePort,
    )
    .optionsGroup('Scripting options:')
    .option('--json', 'Print JSON lines to stdout: the addresses when the local KuFlow is ready, then events')
    .addOption(
      new Option(
        '--ephemeral',
        'Use free ports and a temporary folder that is removed on exit, and keep data in memory where possible',
      ).conflicts('stateDir'),
    )
    .option('--watch-stdin', 'Stop when stdin closes (default with --json or --ephemeral, if stdin is a pipe)')
    .addOption(new Option('--no-watch-stdin', 'Keep running when stdin closes').hideHelp())
    .optionsGroup('')
    .hook('preSubcommand', (_dev, subcommand) => rejectOptionsBefore(command, subcommand.name()))
    .enablePositionalOptions()
    .description(
      "Run a local KuFlow until you press Ctrl-C. Provides a web console for starting processes and completing their tasks, KuFlow's REST API over HTTP and " +
        'HTTPS, and a real Temporal server behind a gateway that requires mutual TLS and tokens. ' +
        'Serves the process definitions in kuflow.process.yaml and processes/*.process.yaml. If there are no such files, serves a sample process. ' +
        'When you save one of these files, the local KuFlow serves the new content, and kuflow dev regenerates the types and tasks in the project. Stores its state in .kuflow/dev. ' +
        'With --ephemeral, the local KuFlow does not use that state, can run alongside another local KuFlow, and ignores later changes to ' +
        'the definition files. When the local KuFlow is ready, kuflow dev prints one line with its addresses to stdout.',
    )
    .addHelpText('after', DEV_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runDev));

  const exec = command
    .command('exec')
    .summary("Run a command with the local KuFlow's settings")
    .description(
      "Run a command with the local KuFlow's settings in the environment. Uses the local KuFlow already running for this folder, " +
        'or starts one and stops it afterward. If a worker exits on its own after connecting, the command restarts it after 1 to 30 seconds. Does not restart a worker whose exit status is 0 or 2, and gives up after 10 failed starts in a row. In CI, restarts a worker only with --restart.',
    )
    .argument('<command...>', 'Command to run; goes after --')
    .addOption(runtimeOption())
    .option('--restart', 'Restart a worker that exits on its own (default, except in CI)')
    .option('--no-restart', 'Exit when the command exits (default in CI)')
    .addOption(
      collectValues(
        '--watch <path>',
        'Restart the command, even if it has exited, when this file or a file in this folder changes (repeatable)',
      ),
    )
    .usage('[options] -- <command...>')
    .passThroughOptions()
    .action(lazyAction(context, async () => (await import('./run-exec.ts')).runDevExec, command));
  exitStatuses(exec, {
    other: 'exit status of the command',
    2: 'usage error',
    125: 'the local KuFlow did not start',
    126: 'the command cannot be run',
    127: 'the command was not found',
    130: 'interrupted; kuflow waited for the command to stop',
  }).addHelpText('after', EXEC_EXAMPLES);
  platformOptions(exec.optionsGroup('Local KuFlow options:'));

  const simulate = command
    .command('simulate')
    .summary('Run one process to completion with a worker')
    .description(
      'Run one process to completion with a worker. Starts the worker, waits until it polls its task queue, starts a process, completes each human task with valid data, prints the timeline, and stops the worker. ' +
        'Uses the local KuFlow already running for this folder, or starts one and stops it afterward. ' +
        "The worker's health endpoint uses a free port unless WORKER_HEALTHPORT is set. " +
        'The worker does not expose metrics unless WORKER_METRICSPORT is set.\n\n' +
        'Fails early if a task gets stuck, if the workflow fails, if workflow code fails three times in a row or calls an unregistered activity, or if the command that starts the worker exits.',
    )
    .addArgument(
      completedArgument('[code]', 'Process definition code (optional if only one definition is served)', 'processes'),
    )
    .argument('[command...]', 'Command that starts the worker; goes after --')
    .option(
      '--answers <file>',
      'YAML or JSON file with the data that people enter; see `kuflow docs simulate-a-process`',
    )
    .addOption(
      new Option(
        '--timeout <duration>',
        'Time limit for each phase: waiting for the worker to poll, and running the process to completion',
      )
        .default(120, '120s')
        .argParser(parseLife),
    )
    .addOption(
      new Option(
        '--worker-log <file>',
        "Append the worker's output to this file instead of printing it to stderr",
      ).hideHelp(),
    )
    .addOption(jsonOption())
    .usage('[options] [code] -- <command...>')
    .action(lazyAction(context, async () => (await import('./simulate/run.ts')).runSimulate, command));
  exitStatuses(simulate, {
    0: 'the process completed with valid data',
    1: 'the process did not complete, or the worker exited early',
    2: 'usage error',
    4: 'time limit reached',
    130: 'interrupted',
  }).addHelpText('after', SIMULATE_EXAMPLES);
  platformOptions(simulate.optionsGroup('Local KuFlow options:'));

  stateOption(command.command('env'))
    .summary("Print the local KuFlow's settings, including the client secret")
    .description(
      'Print the environment variables that a worker needs to connect to the running local KuFlow, including the client secret.',
    )
    .addOption(runtimeOption())
    .addOption(jsonOption('the names and values'))
    .addHelpText('after', ENV_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run-exec.ts')).runEnv, command));

  stateOption(command.command('open'))
    .summary("Open the local KuFlow's console in a browser")
    .description(
      'Open the console of the running local KuFlow, signed in as the first user. In the console, you can start processes, complete tasks, inspect ' +
        'requests from workers and inject faults.',
    )
    .argument('[path]', 'Path within the console, such as tasks/latest')
    .option('--print', "Print the address, which contains the user's token, instead of opening it")
    .addHelpText('after', OPEN_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run-open.ts')).runOpen, command));

  stateOption(command.command('history'))
    .summary("Print a workflow's history, for a replay test")
    .description(
      "Print a workflow's history from the running local KuFlow as JSON, in the format that Temporal replayers and the Temporal CLI read. " +
        'A process and its workflow have the same ID. Also accepts the IDs of other workflows, such as child workflows. ' +
        'Decrypts the history of a confidential process, so that you can replay it without the key.',
    )
    .addArgument(idArgument('process'))
    .option('--output <file>', 'Write the history to this file, replacing it if it exists')
    .option('--encrypted', 'Leave the payloads of a confidential process encrypted')
    .addHelpText('after', HISTORY_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run-history.ts')).runHistory, command));

  const skip = command.command('skip');
  exitStatuses(skip, {
    0: 'skipped',
    1: 'no process is waiting for a deadline or timer',
    2: 'usage error, or no local KuFlow is running',
    4: 'no worker is polling, or a process did not reach the target time',
  });
  stateOption(skip)
    .summary('Skip time to let deadlines pass (experimental)')
    .description(
      'Move the clock of the running local KuFlow forward. Pauses at each deadline until the worker has handled it. ' +
        'Without a time or --until, skips to the next change in any process. Tokens and certificates still expire in real time. The clock stays ahead until you run `kuflow dev reset`. ' +
        'Experimental: uses a Temporal server feature that might change.',
    )
    .argument('[time]', 'How much time to skip, such as 12h or 3d', parseLife)
    .option('--until <time>', 'Time to skip to: a date, or an ISO 8601 time with a time zone', parseDateOrTime)
    .addOption(jsonOption())
    .addHelpText('after', SKIP_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run-skip.ts')).runSkip, command));

  const webhooks = command
    .command('webhooks')
    .summary('List, show and resend webhook events')
    .description(
      "List, show and resend webhook events. The local KuFlow sends each process's events in order, one at a time. It resends an event until the receiver responds with a 2xx status or a day has passed.",
    );
  stateOption(webhooks.command('list'))
    .summary('List the events, newest first')
    .addOption(completedOption('--process <id>', 'Show only events of this process', 'process-ids'))
    .addOption(limitOption('events'))
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-webhooks.ts')).runWebhookList, command));
  stateOption(webhooks.command('show').addArgument(plainIdArgument('event')))
    .summary('Show an event with its body and the latest response')
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-webhooks.ts')).runWebhookShow, command));
  stateOption(webhooks.command('replay').addArgument(plainIdArgument('event')))
    .summary('Resend an event')
    .description(
      'Resend an event, even if it has already been accepted or has failed. Sends a pending event immediately.',
    )
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-webhooks.ts')).runWebhookReplay, command));

  stateOption(command.command('reset'))
    .summary("Remove the local KuFlow's state")
    .description(
      'Remove the state of the local KuFlow in this folder: processes, tasks, documents, workflows, keys and tokens. Keeps ' +
        'other files in the state folder. Prompts for confirmation; without a terminal, requires --yes. Fails while the local KuFlow is running.',
    )
    .option('-y, --yes', 'Skip the confirmation prompt')
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-reset-export-import.ts')).runReset, command));

  stateOption(command.command('export'))
    .summary("Write the local KuFlow's state to a file")
    .description(
      'Write the complete state of the local KuFlow to a .tar.gz file. Stop the local KuFlow first. Running processes can ' +
        'continue after you import the file in another folder or on another machine. The file contains secrets and is readable only by its owner. It does not contain kuflow.process.yaml or kuflow.people.yaml.',
    )
    .argument('<file>', 'File to write')
    .option('--replace', 'Overwrite the file if it exists')
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-reset-export-import.ts')).runExport, command));

  stateOption(command.command('import'))
    .summary("Restore the local KuFlow's state from a file")
    .description(
      "Restore the local KuFlow's state from a file that `kuflow dev export` wrote. Stop the local KuFlow first. Checks the whole file before changing anything. " +
        'Import a file only if you trust its source, because whoever created the file knows the keys and tokens in it.',
    )
    .argument('<file>', 'File to read')
    .option('--replace', 'Replace the existing state')
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-reset-export-import.ts')).runImport, command));

  command
    .command('server-path')
    .summary("Print the path of the local KuFlow's Temporal server, downloading the server if needed")
    .option('--time-skipping', 'Print the path of the time-skipping test server instead')
    .option('--temporal-path <file>', 'Path to the `temporal` executable to use')
    .action(lazyAction(context, async () => (await import('./run-exec.ts')).runServerPath));
}

/** Subcommands use the options of `kuflow dev`, except for these. */
function rejectOptionsBefore(dev: Command, subcommand: string): void {
  const { json, ephemeral, watchStdin } = dev.opts<DevFlags>();
  const options = { '--json': json, '--ephemeral': ephemeral, '--watch-stdin': watchStdin };
  for (const [option, value] of Object.entries(options))
    if (value !== undefined)
      throw usageError(`${option} applies only to kuflow dev itself, not to kuflow dev ${subcommand}`);
}

function stateOption(command: Command): Command {
  return command.addOption(stateDirOption());
}

function runtimeOption(): Option {
  return new Option(
    '--for <runtime>',
    "Also prepare the environment for this runtime. For Java, this creates a trust store with the local CA and sets the variables that KuFlow's Spring samples read (requires a JDK)",
  ).choices(['java']);
}
