import type { Command } from 'commander';
import { connectionOptions } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { exitStatuses, formatExamples, lazyAction } from '../../cli/declarations.ts';
import { editOptions } from '../../cli/edit-options.ts';
import { sampleOption } from '../../cli/process-source-options.ts';
import { completedOption } from '../../cli/value-candidates.ts';
import type { SyncFlags } from './run.ts';

const EXAMPLES = formatExamples({
  "compare the project's tasks with those in KuFlow, and write the changes after you confirm": 'kuflow sync',
  'also compare fields, using the data of up to 25 processes or process items': 'kuflow sync --sample 25',
  'compare with the worker sample from the KuFlow app; needs no credentials': 'kuflow sync --from worker-sample.zip',
  'fail in CI if the definition no longer matches': 'kuflow sync --check',
  'write all changes without prompting, including changes to src/workflows.ts, which you have edited':
    'kuflow sync --yes --edit src/workflows.ts',
});

export function configure(command: Command, context: CommandContext): void {
  exitStatuses(command, {
    0: 'done, or the definition matches',
    1: 'the definition differs (with --check)',
    2: 'usage error, or the connection is not configured',
    3: 'some changes are left for you to make by hand',
    4: 'could not determine whether the definition matches',
  });
  command
    .description(
      'Compare your definition of a process with the process in KuFlow, print each difference and the evidence for it, and offer to update the ' +
        "definition and the generated code. Does not work with the local KuFlow. KuFlow's API does not return definitions, so kuflow derives the definition from existing processes, which takes " +
        'up to 30 requests, or more with a large --sample. With --sample, also compares fields; only keys and ' +
        'types are kept, never values. Reports a task or field as removed only if existing processes show that it is gone. Merges changes into edited files only if you confirm or pass --edit.',
    )
    .optionsGroup('Sync options:')
    .addOption(
      completedOption(
        '--process <code>',
        'Process to compare; required if the project has several. To compare all processes instead, pass --check without --from',
        'project-processes',
      ),
    )
    .addOption(sampleOption(0))
    .option(
      '--from <path>',
      'Compare the task queue, workflow type and tasks with those in a worker sample from the KuFlow app (a zip file or a folder) instead of using the API',
    )
    .option('--check', 'Write nothing, and exit with status 1 if the definition differs');
  connectionOptions(command, { tenant: 'Compare only with processes in this tenant' });
  editOptions(
    command,
    'Write the changes without prompting. Files with local changes are left unchanged unless you name them with --edit',
  )
    .addHelpText('after', EXAMPLES)
    .action(lazyAction<[SyncFlags]>(context, async () => (await import('./run.ts')).runSync));
}
