import type { Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import type { LogoutFlags } from './run-profiles.ts';

export function configure(command: Command, context: CommandContext): void {
  command
    .description(
      'Removes a profile and its secret, from the keychain too. What could not be removed is said, and the exit status is 1 then. At KuFlow the ' +
        'application and its token stay as they are.',
    )
    .option('--profile <name>', 'Name of the profile to remove; asked for in a terminal')
    .option('--json', 'Print the result as JSON')
    .action(async (flags: LogoutFlags) => {
      const { runLogout } = await import('./run-profiles.ts');
      await runLogout(flags, context);
    });
}
