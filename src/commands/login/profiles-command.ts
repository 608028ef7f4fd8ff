import type { Command } from 'commander';
import type { CommandContext } from '../../cli/context.ts';
import type { ProfilesFlags } from './run-profiles.ts';

export function configure(command: Command, context: CommandContext): void {
  command
    .description(
      'Lists the profiles that `kuflow login` stored: where their KuFlow is, whose credentials they are, and where the secret is, which is never shown. ' +
        'No keychain is opened.',
    )
    .option('--default <name>', 'First make this one the default')
    .option('--json', 'Print the result as JSON')
    .action(async (flags: ProfilesFlags) => {
      const { runProfiles } = await import('./run-profiles.ts');
      await runProfiles(flags, context);
    });
}
