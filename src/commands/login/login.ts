import type { Clock } from '../../base/clock.ts';
import { amendError, KnownError } from '../../base/errors.ts';
import { withoutUndefined } from '../../base/json.ts';
import type { Secret } from '../../base/secret.ts';
import type { Environment } from '../../settings/environment.ts';
import { CORRECT_AND_RETRY, readGivenSecret, settingFlags, type ConnectionFlags } from '../../connection/flags.ts';
import { REST_REQUIRED, type ConnectionContext } from '../../connection/resolve.ts';
import { verifyCredentials } from '../../diagnostics/verify-credentials.ts';
import { checkProfileName, DEFAULT_PROFILE_NAME, profileFolder, readProfileFile } from '../../profiles/file.ts';
import { storeProfile, type StoredProfile } from '../../profiles/store.ts';
import { requireSettings, resolveSettings } from '../../settings/resolve.ts';

/** The values of a profile that can be given as flags. */
type ProfileValues = Pick<ConnectionFlags, 'clientId' | 'endpoint' | 'tenantId' | 'target' | 'ca'>;

/** The profile that a login names, and its values. Rejects with a KnownError for an invalid name or file. */
export async function readLoginDefaults(
  flags: ConnectionFlags,
  env: Environment,
): Promise<{ readonly name: string; readonly values: ProfileValues }> {
  const name = checkProfileName(flags.profile ?? DEFAULT_PROFILE_NAME);
  const { profiles } = await readProfileFile(profileFolder(env));
  const existing = profiles.find((profile) => profile.name === name);
  // Another application may belong to another tenant and another KuFlow, so it inherits nothing.
  const isSameApplication = flags.clientId === undefined || flags.clientId === existing?.clientId;
  return { name, values: definedValues(isSameApplication ? existing : undefined) };
}

function definedValues({ clientId, endpoint, tenantId, target, ca }: ProfileValues = {}): ProfileValues {
  return withoutUndefined({ clientId, endpoint, tenantId, target, ca });
}

export interface LoginFlags extends ConnectionFlags {
  readonly default?: boolean;
  readonly verify: boolean;
  readonly keychain: boolean;
  readonly json?: boolean;
}

interface LoginRequest extends ConnectionContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly flags: LoginFlags;
  /** A secret from a prompt; otherwise the flags say where it is. */
  readonly secret?: Secret | undefined;
  readonly report: (step: LoginStep) => void;
}

export type LoginStep = 'verifying' | 'storing';

export interface LoginResult extends StoredProfile {
  /** KuFlow's answer about the credentials; absent if they were not verified. */
  readonly verified?: string | undefined;
}

/** `kuflow login`: verifies and stores the credentials. Rejects with a KnownError, and then nothing is stored. */
export async function login(request: LoginRequest): Promise<LoginResult> {
  const { flags, env, cwd, signal, clock } = request;
  const defaults = await readLoginDefaults(flags, env);
  const given =
    request.secret === undefined
      ? await readGivenSecret(flags, request)
      : { value: request.secret, option: '--client-secret-stdin', warnings: [] };
  const values = { ...defaults.values, ...definedValues(flags) };
  const settings = requireSettings(
    await resolveSettings({
      // A profile contains only what was given to it, independent of the environment and the folder of the login.
      env: {},
      flags: settingFlags(values, given),
      required: REST_REQUIRED,
      cwd,
    }),
    [CORRECT_AND_RETRY],
  );
  const endpoint = settings['kuflow.api.endpoint'];
  const clientId = settings['kuflow.api.client-id'];
  const clientSecret = settings['kuflow.api.client-secret'];
  if (endpoint === undefined || clientId === undefined || clientSecret === undefined)
    throw new Error('settings that are required are missing');
  let verified: string | undefined;
  if (flags.verify) {
    request.report('verifying');
    verified = await verifyCredentials({ settings, env, signal }).catch((error: unknown) => {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      throw amendError(error, {
        message: `${error.message}; nothing was stored`,
        next: error.status === 4 ? ['To store the credentials without verifying them, add --no-verify'] : [],
      });
    });
  }
  request.report('storing');
  const stored = await storeProfile(
    {
      profile: {
        name: defaults.name,
        endpoint: endpoint.value,
        clientId: clientId.value,
        tenantId: settings['kuflow.api.tenant-id']?.value,
        target: values.target,
        ca: settings['kuflow.api.ca']?.value,
      },
      secret: clientSecret.value,
      makeDefault: flags.default === true,
      useKeychain: flags.keychain,
    },
    { folder: profileFolder(env), env, clock, signal },
  );
  return { ...stored, warnings: [...(given?.warnings ?? []), ...stored.warnings], verified };
}
