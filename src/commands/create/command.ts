import { Option, type Command } from 'commander';
import { CONNECTION_OPTIONS, connectionOptions, WHICH_TENANT } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { collectChoices, collectValues, exitStatuses, formatExamples, jsonOption } from '../../cli/declarations.ts';
import { EDITOR_IDS, LANGUAGE_IDS, LIBRARY_SOURCES } from '../../languages/language-ids.ts';
import { completedOption } from '../../cli/value-candidates.ts';
import type { CreateFlags } from './answers.ts';
import { processOptions, sampleOption } from '../../cli/process-source-options.ts';

const EXAMPLES = formatExamples({
  'answer prompts in a terminal': 'npx create-kuflow-worker',
  'start from a sample process on the local KuFlow; needs no account':
    'npx create-kuflow-worker loan-worker --local --yes',
  'describe the process in a file or with options': [
    'npx create-kuflow-worker loan-worker --definition kuflow.process.yaml --yes',
    'npx create-kuflow-worker loan-worker --process LOAN --task APPLY --task SCORE:system \\\n        --task-queue LOAN_QUEUE --workflow-type LoanWorkflow --yes',
  ],
  'start from the worker sample that the KuFlow app generates':
    'npx create-kuflow-worker loan-worker --from worker-sample.zip --process LOAN --yes',
  'start from a process that already exists in KuFlow (run kuflow login first)':
    'npx create-kuflow-worker loan-worker --process LOAN --task-queue LOAN_QUEUE --workflow-type LoanWorkflow --yes',
});

export function configure(command: Command, context: CommandContext): void {
  exitStatuses(command, {
    0: 'created',
    1: 'failed, or the project was created but the installation or the connection check failed',
    2: 'usage error, such as a missing option',
    4: 'created, but the connection check was inconclusive',
    130: 'interrupted',
  });
  command
    .description(
      'Create a worker project for a KuFlow process.\n\nIn a terminal, the command prompts for anything that you leave out. With ' +
        '--yes or without a terminal, pass a folder and one of the following: --local, for a sample process; --definition; --from with --process; ' +
        'or --process with --task-queue and --workflow-type. If you pass --process without --task or --from, the tasks are read from ' +
        'KuFlow, which requires credentials.',
    )
    .argument('[folder]', "Folder for the new project; the folder's name becomes the worker's name")
    .optionsGroup('Process options:')
    .option('--definition <file>', 'Read the process from a definition file (kuflow.process.yaml)')
    .option(
      '--from <path>',
      "Read the task queue, workflow type and tasks from the KuFlow app's worker sample (a zip file or a folder)",
    )
    .addOption(
      completedOption(
        '--process <code>',
        'Code of the process definition. Unless you pass --task or --from, its tasks are read from KuFlow, which requires credentials',
        'processes',
      ),
    );
  processOptions(command)
    .addOption(
      collectValues(
        '--task-kind <code=kind>',
        'Override the kind of a task read from KuFlow or a worker sample (repeatable)',
      ),
    )
    .addOption(
      collectValues(
        '--task-order <code>',
        'Set the order of the tasks read from KuFlow or a worker sample; pass the option once per task, in order',
      ),
    )
    .option('--task-queue <name>', 'Task queue, as set in the process definition in the KuFlow app')
    .option('--workflow-type <name>', 'Workflow type, as set in the process definition in the KuFlow app')
    .option('--process-id <uuid>', 'ID of the process definition, to record in the definition file')
    .option('--tenant-id <uuid>', WHICH_TENANT)
    .addOption(sampleOption())
    .optionsGroup(CONNECTION_OPTIONS)
    .option(
      '--local',
      'Configure the project for the local KuFlow, which does not need an account. Creates a sample process unless you describe a process with --definition, or with --process and --task',
    );
  connectionOptions(command, { engine: true })
    .optionsGroup('Project options:')
    .addOption(
      new Option(
        '--language <name>',
        'Language of the worker (default: the language of the --from sample, otherwise typescript)',
      ).choices(LANGUAGE_IDS),
    )
    .option('--package <name>', 'Package name for Java or Python code (default: derived from the project name)')
    .addOption(
      new Option(
        '--package-manager <name>',
        'Package manager (default: the one running this command, otherwise npm; for Python, uv if it is installed, otherwise pip)',
      ).choices(['npm', 'pnpm', 'yarn', 'yarn@1', 'yarn@4', 'bun', 'uv', 'pip']),
    )
    .addOption(
      collectChoices(
        '--editor <name>',
        'Add run configurations for an editor; intellij is for Java only (repeatable; default: none)',
        EDITOR_IDS,
      ),
    )
    .addOption(
      new Option(
        '--library <source>',
        'Where the project gets the kuflow-worker library from: an archive in the project, or a registry (default: archive)',
      ).choices(LIBRARY_SOURCES),
    )
    .option(
      '--template <source>',
      'Add files from your own template, replacing generated files that have the same names. The template is a folder or a git URL. A URL can end with #<branch, tag or commit>',
    )
    .addOption(
      new Option(
        '--cli-package <spec>',
        'npm package spec that the project uses for this CLI, such as file:create-kuflow-worker-0.1.0.tgz',
      ).hideHelp(),
    )
    .option(
      '--workspace',
      'Make the project a member of the workspace or Maven build in a parent folder (default if that workspace or build already lists the project folder)',
    )
    .option('--no-workspace', 'Create a separate project, even in a folder that belongs to a workspace')
    .addOption(
      collectValues('--overwrite <path>', 'Overwrite this existing file (path relative to the project; repeatable)'),
    )
    .option('--no-install', 'Skip installing dependencies')
    .option('--no-git', 'Skip creating a git repository')
    .option('--no-check', 'Skip the connection check')
    .optionsGroup('Run options:')
    .option('-y, --yes', 'Skip prompts: use defaults, and fail if a required option is missing')
    .option('--dry-run', 'Show what would be written, without writing anything')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string | undefined, flags: CreateFlags) => {
      const { runCreate } = await import('./run.ts');
      await runCreate({ ...flags, folder }, context);
    });
}
