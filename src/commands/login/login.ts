import { configFolder } from '../../base/user-folders.ts';
import type { Clock } from '../../base/clock.ts';
import { KnownError, usageError } from '../../base/errors.ts';
import type { Secret } from '../../base/secret.ts';
import { DEFAULT_PROFILE_NAME, checkProfileName, readProfileFile, type Profile } from '../../profiles/file.ts';
import {
  chooseDefaultProfile,
  removeProfile,
  storeProfile,
  type ProfileContext,
  type RemovedProfile,
  type StoredProfile,
} from '../../profiles/store.ts';
import { describeSecretLocation } from '../../profiles/secret-storage.ts';
import { requireSettings, resolveSettings } from '../../settings/resolve.ts';
import type { ConnectionContext } from '../../connection/resolve.ts';
import { CORRECT_AND_RETRY, readGivenSecret, type ConnectionFlags } from '../../connection/flags.ts';
import { missingProfileError, type MissingProfile } from '../../connection/profile.ts';
import { REST_REQUIRED } from '../../connection/resolve.ts';
import { verifyCredentials } from '../../diagnostics/verify-credentials.ts';

export interface LoginContext extends ConnectionContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** What a call names, and what the profile of that name holds already. */
export interface LoginDefaults {
  readonly name: string;
  readonly file: string;
  /** Values that stay unless others are given. */
  readonly kept: Pick<ConnectionFlags, 'clientId' | 'endpoint' | 'tenantId' | 'target' | 'ca'>;
}

/** What is there of the profile that a login names. Rejects with a KnownError for a name that is none, and for a file that can't be read. */
export async function readLoginDefaults(
  flags: ConnectionFlags,
  { env }: Pick<LoginContext, 'env'>,
): Promise<LoginDefaults> {
  const name = checkProfileName(flags.profile ?? DEFAULT_PROFILE_NAME);
  const { path, profiles } = await readProfileFile(profilesFolder(env));
  const there = profiles.find((profile) => profile.name === name);
  // Another application may be of another tenant and another KuFlow: nothing of the one before it is taken over.
  const sameApplication = flags.clientId === undefined || flags.clientId === there?.clientId;
  const { clientId, endpoint, tenantId, target, ca }: Partial<Profile> = sameApplication ? (there ?? {}) : {};
  return {
    name,
    file: path,
    kept: {
      ...(clientId !== undefined && { clientId }),
      ...(endpoint !== undefined && { endpoint }),
      ...(tenantId !== undefined && { tenantId }),
      ...(target !== undefined && { target }),
      ...(ca !== undefined && { ca }),
    },
  };
}

export interface LoginRequest extends LoginContext {
  readonly start: LoginDefaults;
  /** Over what the profile holds. */
  readonly flags: ConnectionFlags;
  /** One that was typed; else the flags say where it is. */
  readonly secret?: Secret;
  readonly makeDefault: boolean;
  readonly verify: boolean;
  readonly useKeychain: boolean;
  readonly report: (event: LoginEvent) => void;
}

export type LoginEvent = { readonly kind: 'verifying' } | { readonly kind: 'storing' };

export interface LoginResult extends StoredProfile {
  /** What KuFlow said of the credentials; absent when it was not asked. */
  readonly verified?: string;
}

/** `kuflow login`: asks KuFlow whether it takes the credentials, then stores them. Rejects with a KnownError, and then nothing is stored. */
export async function login(request: LoginRequest): Promise<LoginResult> {
  const { start, flags, env, cwd, signal, clock } = request;
  const given = request.secret === undefined ? await readGivenSecret(flags, request) : undefined;
  const secret = request.secret ?? given?.value.value;
  const values = { ...start.kept, ...definedOf(flags) };
  const named = {
    'kuflow.api.client-id': [values.clientId, '--client-id'],
    'kuflow.api.client-secret': [secret, given?.value.option ?? '--client-secret-stdin'],
    'kuflow.api.endpoint': [values.endpoint, '--endpoint'],
    'kuflow.api.tenant-id': [values.tenantId, '--tenant-id'],
    'temporal.target': [values.target, '--target'],
    'kuflow.api.ca': [values.ca, '--ca'],
  } as const;
  const settings = requireSettings(
    await resolveSettings({
      // A profile holds what it was given and nothing of the place where that happened.
      env: {},
      flags: Object.fromEntries(
        Object.entries(named).flatMap(([key, [value, option]]) =>
          value === undefined ? [] : [[key, { value, option }]],
        ),
      ),
      required: REST_REQUIRED,
      cwd,
    }),
    [CORRECT_AND_RETRY],
  );
  const [endpoint, clientId, clientSecret] = [
    settings['kuflow.api.endpoint'],
    settings['kuflow.api.client-id'],
    settings['kuflow.api.client-secret'],
  ];
  if (endpoint === undefined || clientId === undefined || clientSecret === undefined)
    throw new Error('settings that are required are missing');
  let verified: string | undefined;
  if (request.verify) {
    request.report({ kind: 'verifying' });
    verified = await orNothing(() => verifyCredentials({ settings, env, signal }));
  }
  request.report({ kind: 'storing' });
  const [tenant, ca] = [settings['kuflow.api.tenant-id'], settings['kuflow.api.ca']];
  const stored = await storeProfile(
    {
      profile: {
        name: start.name,
        endpoint: endpoint.value,
        clientId: clientId.value,
        ...(tenant !== undefined && { tenantId: tenant.value }),
        ...(values.target !== undefined && { target: values.target }),
        ...(ca !== undefined && { ca: ca.value }),
      },
      secret: clientSecret.value,
      makeDefault: request.makeDefault,
      useKeychain: request.useKeychain,
    },
    { folder: profilesFolder(env), env, clock, signal },
  );
  return {
    ...stored,
    warnings: [...(given?.warnings ?? []), ...stored.warnings],
    ...(verified !== undefined && { verified }),
  };
}

async function orNothing(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof KnownError) || error.status === 130) throw error;
    const { message, tried, seen, next, status, cause } = error;
    throw new KnownError({
      message: `${message}; nothing was stored`,
      ...(tried !== undefined && { tried }),
      ...(seen !== undefined && { seen }),
      next: [...next, ...(status === 4 ? ['To store them without asking KuFlow: add --no-verify'] : [])],
      status,
      cause,
    });
  }
}

function definedOf({ clientId, endpoint, tenantId, target, ca }: ConnectionFlags): ConnectionFlags {
  return Object.fromEntries(
    Object.entries({ clientId, endpoint, tenantId, target, ca }).filter(([, value]) => value !== undefined),
  );
}

/** A profile as it may be shown. */
export interface ProfileSummary extends Omit<Profile, 'secret'> {
  readonly isDefault: boolean;
  readonly secret: { readonly in: Profile['secret']['in']; readonly where: string };
}

export interface ProfileList {
  /** Absolute path of the profile file, whether it is there or not. */
  readonly file: string;
  readonly profiles: readonly ProfileSummary[];
}

/** `kuflow profiles`: all of them by name. No secret is read, no keychain opened. Rejects with a KnownError for a file that can't be read. */
export async function listProfiles({ env }: Pick<LoginContext, 'env'>): Promise<ProfileList> {
  const folder = profilesFolder(env);
  const { path, profiles, defaultName } = await readProfileFile(folder);
  return {
    file: path,
    profiles: [...profiles]
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .map((profile) => ({
        ...profile,
        isDefault: profile.name === defaultName,
        secret: { in: profile.secret.in, where: describeSecretLocation(profile.secret, { folder, env }) },
      })),
  };
}

/** `kuflow logout`. Rejects with a usage error for a profile that is not there. */
export async function logout(name: string, world: LoginContext): Promise<RemovedProfile> {
  const removed = await removeProfile(name, profilesWorld(world));
  if (removed !== undefined) return removed;
  throw await notThere(name, '--profile', world);
}

/** `kuflow profiles --default`. Rejects with a usage error for a profile that is not there. */
export async function setDefaultProfile(name: string, world: LoginContext): Promise<void> {
  if (!(await chooseDefaultProfile(name, profilesWorld(world)))) throw await notThere(name, '--default', world);
}

async function notThere(
  name: string,
  givenBy: MissingProfile['givenBy'],
  { env, cwd }: LoginContext,
): Promise<KnownError> {
  const { profiles } = await readProfileFile(profilesFolder(env));
  return missingProfileError({ name, givenBy, existing: profiles.map((one) => one.name), cwd });
}

function profilesWorld({ env, clock, signal }: LoginContext): ProfileContext {
  return { folder: profilesFolder(env), env, clock, signal };
}

function profilesFolder(env: LoginContext['env']): string {
  const folder = configFolder(env);
  if (folder !== undefined) return folder;
  throw usageError('There is no place for profiles: the environment names no home folder', [
    `Set ${process.platform === 'win32' ? 'APPDATA' : 'HOME or XDG_CONFIG_HOME'}`,
  ]);
}
