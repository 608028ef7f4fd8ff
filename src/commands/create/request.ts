import { basename, dirname, relative, resolve } from 'node:path';
import type { Secret } from '../../base/secret.ts';
import type { Connection } from '../../connection/require.ts';
import type { CreateRequest } from './create-project.ts';
import { toNpmName } from '../../languages/typescript/package-name.ts';
import type { ProjectSpec } from '../../languages/project-spec.ts';
import { choosePackageManager } from '../../languages/typescript/package-manager.ts';
import { createCommand, definitionRequest, parseProcessSource } from './call.ts';
import type { CreateFlags } from './flags.ts';
import type { CommandContext } from '../../cli/context.ts';

/** A call with every answer. */
export interface AnsweredCall {
  readonly folder: string;
  readonly flags: CreateFlags;
  /** A secret that was typed. */
  readonly secret?: Secret;
}

/** Rejects with a KnownError where options name a place that no command could use: a call may write them without making a connection. */
export async function checkPlace({ endpoint, target, ca }: CreateFlags, { cwd }: CommandContext): Promise<void> {
  const given = definedOf({ endpoint, target, ca });
  if (Object.keys(given).length === 0) return;
  const { validateEndpointFlags } = await import('../../connection/flags.ts');
  await validateEndpointFlags(given, cwd);
}

/** Settings of a call that names credentials, or that reads the API; undefined when it does neither. */
export async function connectionOf(call: AnsweredCall, context: CommandContext): Promise<Connection | undefined> {
  const { flags, secret } = call;
  const given = [secret, flags.profile, flags.clientId, flags.clientSecretFile, flags.clientSecretStdin].some(
    (value) => value !== undefined,
  );
  return given || parseProcessSource(flags) === 'api' ? resolveCreateConnection(call, context) : undefined;
}

/** The connection as a call, the environment and the files here give it. Rejects with a KnownError that lists every problem. */
export async function resolveCreateConnection(
  { flags, secret }: Omit<AnsweredCall, 'folder'>,
  context: CommandContext,
): Promise<Connection> {
  const [{ resolveConnection }, { requireConnection }] = await Promise.all([
    import('../../connection/resolve.ts'),
    import('../../connection/require.ts'),
  ]);
  const { env, cwd, terminal } = context;
  return await requireConnection(
    await resolveConnection(flags, {
      env,
      cwd,
      stdin: terminal.prompts.input,
      typedSecret: secret,
      signal: context.interruption(),
    }),
  );
}

/** What the flow is to do. The command in it holds every answer, so that whoever gave the same ones gets the same project. */
export function requestOf(
  call: AnsweredCall,
  connection: Connection | undefined,
  context: CommandContext,
): CreateRequest {
  const { flags, secret } = call;
  const absolute = resolve(context.cwd, call.folder);
  const given = connection?.settings['kuflow.api.client-secret'];
  // A worker reads no profiles: one that is named for it goes where typed credentials go.
  const named = flags.profile === undefined ? [] : ['profile'];
  const written =
    given !== undefined && ['flag', ...named].includes(given.source.kind) ? { clientSecret: given.value } : {};
  // Credentials that are written belong to the KuFlow that they were used at, wherever its address was found: elsewhere they would be shown to another.
  const place = (key: PlaceKey): string | undefined => {
    const setting = connection?.settings[key];
    if (setting === undefined || !('clientSecret' in written)) return undefined;
    const { kind, file } = setting.source;
    const isThere = kind === 'file' && file !== undefined && dirname(file) === absolute;
    return isThere || kind === 'default' ? undefined : setting.value;
  };
  const reader = 'clientSecret' in written ? undefined : readWith(connection, absolute);
  const fromFlags: ProjectSpec['connection'] = {
    ...written,
    ...definedOf({
      clientId: flags.clientId ?? place('kuflow.api.client-id'),
      endpoint: flags.endpoint ?? place('kuflow.api.endpoint'),
      tenantId: flags.tenantId ?? (flags.profile === undefined ? undefined : place('kuflow.api.tenant-id')),
      target: flags.target ?? place('temporal.target'),
      ca: flags.ca === undefined ? place('kuflow.api.ca') : resolve(context.cwd, flags.ca),
    }),
  };
  // A profile names its place by itself.
  const { endpoint, target, ca } = flags.profile === undefined ? fromFlags : {};
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
    ...(reader === undefined ? {} : { readWith: reader }),
    command: createCommand({
      folder: call.folder,
      flags: {
        ...definedOf({ endpoint, target, ca }),
        ...flags,
        packageManager,
        ...(secret === undefined ? {} : { clientSecretStdin: true }),
      },
    }),
  };
}

/** Whose credentials a process was read with, where a worker in `folder` does not find them by itself. */
function readWith(connection: Connection | undefined, folder: string): CreateRequest['readWith'] {
  const source = connection?.settings['kuflow.api.client-secret']?.source;
  if (source?.kind === 'profile') return { kind: 'profile', name: source.name };
  if (source?.kind !== 'file' || source.file === undefined) return undefined;
  return { kind: 'file', path: relative(folder, source.file) };
}

type PlaceKey =
  'kuflow.api.client-id' | 'kuflow.api.endpoint' | 'kuflow.api.tenant-id' | 'temporal.target' | 'kuflow.api.ca';

function definedOf<Key extends string>(
  values: Readonly<Record<Key, string | undefined>>,
): Partial<Record<Key, string>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<
    Record<Key, string>
  >;
}
