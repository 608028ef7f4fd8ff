import type { Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import { runComplete } from './answer-tab.ts';

/** `kuflow __complete`, which the completion scripts call each time the user presses Tab. */
export function configure(command: Command, context: CommandContext): void {
  command
    .argument('<shell>')
    .argument('[args...]')
    .allowUnknownOption()
    .action(async (shell: string, args: string[]) => {
      await runComplete(shell, args, context);
    });
}
