import type { Command } from 'commander';

export interface ConnectionOptionTexts {
  /** What the tenant is for; no option without it. */
  readonly tenant?: string;
  /** The engine is talked to as well. */
  readonly engine?: boolean;
  /** What the profile is for, where it is not the one to use; the environment is not looked at then. */
  readonly profile?: string;
}

/** The options by which a command is told whose credentials to use, and where KuFlow is; read by `connectionSettings`. */
export function connectionOptions(command: Command, texts: ConnectionOptionTexts = {}): Command {
  command
    .option('--profile <name>', texts.profile ?? 'Stored credentials to use, see `kuflow profiles`; or KUFLOW_PROFILE')
    .option('--client-id <id>', 'Client id of the application')
    .option(
      '--client-secret-file <file>',
      texts.profile === undefined
        ? 'File that holds the client secret; or KUFLOW_API_CLIENTSECRET in the environment'
        : 'File that holds the client secret',
    )
    .option('--client-secret-stdin', 'Read the client secret from standard input')
    .option('--endpoint <url>', "Address of KuFlow's REST API");
  if (texts.tenant !== undefined) command.option('--tenant-id <uuid>', texts.tenant);
  if (texts.engine === true) command.option('--target <host:port>', "Address of KuFlow's Temporal engine");
  return command.option('--ca <file>', "PEM file of certificates to trust besides the runtime's own");
}
