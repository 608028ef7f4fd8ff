import { Option, type Command } from 'commander';
import { withCandidates } from './value-candidates.ts';

export interface ConnectionOptionTexts {
  /** Description of --tenant-id; without it the option does not exist. */
  readonly tenant?: string;
  /** Adds --target, for commands that also connect to the engine. */
  readonly engine?: boolean;
  /** Adds --local, for commands that use the local KuFlow. */
  readonly local?: boolean;
  /** Description of --profile for commands that write a profile; these ignore the environment. */
  readonly profile?: string;
}

/** The options for credentials and addresses of KuFlow, which `resolveConnection` reads. */
export function connectionOptions(command: Command, texts: ConnectionOptionTexts = {}): Command {
  command
    .optionsGroup('Connection options:')
    .addOption(
      profileOption(
        '--profile <name>',
        texts.profile ?? 'Stored credentials to use; see `kuflow profiles` (or set KUFLOW_PROFILE)',
      ),
    )
    .option('--client-id <id>', 'Client ID of the application')
    .option(
      '--client-secret-file <file>',
      texts.profile === undefined
        ? 'File with the client secret (or set KUFLOW_API_CLIENTSECRET)'
        : 'File with the client secret',
    )
    .option('--client-secret-stdin', 'Read the client secret from standard input')
    .option('--endpoint <url>', "Address of KuFlow's REST API");
  if (texts.tenant !== undefined) command.option('--tenant-id <uuid>', texts.tenant);
  if (texts.engine === true) command.option('--target <host:port>', "Address of KuFlow's Temporal engine");
  command.option('--ca <file>', 'PEM file with additional certificates to trust');
  if (texts.local === true) command.addOption(localOption());
  return command.optionsGroup('');
}

export function localOption(): Option {
  return new Option(
    '--local',
    'Use the local KuFlow that runs for this folder (default if no connection is configured)',
  );
}

/** An option whose value is the name of a stored profile. */
export function profileOption(flags: string, description: string): Option {
  return withCandidates(new Option(flags, description), 'profiles');
}
