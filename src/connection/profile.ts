import { lazy } from '../base/lazy.ts';
import { configFolder } from '../base/user-folders.ts';
import { KnownError, usageError } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { nearMatch } from '../base/near-match.ts';
import { cliInvocation } from '../base/cli-invocation.ts';
import { Secret } from '../base/secret.ts';
import { readProfileFile, type Profile } from '../profiles/file.ts';
import { needsKeychain, readStoredSecret } from '../profiles/secret-storage.ts';
import {
  resolveSettings,
  type ProfileSource,
  type SettingsRequest,
  type SettingsResult,
} from '../settings/precedence.ts';
import type { SettingProblem, Source } from '../settings/sources.ts';
import type { Environment } from '../settings/environment.ts';

export interface ProfileChoice {
  /** The value of `--profile`. */
  readonly named?: string | undefined;
  /** Absolute. */
  readonly cwd: string;
  readonly env: Environment;
  readonly signal?: AbortSignal | undefined;
}

export interface ProfileResolution {
  readonly result: SettingsResult;
  readonly warnings: readonly string[];
  /** Undefined when the secret is in the result, or when there is no secret. */
  readonly locked?: LockedSecret;
}

/** A secret in use that is in a keychain nobody has opened yet. It is missing from the settings, without a problem. */
export interface LockedSecret {
  readonly source: Source;
  readonly shadows: readonly Source[];
  /** Opens the keychain, once, and resolves the settings with the secret. A secret that cannot be read becomes a problem in them. */
  readonly read: () => Promise<SettingsResult>;
}

const SECRET = 'kuflow.api.client-secret';

/**
 * Resolves the settings with the user's profiles among the sources. The secret of a profile is read only when the credentials of that
 * profile are in use, and stays in the keychain if it is there. Rejects with a KnownError when a named profile does not exist.
 */
export async function resolveSettingsWithProfile(
  question: SettingsRequest,
  choice: ProfileChoice,
): Promise<ProfileResolution> {
  const { source, profile, folder, unusable } = await selectProfile(choice);
  const first = await resolveSettings({ ...question, profiles: source === undefined ? [] : [source] });
  // A damaged profile file matters only when nothing else provides the secret.
  if (unusable !== undefined && first.problems.some(({ key, code }) => key === SECRET && code === 'missing'))
    throw unusable;
  const placeholder = first.settings[SECRET];
  const used = placeholder?.source;
  if (source === undefined || used?.kind !== 'profile') return { result: first, warnings: [] };

  const storage = { folder, ...choice };
  const settings = Object.fromEntries(Object.entries(first.settings).filter(([key]) => key !== SECRET));
  const withoutSecret: SettingsResult = { ...first, settings };
  const readSecret = async (): Promise<ProfileResolution> => {
    const read = await readStoredSecret(profile.secret, storage);
    if (read.kind === 'failed') {
      const problem: SettingProblem = {
        key: SECRET,
        code: 'unreadable',
        source: used,
        problem: `the stored secret cannot be read: ${read.why}. To store it again, run ${cliInvocation(choice.cwd)} login --profile ${profile.name}`,
      };
      return { result: { ...withoutSecret, problems: [...first.problems, problem] }, warnings: [] };
    }
    const values = { ...source.values, [SECRET]: read.secret };
    return {
      result: await resolveSettings({ ...question, profiles: [{ ...source, values }] }),
      warnings: read.warnings,
    };
  };
  if (!needsKeychain(profile.secret, storage)) return await readSecret();
  const read = lazy(async () => (await readSecret()).result);
  return { result: withoutSecret, warnings: [], locked: { source: used, shadows: placeholder?.shadows ?? [], read } };
}

/** The profile in use: that of `--profile`, otherwise of `KUFLOW_PROFILE`, otherwise the default profile. */
export async function selectProfile({ named, env, cwd }: ProfileChoice) {
  const ofVariable = env['KUFLOW_PROFILE']?.trim();
  const [chosenBy, wanted] =
    named !== undefined
      ? (['flag', named] as const)
      : ofVariable !== undefined && ofVariable !== ''
        ? (['environment', ofVariable] as const)
        : (['default', undefined] as const);
  const givenBy = chosenBy === 'environment' ? 'KUFLOW_PROFILE' : '--profile';
  const folder = configFolder(env);
  if (folder === undefined) {
    if (wanted === undefined) return {};
    throw missingProfileError({ name: wanted, givenBy, existing: [], cwd });
  }
  try {
    const { path, profiles, defaultName } = await readProfileFile(folder);
    const name = wanted ?? defaultName;
    const profile = profiles.find((one) => one.name === name);
    if (profile === undefined) {
      if (wanted === undefined) return {};
      throw missingProfileError({ name: wanted, givenBy, existing: profiles.map((one) => one.name), cwd });
    }
    return { source: profileSource(profile, chosenBy, path), profile, folder };
  } catch (error) {
    // Why the default profile, if there is one, cannot be read.
    if (chosenBy === 'default' && error instanceof KnownError) return { unusable: error };
    throw error;
  }
}

/** The addresses in the selected profile; empty when it cannot be read. */
export async function profileEndpoint(
  choice: ProfileChoice,
): Promise<Partial<Pick<Profile, 'endpoint' | 'target' | 'ca'>>> {
  try {
    return (await selectProfile(choice)).profile ?? {};
  } catch (error) {
    if (error instanceof KnownError) return {};
    throw error;
  }
}

function profileSource(profile: Profile, chosenBy: ProfileSource['chosenBy'], file: string): ProfileSource {
  const { name, endpoint, clientId, tenantId, target, ca } = profile;
  return {
    chosenBy,
    name,
    file,
    values: {
      'kuflow.api.endpoint': endpoint,
      'kuflow.api.client-id': clientId,
      // A placeholder, replaced when the secret is read.
      [SECRET]: new Secret('not read yet'),
      ...(tenantId !== undefined && { 'kuflow.api.tenant-id': tenantId }),
      ...(target !== undefined && { 'temporal.target': target }),
      ...(ca !== undefined && { 'kuflow.api.ca': ca }),
    },
  };
}

export interface MissingProfile {
  readonly name: string;
  readonly givenBy: '--profile' | '--default' | 'KUFLOW_PROFILE';
  readonly existing: readonly string[];
  /** Absolute. */
  readonly cwd: string;
}

/** A usage error that lists the stored profiles. */
export function missingProfileError({ name, givenBy, existing, cwd }: MissingProfile): KnownError {
  const near = nearMatch(name, existing);
  return usageError(`${givenBy} ${escapeForTerminal(name, 80)}: profile not found`, [
    ...(near === undefined ? [] : [`Did you mean ${near}?`]),
    existing.length === 0 ? 'No profile is stored yet' : `Stored profiles: ${existing.join(', ')}`,
    `Store one: ${cliInvocation(cwd)} login --profile <name>`,
  ]);
}
