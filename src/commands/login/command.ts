import type { Command } from 'commander';
import { connectionOptions } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import type { LoginFlags } from './run.ts';

const EXAMPLES = `
Examples:
  by questions, in a terminal
    $ kuflow login
  a second application, its secret from a pipe
    $ pass show kuflow/staging | kuflow login --profile staging --client-id ID --client-secret-stdin
  and then
    $ kuflow processes list --profile staging`;

export function configure(command: Command, context: CommandContext): void {
  command.description(
    'Stores the credentials of an application and where its KuFlow is, as a profile, for the commands of this tool. KuFlow is asked first whether it ' +
      "takes them. The secret goes to the system's keychain; where none answers within 3 seconds, to a file that only you may read. Which of them is " +
      'said. A profile that is there keeps what is not given, unless the client id is another; the secret is to be given each time. ' +
      'A worker reads no profiles.',
  );
  connectionOptions(command, {
    profile: 'Name of the profile to store (default)',
    tenant: 'Tenant, for an application of several',
    engine: true,
  })
    .option('--default', 'Use it where nothing else gives credentials; the first profile is that anyhow')
    .option('--no-verify', 'Do not ask KuFlow whether it takes them')
    .option('--no-keychain', 'Keep the secret in a file')
    .option('--json', 'Print the result as JSON')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: LoginFlags) => {
      const { runLogin } = await import('./run.ts');
      await runLogin(flags, context);
    });
}
