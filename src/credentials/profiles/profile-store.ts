import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../base/atomic-file.ts';
import type { Clock } from '../../base/clock.ts';
import { KnownError, codeOf } from '../../base/errors.ts';
import { takePidLock } from '../../base/pid-lock.ts';
import type { Secret } from '../../base/secret.ts';
import { nodeFiles } from '../store/node-files.ts';
import { doing, unlessSystemFails } from '../store/store-error.ts';
import { openKeychain } from './keychain/open-keychain.ts';
import { readProfileFile, withDefault, withProfile, withoutProfile } from './profile-file.ts';
import type { Profile, ProfileFile, SecretPlace } from './profile-file.ts';
import { forgetSecret, keepInFile, keepInKeychain, whereIs } from './secret-places.ts';

export interface ProfilesWorld {
  /** Absolute; `configFolder` names it. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
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
export async function storeProfile(request: StoreProfileRequest, world: ProfilesWorld): Promise<StoredProfile> {
  return await locked(world, async () => {
    const file = await readProfileFile(world.folder);
    const { profile: wanted, secret, makeDefault } = request;
    const old = file.profiles.find(({ name }) => name === wanted.name);
    const isDefault = makeDefault || file.profiles.length === 0 || file.defaultName === wanted.name;
    const { place, whyFile } = await keep(request, secret, world);
    const profile: Profile = { ...wanted, secret: place };
    const isNew = old === undefined || !samePlace(old.secret, place);
    try {
      await write(file, withProfile(file, profile, isDefault ? wanted.name : undefined));
    } catch (error) {
      if (isNew) await forgetSecret(place, world);
      throw error;
    }
    const left = old !== undefined && isNew ? await forgetSecret(old.secret, world) : undefined;
    return {
      profile,
      file: file.path,
      isDefault,
      replaced: old !== undefined,
      where: whereIs(place, world),
      ...(whyFile !== undefined && { whyFile }),
      warnings:
        left === undefined ? [] : [`The secret of before is still in ${whereIs(old?.secret ?? place, world)}: ${left}`],
    };
  });
}

export interface RemovedProfile {
  readonly profile: Profile;
  readonly wasDefault: boolean;
  readonly where: string;
  /** Why the secret is still there, and how to remove it; absent when it is gone. */
  readonly leftBehind?: string;
}

/** Removes a profile and its secret; undefined when there is none of that name. Rejects with a KnownError. */
export async function removeProfile(name: string, world: ProfilesWorld): Promise<RemovedProfile | undefined> {
  return await locked(world, async () => {
    const file = await readProfileFile(world.folder);
    const profile = file.profiles.find((one) => one.name === name);
    if (profile === undefined) return undefined;
    await write(file, withoutProfile(file, name));
    const leftBehind = await forgetSecret(profile.secret, world);
    return {
      profile,
      wasDefault: file.defaultName === name,
      where: whereIs(profile.secret, world),
      ...(leftBehind !== undefined && { leftBehind }),
    };
  });
}

/** Makes a profile the default; false when there is none of that name. Rejects with a KnownError. */
export async function chooseDefaultProfile(name: string, world: ProfilesWorld): Promise<boolean> {
  return await locked(world, async () => {
    const file = await readProfileFile(world.folder);
    if (!file.profiles.some((one) => one.name === name)) return false;
    if (file.defaultName !== name) await write(file, withDefault(file, name));
    return true;
  });
}

async function keep(
  { profile, useKeychain }: StoreProfileRequest,
  secret: Secret,
  world: ProfilesWorld,
): Promise<{ readonly place: SecretPlace; readonly whyFile?: string }> {
  const inFile = (): Promise<SecretPlace> =>
    keepInFile(`${profile.name.slice(0, 50)}-${randomBytes(4).toString('hex')}`, secret, world);
  if (!useKeychain) return { place: await inFile() };
  const opened = openKeychain(world);
  if (opened.kind === 'none') return { place: await inFile(), whyFile: opened.why };
  const key = `${profile.name}/${profile.clientId}@${new URL(profile.endpoint).host}`;
  const kept = await keepInKeychain(opened.keychain, key, secret, `KuFlow, profile ${profile.name}`);
  if (kept.kind === 'done') return { place: { in: opened.keychain.name, key } };
  return { place: await inFile(), whyFile: kept.why };
}

function samePlace(one: SecretPlace, other: SecretPlace): boolean {
  if (one.in === 'file' || other.in === 'file')
    return one.in === other.in && 'name' in one && 'name' in other && one.name === other.name;
  return one.in === other.in && one.key === other.key;
}

async function write(file: ProfileFile, text: string): Promise<void> {
  await doing('Writing the profiles', file.path, () => writeFileAtomic(file.path, text, 0o600));
}

const WAIT_MS = 20_000;
const LOOK_MS = 50;

/** One writer at a time: of two logins at once neither loses what the other wrote. */
async function locked<T>(world: ProfilesWorld, work: () => Promise<T>): Promise<T> {
  const { folder, clock, signal } = world;
  await doing('Making the folder of the profiles', folder, () => makeFolder(folder));
  const path = join(folder, 'profiles.lock');
  const until = clock.now() + WAIT_MS;
  for (;;) {
    const taking = await doing('Locking the profiles', path, () => Promise.resolve(takePidLock(path)));
    if (taking.kind === 'taken') {
      try {
        return await work();
      } finally {
        taking.release();
      }
    }
    if (clock.now() > until) {
      throw new KnownError({
        message: 'Another run is at the profiles and does not end',
        tried: path,
        ...(taking.kind === 'held' && { seen: `process ${taking.pid}` }),
        next: ['Wait for it to end, then run this again'],
      });
    }
    await clock.sleep(LOOK_MS, signal);
  }
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  try {
    await nodeFiles.makeFolder(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
  await unlessSystemFails(() => nodeFiles.syncFolder(folder));
}
