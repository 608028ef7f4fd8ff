import { resolve } from 'node:path';
import { usageError } from '../base/errors.ts';
import { requireSettings, resolveSettings, type SettingFlags } from '../settings/precedence.ts';
import { secretFromFile, secretFromStdin, type GivenSecret } from '../settings/secret-input.ts';

export interface ConnectionFlags {
  readonly profile?: string | undefined;
  readonly clientId?: string | undefined;
  readonly clientSecretFile?: string | undefined;
  readonly clientSecretStdin?: boolean | undefined;
  readonly endpoint?: string | undefined;
  readonly tenantId?: string | undefined;
  readonly target?: string | undefined;
  readonly ca?: string | undefined;
}

/** The options that say which credentials and addresses are used. */
export const CONNECTION_KEYS = [
  'profile',
  'clientId',
  'clientSecretFile',
  'clientSecretStdin',
  'endpoint',
  'target',
  'ca',
] as const satisfies readonly (keyof ConnectionFlags)[];

/** With the tenant, which chooses neither credentials nor addresses. */
export const ALL_CONNECTION_KEYS = [...CONNECTION_KEYS, 'tenantId'] as const;

export const CORRECT_AND_RETRY = 'Correct the settings above, then run the command again';

/** The secret that the options name, with the option and its warnings; undefined when they name none. */
export async function readGivenSecret(
  flags: ConnectionFlags,
  context: {
    /** Absolute. */
    readonly cwd: string;
    readonly stdin: AsyncIterable<Uint8Array | string> & { readonly isTTY?: boolean };
    readonly signal?: AbortSignal | undefined;
  },
): Promise<GivenSecret | undefined> {
  if (flags.clientSecretFile !== undefined && flags.clientSecretStdin === true)
    throw usageError('--client-secret-file and --client-secret-stdin cannot be combined: choose one');
  if (flags.clientSecretFile !== undefined) return await secretFromFile(resolve(context.cwd, flags.clientSecretFile));
  return flags.clientSecretStdin === true ? await secretFromStdin(context.stdin, context.signal) : undefined;
}

/** The options as the strongest layer of the settings. */
export function settingFlags(flags: ConnectionFlags, secret?: GivenSecret): SettingFlags {
  const named = (value: string | undefined, option: string) => (value === undefined ? undefined : { value, option });
  const all = {
    'kuflow.api.client-id': named(flags.clientId, '--client-id'),
    'kuflow.api.client-secret': secret,
    'kuflow.api.endpoint': named(flags.endpoint, '--endpoint'),
    'kuflow.api.tenant-id': named(flags.tenantId, '--tenant-id'),
    'temporal.target': named(flags.target, '--target'),
    'kuflow.api.ca': named(flags.ca, '--ca'),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/**
 * Checks options that are written to a project without a connection being made. Rejects with the KnownError that a connection would
 * reject with.
 */
export async function validateEndpointFlags(
  flags: Pick<ConnectionFlags, 'endpoint' | 'target' | 'ca'>,
  cwd: string,
): Promise<void> {
  requireSettings(await resolveSettings({ flags: settingFlags(flags), env: {}, required: [], cwd }), [
    CORRECT_AND_RETRY,
  ]);
}
