import type { Command } from 'commander';
import { connectionOptions, WHICH_TENANT } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { collectValues, exitStatuses, formatExamples, lazyAction } from '../../cli/declarations.ts';
import { EDIT_STATUSES, editOptions, HOW_FILES_CHANGE, SKIP_PROMPTS } from '../../cli/edit-options.ts';
import { processOptions, sampleOption } from '../../cli/process-source-options.ts';
import { completedArgument, completedOption, withCandidates } from '../../cli/value-candidates.ts';

const EXAMPLES = formatExamples({
  'add a task that a person completes': 'kuflow add task REVIEW',
  'add a user action that signals the workflow': 'kuflow add action WITHDRAW --available-to initiator',
  'add another process': 'kuflow add process --definition leave.yaml',
  'add an activity': 'kuflow add activity sendMail',
});

const TASK_EXAMPLES = formatExamples({
  'append a task that a person completes': 'kuflow add task REVIEW --name "Review the request"',
  'insert a system task after APPLY, with a schema for its data':
    'kuflow add task SCORE:system --after APPLY --schema score.json',
  'show what would change, in a project with several processes': 'kuflow add task REVIEW --process LEAVE --dry-run',
});

const ACTION_EXAMPLES = formatExamples({
  'add an action that signals the workflow': 'kuflow add action WITHDRAW --available-to initiator',
  'add an action that returns a document from a separate workflow':
    'kuflow add action EXPORT:downloadable --name "Export as a file"',
  'add an action that creates a task': 'kuflow add action ESCALATE:create-task --task ESCALATION',
});

const PROCESS_EXAMPLES = formatExamples({
  'describe the process with options or in a file': [
    'kuflow add process LEAVE --task REQUEST --task BOOK:system --workflow-type LeaveWorkflow',
    'kuflow add process --definition leave.yaml',
  ],
  'read a process that already exists in KuFlow': 'kuflow add process LEAVE --workflow-type LeaveWorkflow',
});

const ACTIVITY_EXAMPLES = formatExamples({
  'add an activity': 'kuflow add activity sendMail',
  'change src/activities.ts without a prompt, even if it has local changes':
    'kuflow add activity sendMail --edit src/activities.ts',
});

const GENERATE_EXAMPLES = formatExamples({
  'update the code after you add a task to kuflow.process.yaml': 'kuflow generate',
  'show what would change': 'kuflow generate --dry-run',
  'change src/workflows.ts without a prompt, even if it has local changes': 'kuflow generate --edit src/workflows.ts',
});

export function configure(command: Command, context: CommandContext): void {
  command.description(
    'Add a task, a user action, a process or an activity to the worker project in this folder or a parent folder. Regenerates the files that you have not edited, and prints the diff of each changed file. ' +
      'In a terminal, merges changes into edited files after you confirm. Without a terminal or with --yes, merges them only into files that you name with --edit. If a change cannot be merged, leaves the file unchanged and prints what to change. ' +
      'Does not rename your functions, types or files.',
  );
  command.addHelpText('after', EXAMPLES);

  const task = exitStatuses(command.command('task'), EDIT_STATUSES)
    .argument(
      '<code[:kind]>',
      'Task code, exactly as defined in KuFlow. Kind: human, system, message or thread (default: human)',
    )
    .summary("Add a task to one of the project's processes")
    .description(
      `Add a task to a process definition and to the generated code. For a task that is already in the definition, updates only the worker's code. ${HOW_FILES_CHANGE}`,
    )
    .optionsGroup('Task options:')
    .addOption(
      completedOption(
        '--process <code>',
        'Process to add the task to; required if the project has more than one',
        'project-processes',
      ),
    )
    .addOption(completedOption('--after <code>', 'Insert after this task (default: at the end)', 'project-tasks'))
    .option('--name <text>', 'Display name')
    .option('--schema <file>', "JSON Schema for the task's data")
    .addHelpText('after', TASK_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runAddTask));

  const action = exitStatuses(command.command('action'), EDIT_STATUSES)
    .argument(
      '<code[:type]>',
      'Action code, exactly as defined in KuFlow. Type: send-workflow-signal, start-workflow, downloadable, create-task, create-process-item-message, ' +
        'create-process-item-thread or start-related-process (default: send-workflow-signal)',
    )
    .summary("Add a user action to one of the project's processes")
    .description(
      'Add a user action to a process definition. If the action sends a signal or starts a workflow, also adds the signal handler ' +
        `or the workflow to the worker. For an action that is already in the definition, updates only the worker's code. ${HOW_FILES_CHANGE}`,
    )
    .optionsGroup('Action options:')
    .addOption(
      completedOption(
        '--process <code>',
        'Process to add the action to; required if the project has more than one',
        'project-processes',
      ),
    )
    .option('--name <text>', 'Display name')
    .addOption(
      withCandidates(
        collectValues(
          '--available-to <who>',
          'Who may invoke the action: initiator or process-manager (repeatable; default: both)',
        ),
        ['initiator', 'process-manager'],
      ),
    )
    .option('--signal <name>', 'Signal name for send-workflow-signal (default: derived from the code)')
    .option('--schema <file>', 'JSON Schema for the send-workflow-signal input')
    .option(
      '--workflow-type <name>',
      'Workflow type for start-workflow and downloadable (default: derived from the code)',
    )
    .addOption(completedOption('--task <code>', 'Task, message or thread that the action creates', 'project-tasks'))
    .option('--related-process <code>', 'Process that start-related-process starts')
    .addHelpText('after', ACTION_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runAddAction));

  const process = exitStatuses(command.command('process'), EDIT_STATUSES)
    .addArgument(
      completedArgument('[code]', 'Process definition code in KuFlow; not needed with --definition', 'processes'),
    )
    .summary('Add another process to the worker')
    .description(
      'Add a process with its own definition, workflow and tests. The process is read from KuFlow unless you describe it with --definition or --task. A ' +
        `worker polls a single task queue, so the new process uses the project's task queue. ${HOW_FILES_CHANGE}`,
    )
    .optionsGroup('Process options:')
    .option('--definition <file>', 'Read the process from a definition file (kuflow.process.yaml)');
  processOptions(process)
    .option('--workflow-type <name>', 'Workflow type, as set in the process definition in the KuFlow app')
    .option('--task-queue <name>', "Task queue; must match the project's task queue (the default)")
    .option('--process-id <uuid>', 'ID of the process definition, to record in the definition file')
    .option('--tenant-id <uuid>', WHICH_TENANT)
    .addOption(sampleOption());
  connectionOptions(process)
    .addHelpText('after', PROCESS_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run-process.ts')).runAddProcess));

  const activity = exitStatuses(command.command('activity'), EDIT_STATUSES)
    .argument('<name>', 'Name of the function and the activity')
    .summary('Add an activity')
    .description(
      `Add an activity: a typed function that you implement. In a project with several processes, adds the activity to the first process. For the other processes, write activities by hand. ${HOW_FILES_CHANGE}`,
    )
    .addHelpText('after', ACTIVITY_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runAddActivity));

  editOptions(task, `${SKIP_PROMPTS}. Also accepts a code that differs from an existing one only in capitalization`);
  for (const kind of [action, process, activity]) editOptions(kind, SKIP_PROMPTS);
}

export function configureGenerate(command: Command, context: CommandContext): void {
  editOptions(
    exitStatuses(command, { ...EDIT_STATUSES, 0: 'updated, or up to date', 2: 'usage error' }).description(
      'Update the code of the worker project in this folder or a parent folder after you edit its definition files. ' +
        'Updates types, tasks and user actions, and adds new tasks and actions to the workflow, activities and tests. ' +
        `Does nothing if the code is up to date. ${HOW_FILES_CHANGE}`,
    ),
    SKIP_PROMPTS,
  )
    .addHelpText('after', GENERATE_EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runGenerate));
}
