import type { Command } from 'commander';
import { usageError } from '../../base/errors.ts';
import type { CommandContext } from '../../cli/context.ts';
import { configure as configureDefinitions } from './command.ts';

/** `kuflow processes`, the name of `kuflow definitions` before `kuflow process` existed. */
export function configure(command: Command, context: CommandContext): void {
  configureDefinitions(command, context);
  for (const child of command.commands)
    child.hook('preAction', () => {
      context.terminal.err.line('Warning: `kuflow processes` is deprecated. Use `kuflow definitions` instead');
    });
  for (const name of ['start', 'cancel']) suggestProcess(command, name, context);
}

/** Reports `kuflow processes start` as a mistyped `kuflow process start`. */
function suggestProcess(command: Command, name: string, { invocation }: CommandContext): void {
  command
    .command(name, { hidden: true })
    .argument('[words...]')
    .helpOption(false)
    .allowUnknownOption()
    .action(() => {
      throw usageError(`Unknown command "${name}"`, [`Did you mean ${invocation} process ${name}?`]);
    });
}
