import { Option, type Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import { exitStatuses, formatExamples, jsonOption, lazyAction } from '../../cli/declarations.ts';
import { completedArgument } from '../../cli/value-candidates.ts';

export function configure(command: Command, context: CommandContext): void {
  exitStatuses(command, {
    0: 'printed',
    1: 'no section contains the search words',
    2: 'usage error, or unknown topic',
  });
  command
    .description(
      'Print a documentation page as Markdown. Without a topic, lists the topics. In a terminal, shows long pages in your pager ' +
        '($PAGER or, if it is not set, `less`). Works offline.',
    )
    .addArgument(completedArgument('[topic]', 'Topic, such as first-worker or commands/dev', 'docs-topics'))
    .addOption(new Option('--search <words...>', 'Find the sections that contain all of these words'))
    .addOption(jsonOption())
    .addHelpText(
      'after',
      formatExamples({
        'list the topics': 'kuflow docs',
        'read a page': 'kuflow docs run-locally',
        'find out how to test a deadline': 'kuflow docs --search deadline test',
      }),
    )
    .action(lazyAction(context, async () => (await import('./run.ts')).runDocs));
}
