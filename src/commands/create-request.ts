import { basename, resolve } from 'node:path';
import type { Secret } from '../base/secret.ts';
import type { ConnectionSettings } from '../flows/connection-flags.ts';
import type { CreateRequest } from '../flows/create.ts';
import { toNpmName } from '../names/package-name.ts';
import type { Answers } from '../scaffold/answers.ts';
import { choosePackageManager } from '../scaffold/package-manager.ts';
import { createCommand, definitionRequest, sourceOf } from './create-call.ts';
import type { CreateFlags } from './create-flags.ts';
import type { CommandContext } from './context.ts';

/** A call with every answer. */
export interface AnsweredCall {
  readonly folder: string;
  readonly flags: CreateFlags;
  /** A secret that was typed. */
  readonly secret?: Secret;
}

/** Settings of a call that names credentials, or that reads the API; undefined when it does neither. */
export async function connectionOf(
  call: AnsweredCall,
  context: CommandContext,
): Promise<ConnectionSettings | undefined> {
  const { flags, secret } = call;
  const given = [secret, flags.clientId, flags.clientSecretFile, flags.clientSecretStdin].some(
    (value) => value !== undefined,
  );
  return given || sourceOf(flags) === 'api' ? resolveConnection(call, context) : undefined;
}

/** The connection as a call, the environment and the files here give it. Rejects with a KnownError that lists every problem. */
export async function resolveConnection(
  { flags, secret }: Omit<AnsweredCall, 'folder'>,
  context: CommandContext,
): Promise<ConnectionSettings> {
  const { connectionSettings } = await import('../flows/connection-flags.ts');
  return connectionSettings(secret === undefined ? flags : { ...flags, clientSecretStdin: true }, {
    env: context.env,
    cwd: context.cwd,
    // A typed secret goes the way of a piped one.
    stdin: secret === undefined ? context.terminal.prompts.input : once(secret.reveal()),
  });
}

async function* once(text: string): AsyncGenerator<string> {
  yield await Promise.resolve(text);
}

/** What the flow is to do. The command in it holds every answer, so that whoever gave the same ones gets the same project. */
export function requestOf(
  call: AnsweredCall,
  connection: ConnectionSettings | undefined,
  context: CommandContext,
): CreateRequest {
  const { flags, secret } = call;
  const absolute = resolve(context.cwd, call.folder);
  const given = connection?.settings['kuflow.api.client-secret'];
  const written = given?.source.kind === 'flag' ? { clientSecret: given.value } : {};
  const inEnvironment =
    (context.env['KUFLOW_API_CLIENTID'] ?? '') !== '' &&
    [context.env['KUFLOW_API_CLIENTSECRET'], context.env['KUFLOW_API_CLIENTSECRET_FILE']].some(
      (value) => (value ?? '') !== '',
    );
  const fromFlags: Answers['connection'] = {
    ...written,
    ...(flags.clientId === undefined ? {} : { clientId: flags.clientId }),
    ...(flags.endpoint === undefined ? {} : { endpoint: flags.endpoint }),
    ...(flags.tenantId === undefined ? {} : { tenantId: flags.tenantId }),
    ...(flags.target === undefined ? {} : { target: flags.target }),
    ...(flags.ca === undefined ? {} : { ca: resolve(context.cwd, flags.ca) }),
  };
  const packageManager = choosePackageManager(flags.packageManager, { env: context.env, folder: absolute });
  return {
    folder: call.folder,
    cwd: context.cwd,
    answers: {
      name: toNpmName(basename(absolute)),
      language: 'typescript',
      local: flags.local === true,
      packageManager,
      cliPackage: flags.cliPackage ?? context.version,
      connection: fromFlags,
    },
    definition: definitionRequest(flags),
    overwrite: flags.overwrite ?? [],
    dryRun: flags.dryRun === true,
    install: flags.install,
    git: flags.git,
    check: flags.check,
    credentials: 'clientSecret' in fromFlags ? 'file' : inEnvironment ? 'environment' : 'none',
    command: createCommand({
      folder: call.folder,
      flags: { ...flags, packageManager, ...(secret === undefined ? {} : { clientSecretStdin: true }) },
    }),
  };
}
