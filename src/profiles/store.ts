import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { KnownError, codeOf } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { nodeFileSystem, type FileSystem } from '../files/node-file-system.ts';
import { withContext, ignoreSystemErrors } from '../base/system-error.ts';
import { withLock } from '../files/lock.ts';
import { removeStagedSiblings, replaceFile } from '../files/write.ts';
import { openKeychain } from './keychain/choose-keychain.ts';
import {
  readProfileFile,
  textWithDefault,
  textWithPending,
  textWithoutProfile,
  textWithProfile,
  type Profile,
  type ProfileFile,
  type SecretLocation,
} from './file.ts';
import {
  deleteSecret,
  storeInFile,
  storeInKeychain,
  describeSecretLocation,
  type SecretStorageContext,
} from './secret-storage.ts';

/** `folder`: see `configFolder`. */
export interface ProfileContext extends SecretStorageContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface StoreProfileRequest {
  readonly profile: Omit<Profile, 'secret'>;
  readonly secret: Secret;
  /** Makes it the default; the first profile always is. */
  readonly makeDefault: boolean;
  /** If false, the secret is stored in a file. */
  readonly useKeychain: boolean;
}

/**
 * Stores a profile and its secret: the secret in the keychain, or in a file that only the user can read. The profile
 * file is replaced in one rename once the secret is stored, and only then is the previous secret deleted. Rejects with
 * a KnownError, and then nothing has changed.
 */
export async function storeProfile(request: StoreProfileRequest, context: ProfileContext) {
  return await withProfileLock(context, async () => {
    const file = await readProfileFile(context.folder);
    const { profile: wanted, makeDefault } = request;
    const old = file.profiles.find(({ name }) => name === wanted.name);
    const isDefault = makeDefault || file.profiles.length === 0 || file.defaultName === wanted.name;
    const candidates = newLocations(request, context);
    const touched = [candidates.keychain, candidates.file, old?.secret].filter((location) => location !== undefined);
    return await withPending(file, touched, context, async (recorded) => {
      const { location, whyFile } = await storeSecret(request, candidates, context);
      const profile: Profile = { ...wanted, secret: location };
      await writeProfiles(file, textWithProfile(recorded, profile, isDefault ? wanted.name : undefined), context);
      const why = old === undefined ? undefined : await deleteSecret(old.secret, context);
      const left = old === undefined || why === undefined ? [] : [old.secret];
      const result = {
        profile,
        file: file.path,
        isDefault,
        /** Whether a profile of this name existed. */
        replaced: old !== undefined,
        /** For use in a sentence: the keychain, or the path of the file. */
        where: describeSecretLocation(location, context),
        /** Why the secret is in a file although the keychain was to be used. */
        whyFile,
        warnings: left.map(
          (secret) => `The previous secret is still in ${describeSecretLocation(secret, context)}: ${why ?? ''}`,
        ),
      };
      return { result, left };
    });
  });
}

export type RemovedProfile = NonNullable<Awaited<ReturnType<typeof removeProfile>>>;

/**
 * Removes the secret of a profile, then the profile, so that an interrupted removal can be repeated. Undefined if no
 * profile has that name. Rejects with a KnownError.
 */
export async function removeProfile(name: string, context: ProfileContext) {
  return await withProfileLock(context, async () => {
    const file = await readProfileFile(context.folder);
    const profile = file.profiles.find((one) => one.name === name);
    return await withPending(file, profile === undefined ? [] : [profile.secret], context, async (recorded) => {
      if (profile === undefined) return { result: undefined, left: [] };
      // Why the secret still exists, and how to remove it; undefined if it was removed.
      const leftBehind = await deleteSecret(profile.secret, context);
      const where = describeSecretLocation(profile.secret, context);
      if (leftBehind !== undefined && context.signal.aborted)
        throw new KnownError({
          message: `Profile ${name} was not removed, and its secret may still be in ${where}`,
          seen: leftBehind,
          next: ['Run this command again to complete the removal'],
          status: 130,
        });
      await writeProfiles(file, textWithoutProfile(recorded, name), context);
      const result = { profile, wasDefault: file.defaultName === name, where, leftBehind };
      return { result, left: leftBehind === undefined ? [] : [profile.secret] };
    });
  });
}

/** Makes a profile the default; false if there is no profile of that name. Rejects with a KnownError. */
export async function chooseDefaultProfile(name: string, context: ProfileContext): Promise<boolean> {
  return await withProfileLock(context, async () => {
    const file = await readProfileFile(context.folder);
    if (!file.profiles.some((one) => one.name === name)) return false;
    if (file.defaultName !== name) await writeProfiles(file, textWithDefault(file, name), context);
    return true;
  });
}

/** Where a secret can be stored. Both are unused: the previous secret stays until the profile file names the new one. */
function newLocations({ profile, useKeychain }: StoreProfileRequest, context: ProfileContext) {
  const random = randomBytes(4).toString('hex');
  const opened = useKeychain ? openKeychain(context) : undefined;
  const key = `${profile.name}/${profile.clientId}@${new URL(profile.endpoint).host}/${random}`;
  return {
    opened,
    keychain: opened?.kind === 'open' ? { in: opened.keychain.name, key } : undefined,
    file: { in: 'file', name: `${profile.name.slice(0, 50)}-${random}` } as const,
  };
}

async function storeSecret(
  { profile, secret }: StoreProfileRequest,
  { opened, keychain, file }: ReturnType<typeof newLocations>,
  context: ProfileContext,
): Promise<{ readonly location: SecretLocation; readonly whyFile?: string | undefined }> {
  const inFile = async (whyFile?: string) => {
    await storeInFile(file.name, secret, context);
    return { location: file, whyFile };
  };
  if (opened?.kind === 'none') return await inFile(opened.why);
  if (opened === undefined || keychain === undefined) return await inFile();
  const stored = await storeInKeychain(opened.keychain, keychain.key, secret, `KuFlow, profile ${profile.name}`);
  return stored.kind === 'done' ? { location: keychain } : await inFile(stored.why);
}

/**
 * Runs `work`, which changes the secrets at `locations`, and resolves to those that are `left` although no profile refers
 * to them. The locations are recorded in the profile file first: if this run is killed, the next one deletes the secrets that no profile
 * refers to. This run does the same for earlier runs. Requires the lock of the profiles.
 */
async function withPending<T>(
  file: ProfileFile,
  locations: readonly SecretLocation[],
  context: ProfileContext,
  work: (recorded: ProfileFile) => Promise<{ readonly result: T; readonly left: readonly SecretLocation[] }>,
): Promise<T> {
  await removeStagedSiblings(context.files ?? nodeFileSystem, file.path, true);
  const earlier = await deleteUnreferenced(file, file.pending, context);
  await recordPending(file, [...earlier, ...locations], context);
  const recorded = await readProfileFile(context.folder);
  try {
    const { result, left } = await work(recorded);
    await ignoreSystemErrors(async () =>
      recordPending(await readProfileFile(context.folder), [...earlier, ...left], context),
    );
    return result;
  } catch (error) {
    try {
      const now = await readProfileFile(context.folder);
      await recordPending(now, await deleteUnreferenced(now, [...earlier, ...locations], context), context);
    } catch {
      // What cannot be deleted now stays pending for the next run. The original error is the one to report.
    }
    throw error;
  }
}

/** Deletes the secrets that no profile refers to. Returns the locations of those that could not be deleted. */
async function deleteUnreferenced(
  { profiles }: ProfileFile,
  locations: readonly SecretLocation[],
  context: ProfileContext,
): Promise<readonly SecretLocation[]> {
  const left: SecretLocation[] = [];
  for (const location of locations) {
    if (profiles.some(({ secret }) => isDeepStrictEqual(secret, location))) continue;
    if ((await deleteSecret(location, context)) !== undefined) left.push(location);
  }
  return left;
}

async function recordPending(
  file: ProfileFile,
  pending: readonly SecretLocation[],
  context: ProfileContext,
): Promise<void> {
  if (isDeepStrictEqual(file.pending, pending)) return;
  const text = textWithPending(file, pending);
  if (text !== undefined) await writeProfiles(file, text, context);
  else
    await withContext('Writing the profiles', file.path, () => (context.files ?? nodeFileSystem).removeFile(file.path));
}

async function writeProfiles(
  file: ProfileFile,
  text: string,
  { files = nodeFileSystem }: ProfileContext,
): Promise<void> {
  await withContext('Writing the profiles', file.path, () => replaceFile(file.path, text, { files, isLocked: true }));
}

const LOCK_TIMEOUT_MS = 20_000;

/** Allows one writer at a time, so that parallel logins do not lose each other's changes. */
async function withProfileLock<T>(context: ProfileContext, work: () => Promise<T>): Promise<T> {
  const { folder, files = nodeFileSystem } = context;
  await withContext('Creating the profile folder', folder, () => makeFolder(files, folder));
  const path = join(folder, 'profiles.lock');
  const take = () => withContext('Locking the profiles', path, () => files.lock(path));
  return await withLock({ take, path, within: LOCK_TIMEOUT_MS, busyWith: 'changing the profiles' }, context, work);
}

async function makeFolder(files: FileSystem, folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  try {
    await files.makeFolder(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  await ignoreSystemErrors(() => files.syncFolder(folder));
}
