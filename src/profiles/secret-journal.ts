import { join } from 'node:path';
import { isRecord } from '../base/json.ts';
import { nodeFiles } from '../files/node-file-system.ts';
import { withContext, ignoreSystemErrors } from '../base/system-error.ts';
import { readProfileFile, parseSecretLocation, type ProfileFile, type SecretLocation } from './file.ts';
import { replaceProfileFile } from './replace-file.ts';
import { deleteSecret, type SecretStorageContext } from './secret-storage.ts';

const JOURNAL = 'profiles-journal.json';
const FORMAT = 1;
const ABOUT = 'Where a run began to keep or to remove a secret. The next run removes those that no profile names.';

/** What a change came to, with the places where a secret is still though no profile names it. */
export interface JournaledChange<T> {
  readonly result: T;
  readonly left: readonly SecretLocation[];
}

/**
 * Runs `work`, which is to change what is in the places `touched`. They are written down before: whatever it is ended by, the next run forgets
 * those that no profile names then, as this one first does for the runs before it. Only with the lock of the profiles.
 */
export async function withJournal<T>(
  file: ProfileFile,
  touched: readonly SecretLocation[],
  world: SecretStorageContext,
  work: () => Promise<JournaledChange<T>>,
): Promise<T> {
  const before = await forgetUnnamed(file, await readJournal(world), world);
  await writeJournal(world, [...before, ...touched]);
  try {
    const { result, left } = await work();
    await ignoreSystemErrors(() => writeJournal(world, [...before, ...left]));
    return result;
  } catch (error) {
    await undo([...before, ...touched], world);
    throw error;
  }
}

/** What can't be undone here is left to the next run: it is written down. */
async function undo(places: readonly SecretLocation[], world: SecretStorageContext): Promise<void> {
  try {
    const now = await readProfileFile(world.folder);
    await writeJournal(world, await forgetUnnamed(now, places, world));
  } catch {
    // The error that led here is the one to be told.
  }
}

/** Those of the places that could not be forgotten. */
async function forgetUnnamed(
  { profiles }: ProfileFile,
  places: readonly SecretLocation[],
  world: SecretStorageContext,
): Promise<readonly SecretLocation[]> {
  const left: SecretLocation[] = [];
  for (const place of places) {
    if (profiles.some(({ secret }) => samePlace(secret, place))) continue;
    if ((await deleteSecret(place, world)) !== undefined) left.push(place);
  }
  return left;
}

function samePlace(one: SecretLocation, other: SecretLocation): boolean {
  if (one.in === 'file' || other.in === 'file')
    return one.in === other.in && 'name' in one && 'name' in other && one.name === other.name;
  return one.in === other.in && one.key === other.key;
}

/** None where there is no journal, or one that no run of ours wrote. */
async function readJournal({ folder, files = nodeFiles }: SecretStorageContext): Promise<readonly SecretLocation[]> {
  const path = join(folder, JOURNAL);
  return await withContext('Reading what an earlier run began', path, async () => {
    const status = await files.look(path);
    if (status?.kind !== 'file' || !status.own) return [];
    try {
      const data: unknown = JSON.parse((await files.read(path)).toString('utf8'));
      if (!isRecord(data) || data['format'] !== FORMAT || !Array.isArray(data['places'])) return [];
      return data['places'].map(parseSecretLocation).filter((place) => place !== undefined);
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
}

async function writeJournal(
  { folder, files = nodeFiles }: SecretStorageContext,
  places: readonly SecretLocation[],
): Promise<void> {
  const path = join(folder, JOURNAL);
  await withContext('Writing down what is begun', path, async () => {
    if (places.length > 0) {
      const text = JSON.stringify({ about: ABOUT, format: FORMAT, places }, undefined, 2);
      await replaceProfileFile(files, path, `${text}\n`);
    } else if ((await files.look(path)) !== undefined) await files.removeFile(path);
  });
}
