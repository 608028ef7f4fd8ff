import { Option, type Command } from 'commander';
import { connectionOptions } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { CreateFlags } from './answers.ts';
import { processOptions, sampleOption, collectValues } from '../../cli/process-options.ts';

const EXAMPLES = `
Examples:
  by questions, in a terminal
    $ create-kuflow-worker
  a sample process on the local platform, no account needed
    $ create-kuflow-worker loan-worker --local --yes
  a process that you describe
    $ create-kuflow-worker loan-worker --definition kuflow.process.yaml --yes
    $ create-kuflow-worker loan-worker --process LOAN --task APPLY --task SCORE:system \\
        --task-queue LOAN_QUEUE --workflow-type LoanWorkflow --yes
  a process that KuFlow already runs
    $ create-kuflow-worker loan-worker --process LOAN --task-queue LOAN_QUEUE --workflow-type LoanWorkflow --yes`;

export function configure(command: Command, context: CommandContext): void {
  command
    .argument('[folder]', 'Folder of the new project, ~/ for the home folder; its name is the name of the worker')
    .optionsGroup('The process:')
    .option('--definition <file>', 'Process definition to start from (kuflow.process.yaml)')
    .option(
      '--process <code>',
      'Code of the process definition in KuFlow; read from the API unless --task describes it',
    );
  processOptions(command)
    .addOption(collectValues('--task-kind <code=kind>', 'Another kind for a task that was read, again for each'))
    .addOption(
      collectValues('--task-order <code>', 'Another order of the tasks that were read: all codes, one option each'),
    )
    .option('--task-queue <name>', "Task queue, as on the process definition's screen in KuFlow's app")
    .option('--workflow-type <name>', "Workflow type, as on the process definition's screen in KuFlow's app")
    .option('--process-id <uuid>', 'Id of the process definition')
    .option('--tenant-id <uuid>', 'Id of the tenant')
    .addOption(sampleOption())
    .optionsGroup('The connection:')
    .option('--local', 'Made for the local platform: no account, no secret, no endpoint');
  connectionOptions(command, { engine: true })
    .optionsGroup('The project:')
    .addOption(new Option('--language <name>', 'Language of the worker').choices(['typescript']))
    .addOption(
      new Option('--package-manager <name>', 'Package manager; the one in use here, else npm').choices([
        'npm',
        'pnpm',
        'yarn',
        'yarn@1',
        'yarn@4',
        'bun',
      ]),
    )
    .option('--cli-package <spec>', "npm spec of this tool in the project's development dependencies")
    .addOption(
      collectValues('--overwrite <path>', 'Replace this existing file, relative to the project; again for each'),
    )
    .option('--no-install', 'Do not install dependencies')
    .option('--no-git', 'Do not make a git repository')
    .option('--no-check', 'Do not check the connection')
    .optionsGroup('How it runs:')
    .option('--yes', 'Prompts nothing: take the defaults, fail when an answer is missing')
    .option('--dry-run', 'Show what would be written, write nothing')
    .option('--json', 'Print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string | undefined, flags: CreateFlags) => {
      const { runCreate } = await import('./run.ts');
      await runCreate({ ...flags, folder }, context);
    });
}
