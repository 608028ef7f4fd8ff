import { systemClock } from '../../base/clock.ts';
import { amendError, KnownError } from '../../base/errors.ts';
import { withoutUndefined } from '../../base/json.ts';
import type { Secret } from '../../base/secret.ts';
import { connectionContext } from '../../cli/connection-options.ts';
import type { CommandContext } from '../../cli/context.ts';
import { CORRECT_AND_RETRY, readGivenSecret, settingFlags, type ConnectionFlags } from '../../connection/flags.ts';
import { REST_REQUIRED } from '../../connection/resolve-connection.ts';
import { verifyCredentials } from '../../diagnostics/check-connection.ts';
import { profileFolder, type Profile } from '../../profiles/file.ts';
import { storeProfile } from '../../profiles/store.ts';
import { requireSettings, resolveSettings } from '../../settings/precedence.ts';
import type { Progress } from '../../terminal/progress.ts';

type ProfileValues = Pick<ConnectionFlags, 'clientId' | 'endpoint' | 'tenantId' | 'target' | 'ca'>;

/** The values that a login keeps. Another application may belong to another tenant and another KuFlow, so it inherits nothing. */
export function keptValues(existing: Profile | undefined, { clientId }: ProfileValues): ProfileValues {
  return definedValues(clientId === undefined || clientId === existing?.clientId ? existing : undefined);
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

export type LoginResult = Awaited<ReturnType<typeof login>>;

interface LoginRequest {
  readonly name: string;
  readonly existing: Profile | undefined;
  readonly flags: LoginFlags;
  /** A secret from a prompt; otherwise the flags say where it is. */
  readonly secret: Secret | undefined;
}

/** `kuflow login`: verifies and stores the credentials. Rejects with a KnownError, and then nothing is stored. */
export async function login(
  { name, existing, flags, secret }: LoginRequest,
  context: CommandContext,
  progress: Progress,
) {
  const connection = connectionContext(context);
  const { env, cwd, signal } = connection;
  const given =
    secret === undefined
      ? await readGivenSecret(flags, connection)
      : { value: secret, option: '--client-secret-stdin', warnings: [] };
  const values = { ...keptValues(existing, flags), ...definedValues(flags) };
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
    progress.begin('Verifying the credentials with KuFlow…');
    verified = await verifyCredentials(settings, { env, signal }).catch((error: unknown) => {
      if (!(error instanceof KnownError) || error.status === 130) throw error;
      throw amendError(error, {
        message: `${error.message}; nothing was stored`,
        next: error.status === 4 ? ['To store the credentials without verifying them, add --no-verify'] : [],
      });
    });
  }
  progress.begin('Storing the credentials…');
  const stored = await storeProfile(
    {
      profile: {
        name,
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
    { folder: profileFolder(env), env, clock: systemClock, signal },
  );
  const warnings = [...(given?.warnings ?? []), ...stored.warnings];
  return {
    ...stored,
    warnings,
    /** KuFlow's answer about the credentials; undefined if they were not verified. */
    verified,
  };
}
