import type { Command } from 'commander';
import { jsonOption } from './json-option.ts';
import { collectValues } from './process-options.ts';

export const HOW_FILES_CHANGE =
  'Regenerates files that you have not edited. Merges into edited files after you confirm, or with --edit. Exits with status 3 if a file is left for you to change.';

export const SKIP_PROMPTS = 'Skip prompts: leave files with local changes unless --edit names them';

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
