import { Option, type Command } from 'commander';
import type { ConnectionContext } from '../connection/resolve-connection.ts';
import type { CommandContext } from './context.ts';
import { completedOption } from './value-candidates.ts';

export const CONNECTION_OPTIONS = 'Connection options:';
export const WHICH_TENANT = 'Tenant ID, if the application belongs to several tenants';

export interface ConnectionOptionTexts {
  /** Description of --tenant-id; without it the option does not exist. */
  readonly tenant?: string;
  /** Adds --target, for commands that also connect to the engine. */
  readonly engine?: boolean;
  /** Adds --local, for commands that use the local KuFlow: on request only, or also if no connection is configured. */
  readonly local?: true | 'on-request';
  /** Description of --profile for commands that write a profile; these ignore the environment. */
  readonly profile?: string;
}

/** The options for credentials and addresses of KuFlow, which `resolveConnection` reads. */
export function connectionOptions(command: Command, texts: ConnectionOptionTexts = {}): Command {
  command
    .optionsGroup(CONNECTION_OPTIONS)
    .addOption(
      completedOption(
        '--profile <name>',
        texts.profile ?? 'Stored credentials to use (or set KUFLOW_PROFILE); see `kuflow profiles`',
        'profiles',
      ),
    )
    .option('--client-id <id>', 'Client ID of the application')
    .option(
      '--client-secret-file <file>',
      texts.profile === undefined
        ? 'File with the client secret (or set KUFLOW_API_CLIENTSECRET_FILE to its path, or KUFLOW_API_CLIENTSECRET to the secret itself)'
        : 'File with the client secret',
    )
    .option('--client-secret-stdin', 'Read the client secret from standard input')
    .option('--endpoint <url>', "URL of KuFlow's REST API (default: https://api.kuflow.com)");
  if (texts.tenant !== undefined) command.option('--tenant-id <uuid>', texts.tenant);
  if (texts.engine === true)
    command.option('--target <host:port>', "Address of KuFlow's Temporal engine (default: engine.kuflow.com:443)");
  command.option(
    '--ca <file>',
    'PEM file with CA certificates to trust for the REST API, in addition to the default CAs',
  );
  if (texts.local !== undefined) command.addOption(localOption(texts.local === true));
  return command.optionsGroup('');
}

/** What `resolveConnection` needs to know about a command. Application files are read in `folder`. */
export function connectionContext(context: CommandContext, folder = context.cwd) {
  const { env, cwd, terminal } = context;
  return {
    env,
    cwd,
    folder,
    stdin: terminal.prompts.input,
    signal: context.interruption(),
  } satisfies ConnectionContext;
}

export function localOption(isDefault = true): Option {
  const note = isDefault ? ' (default if no connection is configured)' : '';
  return new Option('--local', `Use this folder's local KuFlow${note}`);
}
