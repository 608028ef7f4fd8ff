import { resolve } from 'node:path';
import { usageError } from '../base/errors.ts';
import { cliInvocation } from '../base/cli-invocation.ts';
import type { Secret } from '../base/secret.ts';
import {
  requireSettings,
  resolveSettings,
  type ResolvedSettings,
  type SettingFlags,
  type SettingsResult,
} from '../settings/resolve.ts';
import { secretFromFile, secretFromStdin, type SecretInput } from '../settings/secret-input.ts';
import { resolveSettingsWithProfile, type LookedAtSettings } from './profile.ts';
import { REST_REQUIRED } from './rest.ts';

const NEXT_IS_TO_CORRECT = 'Correct what is named, then run it again';

/** The connection as options state it. */
export interface ConnectionFlags {
  /** Name of a stored profile. */
  readonly profile?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly clientSecretStdin?: boolean;
  readonly endpoint?: string;
  readonly tenantId?: string;
  readonly target?: string;
  readonly ca?: string;
}

export interface ConnectionContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute; application files are read here. */
  readonly cwd: string;
  readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };
  /** What the options gave of standard input when it was read before: it can be read once. */
  readonly secretRead?: GivenSecret;
  /** Ends what is asked of a keychain, and the wait for a secret that is piped in. */
  readonly signal?: AbortSignal;
}

export interface ConnectionSettings {
  readonly settings: ResolvedSettings;
  readonly warnings: readonly string[];
}

/** Settings of a connection that may never be made: a client secret that lies in a keychain is not among them yet. */
export interface LookedAtConnection extends ConnectionSettings {
  /** The settings with the secret, for which the keychain is opened. Rejects with a KnownError where it can't be had. */
  readonly withSecret: () => Promise<ResolvedSettings>;
}

/** As `lookAtConnectionSettings`, with the secret. */
export async function connectionSettings(
  flags: ConnectionFlags,
  world: ConnectionContext,
  except: readonly string[] = [],
): Promise<ConnectionSettings> {
  const { withSecret, warnings } = await lookAtConnectionSettings(flags, world, except);
  return { settings: await withSecret(), warnings };
}

/**
 * The settings of a command that talks to KuFlow, client id and secret required; problems of keys that start with one of `except` do
 * not count, for a command that is about to set them. Rejects with a KnownError that lists all others.
 */
export async function lookAtConnectionSettings(
  flags: ConnectionFlags,
  world: ConnectionContext,
  except: readonly string[] = [],
): Promise<LookedAtConnection> {
  const required = (result: SettingsResult): ResolvedSettings => {
    const problems = result.problems.filter(({ key }) => !except.some((start) => key.startsWith(start)));
    const isMissing = problems.some(({ code }) => code === 'missing' || code === 'placeholder');
    const next = isMissing
      ? `Set KUFLOW_API_CLIENTID and KUFLOW_API_CLIENTSECRET, or give --client-id with --client-secret-file or --client-secret-stdin, or store them once: ${cliInvocation(world.cwd)} login`
      : NEXT_IS_TO_CORRECT;
    return requireSettings({ ...result, problems }, [next]);
  };
  const { result, warnings, unread } = await lookAtConnection(flags, world);
  const settings = required(result);
  return {
    settings,
    warnings,
    withSecret: async () => (unread === undefined ? settings : required(await unread.read())),
  };
}

/** The same, judged by nobody yet: every problem is in the result. Rejects only for options that can't be read, and for a profile that is not there. */
export async function resolveConnection(
  flags: ConnectionFlags,
  world: ConnectionContext,
): Promise<Pick<LookedAtSettings, 'result' | 'warnings'>> {
  const { result, warnings, unread } = await lookAtConnection(flags, world);
  return { result: unread === undefined ? result : await unread.read(), warnings };
}

/** As `resolveConnection`, and no keychain is opened. */
export async function lookAtConnection(flags: ConnectionFlags, world: ConnectionContext): Promise<LookedAtSettings> {
  const secret = world.secretRead ?? (await givenSecret(flags, world));
  const { env, cwd, signal } = world;
  const looked = await resolveSettingsWithProfile(
    {
      flags: settingFlags(flags, secret),
      env,
      files: { dir: cwd },
      required: REST_REQUIRED,
      cwd,
    },
    { env, cwd, ...(flags.profile !== undefined && { named: flags.profile }), ...(signal && { signal }) },
  );
  const ofFiles = looked.result.warnings.map(({ message }) => message);
  return { ...looked, warnings: [...(secret?.warnings ?? []), ...ofFiles, ...looked.warnings] };
}

/** Rejects with a KnownError that lists what is wrong with the options, as a connection would: for a call that makes none. */
export async function checkPlaceFlags(
  flags: Pick<ConnectionFlags, 'endpoint' | 'target' | 'ca'>,
  cwd: string,
): Promise<void> {
  const result = await resolveSettings({ flags: settingFlags(flags), env: {}, required: [], cwd });
  requireSettings(result, [NEXT_IS_TO_CORRECT]);
}

function settingFlags(flags: ConnectionFlags, secret?: GivenSecret): SettingFlags {
  const given = {
    'kuflow.api.client-id': option(flags.clientId, '--client-id'),
    'kuflow.api.client-secret': secret?.value,
    'kuflow.api.endpoint': option(flags.endpoint, '--endpoint'),
    'kuflow.api.tenant-id': option(flags.tenantId, '--tenant-id'),
    'temporal.target': option(flags.target, '--target'),
    'kuflow.api.ca': option(flags.ca, '--ca'),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

export interface GivenSecret {
  readonly value: { readonly value: Secret; readonly option: string };
  readonly warnings: readonly string[];
}

/** The secret that the options name, with the option and its warnings; undefined when none does. */
export async function givenSecret(flags: ConnectionFlags, world: ConnectionContext): Promise<GivenSecret | undefined> {
  if (flags.clientSecretFile !== undefined && flags.clientSecretStdin === true) {
    throw usageError('--client-secret-file and --client-secret-stdin are two ways of giving one secret: choose one');
  }
  const named = (input: SecretInput, name: string) => ({
    value: { value: input.secret, option: name },
    warnings: input.warnings,
  });
  if (flags.clientSecretFile !== undefined) {
    const file = resolve(world.cwd, flags.clientSecretFile);
    return named(await secretFromFile(file), '--client-secret-file');
  }
  if (flags.clientSecretStdin === true) {
    const { stdin, signal } = world;
    return named(await secretFromStdin(stdin, signal), '--client-secret-stdin');
  }
  return undefined;
}

function option(
  value: string | undefined,
  name: string,
): { readonly value: string; readonly option: string } | undefined {
  return value === undefined ? undefined : { value, option: name };
}
