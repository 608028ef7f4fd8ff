import type { Secret } from '../base/secret.ts';
import {
  ALL_CONNECTION_KEYS,
  readGivenSecret,
  settingFlags,
  type ConnectionFlags,
  CORRECT_AND_RETRY,
} from './flags.ts';
import { resolveSettingsWithProfile, type LockedSecret } from './profile.ts';
import { usageError } from '../base/errors.ts';
import { optionName } from '../base/shell.ts';
import {
  resolveSettings,
  type LocalSource,
  type SettingsRequest,
  type SettingsResult,
  requireSettings,
  type ResolvedSettings,
} from '../settings/precedence.ts';
import { secretFromText, type GivenSecret } from '../settings/secret-input.ts';
import type { Environment } from '../settings/environment.ts';
import { cliInvocation } from '../base/cli-invocation.ts';
import { decideProxy, type ProxyDecision } from '../network/proxy.ts';
import { CLIENT_ID } from '../settings/keys.ts';
import { readPemFile } from './certificate.ts';
import { CREDENTIAL_VARIABLES, hasNoConnection } from './has-no-connection.ts';

export interface ConnectionContext {
  readonly env: Environment;
  /** Absolute; file names in options are relative to it. */
  readonly cwd: string;
  /** Absolute; application files are read here; `cwd` by default. */
  readonly folder?: string | undefined;
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };
  /** A secret typed at a prompt. It is the only one in use: credentials of the environment are ignored. */
  readonly typedSecret?: Secret | undefined;
  /** The secret that an earlier call read from standard input, which can be read only once. */
  readonly secretRead?: GivenSecret | undefined;
  /** The local KuFlow of this folder; undefined if the command does not use it. */
  readonly local?: LocalKuFlow | undefined;
  /** Cancels opening the keychain and waiting for a piped secret. */
  readonly signal?: AbortSignal | undefined;
}

/** Finds the local KuFlow that runs for a folder. */
export interface LocalKuFlow {
  /** Asked for with an option. Otherwise it is used only if no connection is configured. */
  readonly requested: boolean;
  /** That option; `--local` by default. */
  readonly option?: string;
  /** Resolves to undefined if none is running; rejects with a KnownError in that case if it was requested. */
  readonly find: () => Promise<LocalSource | undefined>;
}

/**
 * The settings of a connection, resolved from options, profile, environment and application files. Problems are data here;
 * `requireConnection` turns them into an error, `inspectConnection` into input for the checks.
 */
export interface ConnectionSettings {
  readonly result: SettingsResult;
  readonly warnings: readonly string[];
  /** Set while the client secret in use is in a keychain that has not been opened. It is then missing from `result`, without a problem. */
  readonly locked?: LockedSecret | undefined;
  readonly context: Pick<ConnectionContext, 'env' | 'cwd'>;
  /** The local KuFlow, if its settings are used. */
  readonly local?: LocalSource | undefined;
}

/** The settings that a connection to KuFlow cannot do without. */
export const REST_REQUIRED = ['kuflow.api.client-id', 'kuflow.api.client-secret'] as const;

/**
 * Resolves the settings of a connection without opening a keychain. Rejects only for options that cannot be read and for a profile that
 * does not exist.
 */
export async function resolveConnection(
  flags: ConnectionFlags,
  context: ConnectionContext,
): Promise<ConnectionSettings> {
  const { cwd, folder = cwd, signal, typedSecret, local } = context;
  if (local?.requested === true) rejectOtherConnection(flags, local.option ?? '--local');
  const secret = context.secretRead ?? (await secretFrom(flags, context));
  const env = typedSecret === undefined ? context.env : withoutCredentials(context.env);
  const request = {
    ...{ flags: settingFlags(flags, secret), flagFolder: cwd },
    ...{ env, files: { dir: folder }, required: REST_REQUIRED, cwd: folder },
  };
  const source = local?.requested === true ? await local.find() : undefined;
  if (source !== undefined) return await withLocal(request, source, context);
  const { result, warnings, locked } = await resolveSettingsWithProfile(request, {
    env,
    cwd,
    named: flags.profile,
    signal,
  });
  const found = local !== undefined && hasNoConnection(result, env) ? await local.find() : undefined;
  if (found !== undefined) return await withLocal(request, found, context);
  return {
    result,
    warnings: [...(secret?.warnings ?? []), ...result.warnings.map(({ message }) => message), ...warnings],
    locked,
    context: { env, cwd },
  };
}

/** The settings with the client secret, opening the keychain if necessary. A secret that cannot be read becomes a problem in `result`. */
export async function unlock(connection: ConnectionSettings): Promise<ConnectionSettings> {
  const { locked, ...others } = connection;
  return locked === undefined ? connection : { ...others, result: await locked.read() };
}

async function withLocal(
  request: SettingsRequest,
  local: LocalSource,
  { env, cwd }: ConnectionContext,
): Promise<ConnectionSettings> {
  const result = await resolveSettings({ ...request, local });
  return { result, warnings: result.warnings.map(({ message }) => message), context: { env, cwd }, local };
}

function rejectOtherConnection(flags: ConnectionFlags, localOption: string): void {
  const other = ALL_CONNECTION_KEYS.find((key) => flags[key] !== undefined);
  if (other !== undefined) throw usageError(`${localOption} cannot be combined with ${optionName(other)}`);
}

async function secretFrom(flags: ConnectionFlags, context: ConnectionContext): Promise<GivenSecret | undefined> {
  const { typedSecret } = context;
  if (typedSecret === undefined) return await readGivenSecret(flags, context);
  const option = '--client-secret-stdin';
  return { value: secretFromText(typedSecret.reveal(), option), option, warnings: [] };
}

/** A variable that names a missing profile or file must not keep typed credentials from being used. */
function withoutCredentials(env: ConnectionContext['env']): ConnectionContext['env'] {
  const ignored: readonly string[] = ['KUFLOW_PROFILE', ...CREDENTIAL_VARIABLES];
  return Object.fromEntries(Object.entries(env).filter(([name]) => !ignored.includes(name)));
}

/** One step of advice, without a period. */
export const WHERE_CREDENTIALS_ARE = 'Find the client ID and secret in the KuFlow app: Settings > Applications';

/** A connection whose settings are complete and valid. */
export type Connection = Awaited<ReturnType<typeof requireConnection>>;

export interface RestConnection {
  readonly endpoint: string;
  readonly credentials: { readonly clientId: string; readonly clientSecret: Secret };
  readonly tenantId?: string | undefined;
  /** PEM. */
  readonly ca?: string | undefined;
  readonly proxy: ProxyDecision;
  readonly env: Environment;
}

/**
 * The connection, with the keychain opened if the client secret is there. Rejects with one KnownError that lists every problem, except those of
 * keys that start with a text of `ignore`: the command is about to set them, or does not use them.
 */
export async function requireConnection(connection: ConnectionSettings, ignore: readonly string[] = []) {
  // Other problems are reported before a person is asked to unlock a keychain.
  requireConnectionSettings(connection, ignore);
  const settings = requireConnectionSettings(await unlock(connection), ignore);
  const { env } = connection.context;
  return {
    settings,
    warnings: connection.warnings,
    /** Reads the CA file and decides on the proxy. Rejects with a KnownError when either fails. */
    rest: () => restConnection(settings, env),
  };
}

/** The settings, without the client secret while it is locked. Throws a KnownError that lists every problem. */
export function requireConnectionSettings(
  { result, context }: ConnectionSettings,
  ignore: readonly string[] = [],
): ResolvedSettings {
  const problems = result.problems.filter(({ key }) => !ignore.some((start) => key.startsWith(start)));
  const isMissing = problems.some(({ code }) => code === 'missing' || code === 'placeholder');
  const isHalf = problems.some(({ code, source }) => code === 'missing' && source !== undefined);
  const next = isMissing
    ? [
        WHERE_CREDENTIALS_ARE,
        // A stored profile would not be used while another source has one of the two.
        ...(isHalf ? [] : [`Store the credentials once: ${cliInvocation(context.cwd)} login`]),
        `${isHalf ? 'Pass' : 'Or pass'} --client-id with --client-secret-file or --client-secret-stdin`,
      ]
    : [...(problems.some(({ key }) => key === CLIENT_ID) ? [WHERE_CREDENTIALS_ARE] : []), CORRECT_AND_RETRY];
  return requireSettings({ ...result, problems }, next);
}

async function restConnection(settings: ResolvedSettings, env: Environment): Promise<RestConnection> {
  const endpoint = settings['kuflow.api.endpoint']?.value;
  const clientId = settings['kuflow.api.client-id']?.value;
  const clientSecret = settings['kuflow.api.client-secret']?.value;
  if (endpoint === undefined || clientId === undefined || clientSecret === undefined)
    throw new Error('required settings are missing after they were checked');
  const caFile = settings['kuflow.api.ca']?.value;
  return {
    endpoint,
    credentials: { clientId, clientSecret },
    tenantId: settings['kuflow.api.tenant-id']?.value,
    ca: caFile === undefined ? undefined : await readPemFile('The CA of the REST API', caFile),
    proxy: decideProxy({ url: endpoint, env }),
    env,
  };
}
