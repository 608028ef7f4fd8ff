import type { Command } from 'commander';
import type { CommandContext } from './context.ts';

/**
 * The action of a command: loads the function that runs it, and calls it with the arguments, options and context of the command. `parent`: a command
 * whose options it also accepts.
 */
export function lazyAction<Args extends readonly unknown[]>(
  context: CommandContext,
  load: () => Promise<(...args: [...Args, CommandContext]) => Promise<void> | void>,
  parent?: Command,
): (...args: [...Args, Command]) => Promise<void> {
  return async (...all) => {
    const run = await load();
    // Commander passes the arguments, the options and the command.
    const args = all.slice(0, -1);
    const flags = args.pop() as object;
    await run(...([...args, { ...parent?.opts(), ...flags }] as unknown as Args), context);
  };
}
