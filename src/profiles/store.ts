import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { KnownError, codeOf } from '../base/errors.ts';
import type { Secret } from '../base/secret.ts';
import { nodeFiles } from '../files/node-file-system.ts';
import { withContext, ignoreSystemErrors } from '../base/system-error.ts';
import type { StoreFiles } from '../files/file-system.ts';
import { withLock } from '../files/file-lock.ts';
import { withJournal } from './secret-journal.ts';
import { openKeychain, type OpenedKeychain } from './keychain/open.ts';
import { readProfileFile, textWithDefault, textWithProfile, textWithoutProfile } from './file.ts';
import type { Profile, ProfileFile, SecretLocation } from './file.ts';
import { replaceProfileFile } from './replace-file.ts';
import {
  deleteSecret,
  storeInFile,
  storeInKeychain,
  describeSecretLocation,
  type SecretStorageContext,
} from './secret-storage.ts';

/** `folder`: `configFolder` names it. */
export interface ProfileContext extends SecretStorageContext {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface StoreProfileRequest {
  readonly profile: Omit<Profile, 'secret'>;
  readonly secret: Secret;
  /** Makes it the default; the first profile is that anyhow. */
  readonly makeDefault: boolean;
  /** False: a file is wanted. */
  readonly useKeychain: boolean;
}

export interface StoredProfile {
  readonly profile: Profile;
  readonly file: string;
  readonly isDefault: boolean;
  /** One of this name was there. */
  readonly replaced: boolean;
  /** For a sentence: the keychain, or the path of the file. */
  readonly where: string;
  /** Why it is in a file and not in the keychain; absent when it is in the keychain, or a file was wanted. */
  readonly whyFile?: string;
  readonly warnings: readonly string[];
}

/**
 * Stores a profile and its secret: the secret in the keychain, else in a file that only the user may read. The profile file is replaced by one
 * rename when the secret is in place, and a secret of before goes after that. Rejects with a KnownError, and then all is as it was.
 */
export async function storeProfile(request: StoreProfileRequest, world: ProfileContext): Promise<StoredProfile> {
  return await locked(world, async () => {
    const file = await readProfileFile(world.folder);
    const { profile: wanted, makeDefault } = request;
    const old = file.profiles.find(({ name }) => name === wanted.name);
    const isDefault = makeDefault || file.profiles.length === 0 || file.defaultName === wanted.name;
    const places = placesFor(request, world);
    const touched = [places.keychain, places.file, old?.secret].filter((place) => place !== undefined);
    return await withJournal(file, touched, world, async () => {
      const { place, whyFile } = await keep(request, places, world);
      const profile: Profile = { ...wanted, secret: place };
      await write(file, textWithProfile(file, profile, isDefault ? wanted.name : undefined), world);
      const why = old === undefined ? undefined : await deleteSecret(old.secret, world);
      const left = old === undefined || why === undefined ? [] : [old.secret];
      const result = {
        profile,
        file: file.path,
        isDefault,
        replaced: old !== undefined,
        where: describeSecretLocation(place, world),
        ...(whyFile !== undefined && { whyFile }),
        warnings: left.map(
          (one) => `The secret of before is still in ${describeSecretLocation(one, world)}: ${why ?? ''}`,
        ),
      };
      return { result, left };
    });
  });
}

export interface RemovedProfile {
  readonly profile: Profile;
  readonly wasDefault: boolean;
  readonly where: string;
  /** Why the secret is still there, and how to remove it; absent when it is gone. */
  readonly leftBehind?: string;
}

/**
 * Removes a profile and its secret, the secret first: what is ended in between is there to be removed again. Undefined when there is none of that
 * name. Rejects with a KnownError.
 */
export async function removeProfile(name: string, world: ProfileContext): Promise<RemovedProfile | undefined> {
  return await locked(world, async () => {
    const file = await readProfileFile(world.folder);
    const profile = file.profiles.find((one) => one.name === name);
    return await withJournal(file, profile === undefined ? [] : [profile.secret], world, async () => {
      if (profile === undefined) return { result: undefined, left: [] };
      const leftBehind = await deleteSecret(profile.secret, world);
      const where = describeSecretLocation(profile.secret, world);
      if (leftBehind !== undefined && world.signal.aborted)
        throw new KnownError({
          message: `The profile ${name} is not removed, and its secret may still be in ${where}`,
          seen: leftBehind,
          next: ['Run it again: it goes on where this one was ended'],
          status: 130,
        });
      await write(file, textWithoutProfile(file, name), world);
      const result = {
        profile,
        wasDefault: file.defaultName === name,
        where,
        ...(leftBehind !== undefined && { leftBehind }),
      };
      return { result, left: leftBehind === undefined ? [] : [profile.secret] };
    });
  });
}

/** Makes a profile the default; false when there is none of that name. Rejects with a KnownError. */
export async function chooseDefaultProfile(name: string, world: ProfileContext): Promise<boolean> {
  return await locked(world, async () => {
    const file = await readProfileFile(world.folder);
    if (!file.profiles.some((one) => one.name === name)) return false;
    if (file.defaultName !== name) await write(file, textWithDefault(file, name), world);
    return true;
  });
}

/** Where a secret may go; neither is in use yet, so that one of before stays whole until the profile file names the new one. */
interface Places {
  readonly opened: OpenedKeychain | undefined;
  readonly keychain?: SecretLocation & { readonly key: string };
  readonly file: SecretLocation & { readonly name: string };
}

function placesFor({ profile, useKeychain }: StoreProfileRequest, world: ProfileContext): Places {
  const random = randomBytes(4).toString('hex');
  const opened = useKeychain ? openKeychain(world) : undefined;
  const key = `${profile.name}/${profile.clientId}@${new URL(profile.endpoint).host}/${random}`;
  return {
    opened,
    ...(opened?.kind === 'open' && { keychain: { in: opened.keychain.name, key } }),
    file: { in: 'file', name: `${profile.name.slice(0, 50)}-${random}` },
  };
}

async function keep(
  { profile, secret }: StoreProfileRequest,
  { opened, keychain, file }: Places,
  world: ProfileContext,
): Promise<{ readonly place: SecretLocation; readonly whyFile?: string }> {
  const inFile = async (whyFile?: string) => {
    await storeInFile(file.name, secret, world);
    return { place: file, ...(whyFile !== undefined && { whyFile }) };
  };
  if (opened?.kind === 'none') return await inFile(opened.why);
  if (opened === undefined || keychain === undefined) return await inFile();
  const kept = await storeInKeychain(opened.keychain, keychain.key, secret, `KuFlow, profile ${profile.name}`);
  return kept.kind === 'done' ? { place: keychain } : await inFile(kept.why);
}

async function write(file: ProfileFile, text: string, { files = nodeFiles }: ProfileContext): Promise<void> {
  await withContext('Writing the profiles', file.path, () => replaceProfileFile(files, file.path, text));
}

const WAIT_MS = 20_000;

/** One writer at a time: of two logins at once neither loses what the other wrote. */
async function locked<T>(world: ProfileContext, work: () => Promise<T>): Promise<T> {
  const { folder, files = nodeFiles } = world;
  await withContext('Making the folder of the profiles', folder, () => makeFolder(files, folder));
  const path = join(folder, 'profiles.lock');
  const take = () => withContext('Locking the profiles', path, () => files.lock(path));
  return await withLock({ take, path, within: WAIT_MS, busyWith: 'at the profiles' }, world, work);
}

async function makeFolder(files: StoreFiles, folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  try {
    await files.makeFolder(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  await ignoreSystemErrors(() => files.syncFolder(folder));
}
