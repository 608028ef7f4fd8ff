import type { Command } from 'commander';
import { connectionOptions } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { processOptions, sampleOption, collectValues } from '../../cli/process-options.ts';
import type { AddFlags } from './run-addition.ts';
import type { AddTaskFlags } from './run.ts';
import type { AddProcessFlags } from './run-process.ts';

const KEEPS =
  'Files that nobody edited are written, as the definition says by now; the definition is changed where it has to be. A file that was edited by hand ' +
  'gets the change beside the edits: on a terminal after a question, else only when --edit names it. Where both meet, it is left, and the diff says ' +
  'what to do. The diff of each file is shown, and of a new one its length. Exits 3 when something is left.';

const TASK_EXAMPLES = `
Examples:
  a task that a person completes, at the end
    $ kuflow add task REVIEW --name "Review the request"
  one that the worker does itself, after another, with the shape of its data
    $ kuflow add task SCORE:system --after APPLY --schema score.json
  one that you wrote into kuflow.process.yaml by hand
    $ kuflow add task ARCHIVE
  see what would change in a project with several processes
    $ kuflow add task REVIEW --process LEAVE --dry-run`;

const PROCESS_EXAMPLES = `
Examples:
  a process that you describe
    $ kuflow add process LEAVE --task REQUEST --task BOOK:system --workflow-type LeaveWorkflow
    $ kuflow add process --definition leave.yaml
  a process that KuFlow already runs
    $ kuflow add process LEAVE --workflow-type LeaveWorkflow`;

const ACTIVITY_EXAMPLES = `
Examples:
    $ kuflow add activity sendMail
  src/activities.ts was edited by hand, and there is no terminal
    $ kuflow add activity sendMail --edit src/activities.ts`;

export function configure(command: Command, context: CommandContext): void {
  command.description(
    'Adds a task, a process or an activity of your own to the worker project of this folder, or of a folder above. Names that are there never change.',
  );

  const task = command
    .command('task')
    .argument('<code[:kind]>', 'Code of the task in KuFlow; kind is human, system, message or thread (human)')
    .summary('Add a task to a process of the project')
    .description(
      `Adds a task to a process: to its definition, and to the code that follows from it. One that you wrote into the definition yourself comes into the code. ${KEEPS}`,
    )
    .optionsGroup('The task:')
    .option('--process <code>', 'Process that gets it; needed when the project has several')
    .option('--after <code>', 'Task that it comes after; the last one unless given')
    .option('--name <text>', 'What people call it')
    .option('--schema <file>', 'JSON Schema of its data')
    .addHelpText('after', TASK_EXAMPLES)
    .action(async (code: string, flags: AddTaskFlags) => {
      const { runAddTask } = await import('./run.ts');
      await runAddTask(code, flags, context);
    });

  const process = command
    .command('process')
    .argument('[code]', 'Code of the process definition in KuFlow; not needed with --definition')
    .summary('Add a process that the same worker runs')
    .description(
      'Adds a process with a definition, a workflow and tests of its own. It is read from the API unless --definition or --task describes it. The ' +
        `worker polls one task queue, so the process has that of the project. ${KEEPS}`,
    )
    .optionsGroup('The process:')
    .option('--definition <file>', 'Process definition to start from (kuflow.process.yaml)');
  processOptions(process)
    .option('--workflow-type <name>', "Workflow type, as on the process definition's screen in KuFlow's app")
    .option('--task-queue <name>', 'Only that of the project, which is the default')
    .option('--process-id <uuid>', 'Id of the process definition')
    .option('--tenant-id <uuid>', 'Id of the tenant')
    .addOption(sampleOption())
    .optionsGroup('The connection, to read the process from the API:');
  connectionOptions(process)
    .addHelpText('after', PROCESS_EXAMPLES)
    .action(async (code: string | undefined, flags: AddProcessFlags) => {
      const { runAddProcess } = await import('./run-process.ts');
      await runAddProcess(code, flags, context);
    });

  const activity = command
    .command('activity')
    .argument('<name>', 'Name of the function, which is the name of the activity')
    .summary('Add an activity of your own')
    .description(`Adds an activity to src/activities.ts: a typed function for you to fill in. ${KEEPS}`)
    .addHelpText('after', ACTIVITY_EXAMPLES)
    .action(async (name: string, flags: AddFlags) => {
      const { runAddActivity } = await import('./run.ts');
      await runAddActivity(name, flags, context);
    });

  for (const kind of [task, process, activity]) commonOptions(kind);
}

function commonOptions(command: Command): void {
  command
    .optionsGroup('How it runs:')
    .addOption(collectValues('--edit <path>', 'Change this file, though it was edited by hand; again for each'))
    .option('--yes', 'Prompts nothing: leave what was edited by hand unless --edit names it')
    .option('--dry-run', 'Show the diff, new files in full, and write nothing')
    .option('--json', 'Print the result as JSON');
}
