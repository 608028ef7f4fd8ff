import type { Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import { exitStatuses } from '../../cli/exit-status-help.ts';
import { lazyAction } from '../../cli/lazy-action.ts';
import { EDIT_STATUSES, editOptions, HOW_FILES_CHANGE, SKIP_PROMPTS } from '../../cli/edit-options.ts';

const EXAMPLES = `
Examples:
  update the code after you have added a task to kuflow.process.yaml
    $ kuflow generate
  show what would change
    $ kuflow generate --dry-run
  change src/workflows.ts without a prompt, even if it has local changes
    $ kuflow generate --edit src/workflows.ts`;

export function configure(command: Command, context: CommandContext): void {
  editOptions(
    exitStatuses(command, { ...EDIT_STATUSES, 0: 'updated, or up to date', 2: 'usage error' }).description(
      'Update the code of the worker project in this folder or a parent folder after you have edited its definition files. ' +
        'Regenerates types, tasks and user actions, and adds new tasks and actions to the workflow, activities and tests. ' +
        `Does nothing if the code is up to date. ${HOW_FILES_CHANGE}`,
    ),
    SKIP_PROMPTS,
  )
    .addHelpText('after', EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runGenerate));
}
