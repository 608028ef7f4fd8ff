import type { Command } from 'commander';
import { connectionOptions } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { lazyAction } from '../../cli/lazy-action.ts';
import { jsonOption } from '../../cli/json-option.ts';

const EXAMPLES = `
Examples:
  answer prompts in a terminal
    $ kuflow login
  store a second application, with the secret from a file
    $ kuflow login --profile staging --client-id <id> --client-secret-file secret.txt
  use it
    $ kuflow definitions list --profile staging`;

export function configure(command: Command, context: CommandContext): void {
  command.description(
    "Verify an application's credentials with KuFlow, then store them as a profile for `kuflow` commands. " +
      "The secret is stored in the system's keychain or, if no keychain responds within 3 seconds, in a file that only " +
      'you can read; the output says which. If the profile exists, values that you do not pass are kept, unless the client ID changes. ' +
      'The secret is always required. Workers do not read profiles.',
  );
  connectionOptions(command, {
    profile: 'Name of the profile to store (default: "default")',
    tenant: 'Tenant ID, if the application has several tenants',
    engine: true,
  })
    .option(
      '--default',
      'Use this profile when no other credentials are given (the first profile stored becomes the default)',
    )
    .option('--no-verify', 'Do not verify the credentials with KuFlow')
    .option('--no-keychain', 'Store the secret in a file')
    .addOption(jsonOption())
    .addHelpText('after', EXAMPLES)
    .action(lazyAction(context, async () => (await import('./run.ts')).runLogin));
}
