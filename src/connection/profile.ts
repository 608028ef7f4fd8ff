import { configFolder } from '../base/user-folders.ts';
import { KnownError, usageError } from '../base/errors.ts';
import { escapeForTerminal } from '../base/escape.ts';
import { nearMatch } from '../text/near-match.ts';
import { cliInvocation } from '../base/cli-invocation.ts';
import { Secret } from '../base/secret.ts';
import { readProfileFile, type Profile } from '../profiles/file.ts';
import { needsKeychain, readStoredSecret } from '../profiles/secret-storage.ts';
import {
  resolveSettings,
  type ProfileSource,
  type SettingsQuestion,
  type SettingsResult,
} from '../settings/resolve.ts';
import type { Source } from '../settings/sources.ts';

export interface ProfileChoice {
  /** Of `--profile`. */
  readonly named?: string;
  /** Absolute. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

export interface LookedAtSettings {
  readonly result: SettingsResult;
  readonly warnings: readonly string[];
  /** Absent: the secret is in the result, or there is none. */
  readonly unread?: LockedSecret;
}

/** A secret that is in use and lies in a keychain, so that it is not in the result; which has no problem of it. */
export interface LockedSecret {
  readonly source: Source;
  readonly shadows: readonly Source[];
  /** The same settings with the secret, for which the keychain is opened; one that can't be had is a problem in them. */
  readonly read: () => Promise<SettingsResult>;
}

const SECRET = 'kuflow.api.client-secret';

/**
 * The settings with the profiles of this user below or above the other sources, as rule and choice have it. The secret of a profile is looked
 * at only when its credentials are the ones in use, and left where it is while that is a keychain. Rejects with a KnownError for a profile
 * that is named and not there.
 */
export async function resolveSettingsWithProfile(
  question: SettingsQuestion,
  choice: ProfileChoice,
): Promise<LookedAtSettings> {
  const { source, profile, folder, unusable } = await selectProfile(choice);
  const first = await resolveSettings({ ...question, profiles: source === undefined ? [] : [source] });
  // A damaged file matters to those who would have needed it.
  if (unusable !== undefined && first.problems.some(({ key, code }) => key === SECRET && code === 'missing'))
    throw unusable;
  const standIn = first.settings[SECRET];
  const used = standIn?.source;
  if (source === undefined || profile === undefined || folder === undefined || used?.kind !== 'profile')
    return { result: first, warnings: [] };

  const world = { folder, ...choice };
  const settings = Object.fromEntries(Object.entries(first.settings).filter(([key]) => key !== SECRET));
  const without: SettingsResult = { ...first, settings };
  const complete = async (): Promise<LookedAtSettings> => {
    const read = await readStoredSecret(profile.secret, world);
    if (read.kind === 'failed') {
      const expected = `a secret that can be had; ${read.why}. ${cliInvocation(choice.cwd)} login --profile ${profile.name} stores it again`;
      const problem = { key: SECRET, code: 'unreadable' as const, source: used, expected };
      return { result: { ...without, problems: [...first.problems, problem] }, warnings: [] };
    }
    const values = { ...source.values, [SECRET]: read.secret };
    return {
      result: await resolveSettings({ ...question, profiles: [{ ...source, values }] }),
      warnings: read.warnings,
    };
  };
  if (!needsKeychain(profile.secret, world)) return await complete();
  const read = async (): Promise<SettingsResult> => (await complete()).result;
  return { result: without, warnings: [], unread: { source: used, shadows: standIn?.shadows ?? [], read } };
}

interface ChosenProfile {
  readonly source?: ProfileSource;
  readonly profile?: Profile;
  readonly folder?: string;
  /** Why there may be a default profile that can't be read. */
  readonly unusable?: KnownError;
}

/** The one profile that counts for a call: that of the option, else that of the variable, else the default. */
export async function selectProfile({ named, env, cwd }: ProfileChoice): Promise<ChosenProfile> {
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
    throw missingProfileError({ name: wanted, givenBy, there: [], cwd });
  }
  try {
    const { path, profiles, defaultName } = await readProfileFile(folder);
    const name = wanted ?? defaultName;
    const profile = profiles.find((one) => one.name === name);
    if (profile === undefined) {
      if (wanted === undefined) return {};
      throw missingProfileError({ name: wanted, givenBy, there: profiles.map((one) => one.name), cwd });
    }
    return { source: sourceOf(profile, chosenBy, path), profile, folder };
  } catch (error) {
    if (chosenBy === 'default' && error instanceof KnownError) return { unusable: error };
    throw error;
  }
}

/** Where the KuFlow of a profile is, without what belongs to its application; nothing of a profile that can't be read. */
export async function profileEndpoint(
  choice: ProfileChoice,
): Promise<{ readonly endpoint?: string; readonly target?: string; readonly ca?: string }> {
  try {
    const { profile } = await selectProfile(choice);
    if (profile === undefined) return {};
    const { endpoint, target, ca } = profile;
    return { endpoint, ...(target !== undefined && { target }), ...(ca !== undefined && { ca }) };
  } catch (error) {
    if (error instanceof KnownError) return {};
    throw error;
  }
}

function sourceOf(profile: Profile, chosenBy: ProfileSource['chosenBy'], file: string): ProfileSource {
  const { name, endpoint, clientId, tenantId, target, ca } = profile;
  return {
    chosenBy,
    name,
    file,
    values: {
      'kuflow.api.endpoint': endpoint,
      'kuflow.api.client-id': clientId,
      // Stands for the one that is read when it is used.
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
  /** Names of those that are there. */
  readonly there: readonly string[];
  /** Absolute. */
  readonly cwd: string;
}

/** A usage error that names the profiles that are there. */
export function missingProfileError({ name, givenBy, there, cwd }: MissingProfile): KnownError {
  const near = nearMatch(name, there);
  const shown = escapeForTerminal(name, 80);
  return usageError(`${givenBy} ${shown}: there is no such profile`, [
    ...(near === undefined ? [] : [`Did you mean ${near}?`]),
    there.length === 0 ? 'There is none yet' : `There are: ${there.join(', ')}`,
    `${cliInvocation(cwd)} login --profile NAME stores one`,
  ]);
}
