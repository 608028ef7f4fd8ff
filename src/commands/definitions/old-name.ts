import type { Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import { configure as configureDefinitions } from './command.ts';

/** `kuflow processes`, the name of `kuflow definitions` before `kuflow process` existed. */
export function configure(command: Command, context: CommandContext): void {
  command.hook('preAction', () => {
    context.terminal.err.line('Warning: `kuflow processes` is deprecated. Use `kuflow definitions` instead');
  });
  configureDefinitions(command, context);
}
