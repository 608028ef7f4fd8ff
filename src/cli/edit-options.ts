import type { Command } from 'commander';
import { collectValues, jsonOption } from './declarations.ts';

export const HOW_FILES_CHANGE =
  'Regenerates files that you have not edited. Merges changes into edited files only if you confirm or pass --edit.';

export const SKIP_PROMPTS =
  'Skip prompts. Files with local changes are left unchanged unless you name them with --edit';

export const EDIT_STATUSES = {
  0: 'done',
  1: 'failed',
  2: 'usage error, or nothing to add',
  3: 'a file was left unchanged: change it by hand, or repeat the command with --edit <path>',
} as const;

/** The options of commands that change files of a project. `yes`: what `--yes` does. */
export function editOptions(command: Command, yes: string): Command {
  return command
    .optionsGroup('Run options:')
    .addOption(
      collectValues('--edit <path>', 'Merge the change into this file even if it has local changes (repeatable)'),
    )
    .option('-y, --yes', yes)
    .option('--dry-run', 'Show the diff, with new files in full, without writing anything')
    .addOption(jsonOption());
}
