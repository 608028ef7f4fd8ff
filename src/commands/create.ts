import { InvalidArgumentError, Option, type Command } from 'commander';
import type { CommandContext } from './context.ts';
import type { CreateFlags } from './create-flags.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

function several(flags: string, description: string): Option {
  return new Option(flags, description).argParser(collect);
}

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
    .argument('[folder]', 'Folder of the new project; its name is the name of the worker')
    .optionsGroup('The process:')
    .option('--definition <file>', 'Process definition to start from (kuflow.process.yaml)')
    .option(
      '--process <code>',
      'Code of the process definition in KuFlow; read from the API unless --task describes it',
    )
    .addOption(
      several('--task <code[:kind]>', 'A task, again for each; kind is human, system, message or thread (human)'),
    )
    .addOption(several('--task-schema <code=file>', 'JSON Schema of the data of a task, again for each'))
    .addOption(several('--task-kind <code=kind>', 'Another kind for a task that was read, again for each'))
    .addOption(several('--task-order <code>', 'Another order of the tasks that were read: all codes, one option each'))
    .option('--metadata-schema <file>', 'JSON Schema of the metadata of the process')
    .option('--task-queue <name>', "Task queue, as on the process definition's screen in KuFlow's app")
    .option('--workflow-type <name>', "Workflow type, as on the process definition's screen in KuFlow's app")
    .option('--process-id <uuid>', 'Id of the process definition')
    .option('--tenant-id <uuid>', 'Id of the tenant')
    .addOption(
      new Option(
        '--sample <count>',
        'Read up to this many existing instances to infer shapes; only keys and types are kept',
      ).argParser(count),
    )
    .optionsGroup('The connection:')
    .option('--local', 'Made for the local platform: no account, no secret, no endpoint')
    .option('--client-id <id>', 'Client id of the application')
    .option(
      '--client-secret-file <file>',
      'File that holds the client secret; or KUFLOW_API_CLIENTSECRET in the environment',
    )
    .option('--client-secret-stdin', 'Read the client secret from standard input')
    .option('--endpoint <url>', "Address of KuFlow's REST API")
    .option('--target <host:port>', "Address of KuFlow's Temporal engine")
    .option('--ca <file>', "PEM file of certificates to trust besides the runtime's own")
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
    .addOption(several('--overwrite <path>', 'Replace this existing file, relative to the project; again for each'))
    .option('--no-install', 'Do not install dependencies')
    .option('--no-git', 'Do not make a git repository')
    .option('--no-check', 'Do not check the connection')
    .optionsGroup('How it runs:')
    .option('--yes', 'Ask nothing: take the defaults, fail when an answer is missing')
    .option('--dry-run', 'Show what would be written, write nothing')
    .option('--json', 'Print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (folder: string | undefined, flags: CreateFlags) => {
      const { runCreate } = await import('./create-run.ts');
      const keys = Object.keys(flags) as (keyof CreateFlags)[];
      const given = new Set(keys.filter((key) => command.getOptionValueSource(key) === 'cli'));
      await runCreate({ ...(folder === undefined ? {} : { folder }), flags, given }, context);
    });
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('A whole number from 1 on is expected.');
  return value;
}
