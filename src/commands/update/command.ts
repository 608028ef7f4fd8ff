import { Option, type Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import { exitStatuses, formatExamples, jsonOption, lazyAction } from '../../cli/declarations.ts';
import type { UpdateFlags } from './run.ts';

const EXAMPLES = formatExamples({
  'see what a newer version would change': 'npx -p create-kuflow-worker@latest kuflow update --dry-run',
  'update, and write conflict markers where your edits and the template changes overlap':
    'npx -p create-kuflow-worker@latest kuflow update --conflicts markers',
});

export function configure(command: Command, context: CommandContext): void {
  exitStatuses(command, {
    0: 'updated, or up to date',
    1: "the installation or one of the project's own checks failed",
    2: 'usage error, uncommitted changes, or conflicts without --conflicts',
    3: 'conflicts are left for you to resolve',
  });
  command
    .description(
      'Update the worker project in this folder or a parent folder to match the templates in this version of create-kuflow-worker. ' +
        'The kuflow version in the project contains only the templates that the project already uses, so run a newer version with npx, as in the examples. Replaces files that you have not edited. ' +
        "In other files, merges template changes with your edits (in package.json, key by key). Installs the dependencies if they have changed or are missing, then runs the project's own checks. " +
        'The project must be in a git repository without uncommitted changes, so that you can undo ' +
        'the update.',
    )
    .addOption(
      new Option(
        '--conflicts <how>',
        'What to do if your edits and the template changes overlap in a file: write conflict markers, keep your lines, or ' +
          'leave the file unchanged until the next update',
      ).choices(['markers', 'ours', 'skip']),
    )
    .option('--allow-dirty', 'Update even if there are uncommitted changes or the project is not in a git repository')
    .addOption(
      new Option(
        '--keep-template',
        "Use the project's copy of your own template instead of reading the template's source again (see kuflow create --template)",
      ).hideHelp(),
    )
    .option('--no-install', 'Skip installing dependencies')
    .option('--no-verify', "Do not run the project's own checks")
    .option('-y, --yes', 'Skip prompts')
    .option('--dry-run', 'Show the changes without writing anything')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(lazyAction<[UpdateFlags]>(context, async () => (await import('./run.ts')).runUpdate));
}
