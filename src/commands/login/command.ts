import type { Command } from 'commander';
import { connectionOptions, WHICH_TENANT } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { exitStatuses, formatExamples, jsonOption, lazyAction } from '../../cli/declarations.ts';
import { completedOption } from '../../cli/value-candidates.ts';

const EXAMPLES = formatExamples({
  'answer prompts in a terminal': 'kuflow login',
  'store the credentials of a second application, with the secret from a file':
    'kuflow login --profile staging --client-id <id> --client-secret-file secret.txt',
  'use the second application': 'kuflow definitions list --profile staging',
});

export function configure(command: Command, context: CommandContext): void {
  exitStatuses(command, {
    0: 'stored',
    1: 'failed, or KuFlow rejected the credentials; nothing was stored',
    2: 'usage error, or a required value is missing',
    4: 'KuFlow did not respond in time; nothing was stored',
  });
  command.description(
    "Verify an application's credentials with KuFlow, then store them as a profile for `kuflow` commands. " +
      'The first profile becomes the default. From then on, commands use your tenant instead of the local KuFlow, unless you pass --local. Workers do not read profiles.\n\n' +
      'The secret is stored in the system keychain or, if no keychain responds within 3 seconds, in a file that only ' +
      'you can read. The output shows where the secret is stored. If the profile already exists, it keeps its stored value for each option that you omit, unless the client ID changes. ' +
      'The secret is always required.',
  );
  connectionOptions(command, {
    profile: 'Name of the profile to store (default: "default")',
    tenant: WHICH_TENANT,
    engine: true,
  })
    .option(
      '--default',
      'Make this the default profile, which commands use if no other credentials are given (the first profile stored becomes the default)',
    )
    .option('--no-verify', 'Do not verify the credentials with KuFlow')
    .option('--no-keychain', 'Store the secret in a file')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runLogin));
}

export function configureLogout(command: Command, context: CommandContext): void {
  exitStatuses(command, {
    0: 'removed',
    1: 'failed, or the profile was removed but its secret was not',
    2: 'usage error, or unknown profile',
  });
  command
    .description(
      'Remove a profile and its secret, whether the secret is in the system keychain or in a file. If the secret cannot be removed, prints the reason. ' +
        'Does not change the application or its client secret in KuFlow.',
    )
    .addOption(
      completedOption(
        '--profile <name>',
        'Name of the profile to remove (in a terminal, the command prompts for the name if you omit it)',
        'profiles',
      ),
    )
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-profiles.ts')).runLogout));
}

export function configureProfiles(command: Command, context: CommandContext): void {
  command
    .description(
      'List the profiles stored by `kuflow login`, with their names, endpoints, client IDs and tenants, and the locations of their secrets. ' +
        'Does not show secrets or open the keychain.',
    )
    .addOption(completedOption('--default <name>', 'Make this profile the default, then list all profiles', 'profiles'))
    .addOption(jsonOption())
    .action(lazyAction(context, async () => (await import('./run-profiles.ts')).runProfiles));
}
