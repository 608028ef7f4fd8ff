import { Option, type Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import { collectValues, exitStatuses, formatExamples, lazyAction } from '../../cli/declarations.ts';
import {
  changeOptions,
  dataOptions,
  idArgument,
  limitOption,
  localChangeOptions,
  sessionOptions,
  setOption,
  stateOption,
} from '../../cli/process-and-task-options.ts';
import { completedArgument } from '../../cli/value-candidates.ts';

const EXAMPLES = formatExamples({
  'start a process in a folder with only one definition': 'kuflow process start',
  'watch the newest process until it ends': 'kuflow process show latest --watch',
  'list the running processes': 'kuflow process list --state running',
});

const START_EXAMPLES = formatExamples({
  'start a process in a folder with only one definition': 'kuflow process start',
  'start a process with metadata': 'kuflow process start LOAN --set firstName=Jane --set lastName=Miller',
  'start a process with valid example metadata and wait until it ends': 'kuflow process start LOAN --fake --wait',
});

const SIGNAL_EXAMPLES = formatExamples({
  'signal the newest process': 'kuflow process signal latest remind',
  'pass an object, or any other JSON value': [
    'kuflow process signal latest changeAmount --set amount=500',
    'kuflow process signal 3f2a9c approve --input true',
  ],
});

const ACT_EXAMPLES = formatExamples({
  'invoke the WITHDRAW action on the newest process': 'kuflow process act latest WITHDRAW',
  "start an action's workflow and wait until it ends": 'kuflow process act latest EXPORT --wait',
  'invoke an action with input': 'kuflow process act 3f2a9c CHANGE_AMOUNT --set amount=500',
});

export function configure(command: Command, context: CommandContext): void {
  command
    .addHelpText('after', EXAMPLES)
    .description(
      'Start, show, signal and cancel processes, and invoke their user actions. If a connection to KuFlow is configured, the commands act on your tenant as the configured application. ' +
        "Otherwise, or with --local, they act on this folder's local KuFlow as one of its users. " +
        'For process definitions, see `kuflow definitions`.',
    );

  const start = changeOptions(
    dataOptions(
      command.command('start'),
      'metadata',
      'Start the process even if the metadata does not match its schema',
    )
      .addArgument(
        completedArgument(
          '[code]',
          'Process definition code (optional if there is only one definition)',
          'served-processes',
        ),
      )
      .summary('Start a process')
      .description('Start a process. Without --json, prints only the process ID to stdout.')
      .option('--wait', 'Wait until the process ends'),
  );
  exitStatuses(start, {
    0: 'started; with --wait, completed',
    1: 'failed or, with --wait, the process was canceled',
    2: 'usage error, or --yes is missing for a change on your tenant',
  })
    .addHelpText('after', START_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runProcessStart));

  sessionOptions(
    command
      .command('list')
      .addArgument(completedArgument('[code]', 'Show only processes of this definition', 'served-processes'))
      .summary('List processes, newest first')
      .addOption(stateOption('process', 'processes'))
      .addOption(limitOption('processes')),
  ).action(lazyAction(context, async () => (await import('./run.ts')).runProcessList));

  const show = sessionOptions(
    command
      .command('show')
      .addArgument(idArgument('process'))
      .summary('Show a process with its metadata and timeline')
      .description(
        "Show a process's metadata and timeline. On your tenant, shows the process items instead of the timeline.",
      )
      .option('--watch', 'Keep watching until the process ends'),
  );
  exitStatuses(show, {
    0: 'shown; with --watch, completed',
    1: 'failed or, with --watch, the process was canceled',
    2: 'usage error, or no process matches',
  }).action(lazyAction(context, async () => (await import('./run.ts')).runProcessShow));

  localChangeOptions(
    command
      .command('signal')
      .addArgument(idArgument('process', 'active'))
      .argument('<name>', 'Signal name')
      .summary("Send a signal to a running process's workflow (local KuFlow only)")
      .description(
        "Send a signal to a running process's workflow. Works only on the local KuFlow, because KuFlow's API cannot send signals. " +
          'A workflow ignores a signal that it does not handle. To invoke a user action, use `kuflow process act` instead. In a confidential process, the input is encrypted.',
      )
      .addOption(
        collectValues(
          '--set <name=value>',
          'Set one property of the input (repeatable). The value is parsed as JSON if possible',
        ),
      )
      .addOption(new Option('--input <json>', 'Input as JSON (default: no input)').conflicts('set')),
  )
    .addHelpText('after', SIGNAL_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runProcessSignal));

  sessionOptions(
    command
      .command('actions')
      .addArgument(idArgument('process'))
      .summary('List the user actions that you can invoke on a process')
      .description(
        'List the user actions that you can invoke on a process. On the local KuFlow, also lists the actions that have already been invoked, with the ' +
          "task queues of their workflows. KuFlow's API cannot list actions, so on your tenant, the command lists the actions in this folder's definition file.",
      ),
  ).action(lazyAction(context, async () => (await import('./run.ts')).runProcessActions));

  const act = changeOptions(
    command
      .command('act')
      .addArgument(idArgument('process', 'active'))
      .argument('<code>', 'User action code')
      .summary('Invoke a user action on a process')
      .description("Invoke a user action on a running process. Prints the action's ID to stdout.")
      .addOption(setOption("input or, if the action starts a process, of the new process's metadata"))
      .option('--text <text>', 'Text of the message to create')
      .option('--thread <id>', 'ID of the thread in which to create the task or message')
      .option('--wait', 'Wait until the action ends'),
  );
  exitStatuses(act, {
    0: 'invoked; with --wait, completed',
    1: 'the action could not be invoked or, with --wait, it failed or was canceled',
    2: 'usage error, or --yes is missing for a change on your tenant',
  })
    .addHelpText('after', ACT_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runProcessAct));

  changeOptions(
    command.command('cancel').addArgument(idArgument('process', 'active')).summary('Cancel a running process'),
  ).action(lazyAction(context, async () => (await import('./run.ts')).runProcessCancel));
}
