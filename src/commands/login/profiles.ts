import { configFolder } from '../../base/user-folders.ts';
import { usageError, type KnownError } from '../../base/errors.ts';
import { missingProfileError, type MissingProfile } from '../../connection/profile.ts';
import { readProfileFile, type Profile } from '../../profiles/file.ts';
import { describeSecretLocation } from '../../profiles/secret-storage.ts';
import { chooseDefaultProfile, removeProfile, type ProfileContext, type RemovedProfile } from '../../profiles/store.ts';

/** A profile as `kuflow profiles --json` prints it, without its secret. */
export interface ProfileSummary extends Omit<Profile, 'secret'> {
  readonly default: boolean;
  readonly secret: { readonly in: Profile['secret']['in']; readonly where: string };
}

export interface ProfileList {
  /** Absolute path of the profile file, whether it exists or not. */
  readonly file: string;
  readonly profiles: readonly ProfileSummary[];
}

export interface ProfileCommandContext extends Omit<ProfileContext, 'folder'> {
  readonly cwd: string;
}

/**
 * `kuflow profiles`: all profiles, sorted by name. Reads no secrets and opens no keychain. Rejects with a KnownError
 * for a file that cannot be read.
 */
export async function listProfiles({ env }: Pick<ProfileCommandContext, 'env'>): Promise<ProfileList> {
  const folder = profileFolder(env);
  const { path, profiles, defaultName } = await readProfileFile(folder);
  return {
    file: path,
    profiles: [...profiles]
      .sort((one, other) => (one.name < other.name ? -1 : 1))
      .map((profile) => ({
        ...profile,
        default: profile.name === defaultName,
        secret: { in: profile.secret.in, where: describeSecretLocation(profile.secret, { folder, env }) },
      })),
  };
}

/** `kuflow logout`. Rejects with a usage error for a profile that does not exist. */
export async function logout(name: string, context: ProfileCommandContext): Promise<RemovedProfile> {
  const removed = await removeProfile(name, { ...context, folder: profileFolder(context.env) });
  if (removed !== undefined) return removed;
  throw await missingProfile(name, '--profile', context);
}

/** `kuflow profiles --default`. Rejects with a usage error for a profile that does not exist. */
export async function setDefaultProfile(name: string, context: ProfileCommandContext): Promise<void> {
  const isKnown = await chooseDefaultProfile(name, { ...context, folder: profileFolder(context.env) });
  if (!isKnown) throw await missingProfile(name, '--default', context);
}

async function missingProfile(
  name: string,
  givenBy: MissingProfile['givenBy'],
  { env, cwd }: ProfileCommandContext,
): Promise<KnownError> {
  const { profiles } = await readProfileFile(profileFolder(env));
  return missingProfileError({ name, givenBy, existing: profiles.map((profile) => profile.name), cwd });
}

/** The folder of the profile file. Throws a usage error if the environment has no home folder. */
export function profileFolder(env: ProfileCommandContext['env']): string {
  const folder = configFolder(env);
  if (folder !== undefined) return folder;
  throw usageError('Profiles cannot be stored, because the environment has no home folder', [
    `Set ${process.platform === 'win32' ? 'APPDATA' : 'HOME or XDG_CONFIG_HOME'}`,
  ]);
}
