import type { Command } from 'commander';
import { profileOption } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { lazyAction } from '../../cli/lazy-action.ts';
import { jsonOption } from '../../cli/json-option.ts';

export function configure(command: Command, context: CommandContext): void {
  command
    .description(
      'Remove a profile and its secret, including the one in the keychain. If the secret cannot be removed, the reason is shown and the exit status ' +
        'is 1. The application and its token in KuFlow are not changed.',
    )
    .addOption(
      profileOption('--profile <name>', 'Name of the profile to remove (if omitted in a terminal, you are prompted)'),
    )
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-profiles.ts')).runLogout));
}
