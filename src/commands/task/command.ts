import type { Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import { formatExamples, lazyAction } from '../../cli/declarations.ts';
import {
  changeOptions,
  dataOptions,
  idArgument,
  limitOption,
  localChangeOptions,
  sessionOptions,
  stateOption,
} from '../../cli/process-and-task-options.ts';
import { completedArgument, completedOption } from '../../cli/value-candidates.ts';

const EXAMPLES = formatExamples({
  'list the open tasks': 'kuflow task list',
  'complete the newest task with valid example data': 'kuflow task complete latest --fake',
  'assign a task to a user': 'kuflow task assign APPROVE_LOAN ada@example.com',
});

const COMPLETE_EXAMPLES = formatExamples({
  'complete the newest task with valid example data': 'kuflow task complete latest --fake',
  'set one property': 'kuflow task complete latest --set approved=true',
  'read the data from a file': 'kuflow task complete LOAN_APPLICATION --data loan-application.yaml',
});

export function configure(command: Command, context: CommandContext): void {
  command
    .addHelpText('after', EXAMPLES)
    .description(
      'List tasks, and claim, assign, save and complete them. If a connection to KuFlow is configured, the commands act on your tenant as the configured application. ' +
        "Otherwise, or with --local, they act on this folder's local KuFlow as one of its users.",
    );

  sessionOptions(
    command
      .command('list')
      .addArgument(completedArgument('[code]', 'Show only tasks with this code', 'served-tasks'))
      .summary('List tasks, newest first')
      .description('List tasks, newest first. Without --state, lists only open tasks (ready or claimed).')
      .addOption(completedOption('--process <id>', 'Show only tasks in this process', 'process-ids'))
      .addOption(stateOption('task', 'tasks'))
      .addOption(limitOption('tasks')),
  ).action(lazyAction(context, async () => (await import('./run.ts')).runTaskList));

  sessionOptions(
    command.command('show').addArgument(idArgument('task')).summary('Show a task with its data and log'),
  ).action(lazyAction(context, async () => (await import('./run.ts')).runTaskShow));

  changeOptions(command.command('claim').addArgument(idArgument('task', 'active')).summary('Claim a task')).action(
    lazyAction(context, async () => (await import('./run.ts')).runTaskClaim),
  );

  localChangeOptions(
    command
      .command('release')
      .addArgument(idArgument('task', 'active'))
      .summary('Release a task that you have claimed (local KuFlow only)')
      .description(
        "Release a claimed task so that others can claim it. KuFlow's API cannot release tasks, so the command works only on the local KuFlow.",
      ),
  ).action(lazyAction(context, async () => (await import('./run.ts')).runTaskRelease));

  changeOptions(
    command
      .command('assign')
      .addArgument(idArgument('task', 'active'))
      .addArgument(completedArgument('<assignee>', 'Email address of a user, or ID of a user or application', 'users'))
      .summary('Assign a task to a user or an application')
      .description('Assign an open task to a user or an application, even if someone else has claimed it.'),
  ).action(lazyAction(context, async () => (await import('./run.ts')).runTaskAssign));

  changeOptions(
    dataOptions(command.command('save'), 'data', 'Save the data even if it does not match its schema')
      .addArgument(idArgument('task', 'active'))
      .summary("Save a task's data without completing it")
      .description(
        'Claim a task if it is unclaimed, then save its data. You may leave out required properties. Data that violates the schema in ' +
          'any other way is rejected before anything changes, unless you pass --allow-invalid.',
      ),
  ).action(lazyAction(context, async () => (await import('./run.ts')).runTaskSave));

  changeOptions(
    dataOptions(command.command('complete'), 'data', 'Complete the task even if the data does not match its schema')
      .addArgument(idArgument('task', 'active'))
      .summary('Complete a task')
      .description(
        'Claim a task if it is unclaimed, then save its data and complete it. Without --data, --set or --fake, the task keeps its current data. ' +
          'Data that does not match the schema is rejected before anything changes, unless you pass --allow-invalid.',
      ),
  )
    .addHelpText('after', COMPLETE_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runTaskComplete));
}
