import type { Command } from 'commander';
import { profileOption } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { lazyAction } from '../../cli/lazy-action.ts';
import { jsonOption } from '../../cli/json-option.ts';

export function configure(command: Command, context: CommandContext): void {
  command
    .description(
      'List the profiles stored by `kuflow login`: name, endpoint, client ID, tenant, and where the secret is. Secrets are never shown, and no ' +
        'keychain is opened.',
    )
    .addOption(profileOption('--default <name>', 'Make this profile the default before listing'))
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-profiles.ts')).runProfiles));
}
