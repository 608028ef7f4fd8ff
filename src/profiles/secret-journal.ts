import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../base/json.ts';
import { ignoreSystemErrors, withContext } from '../base/system-error.ts';
import { nodeFileSystem } from '../files/node-file-system.ts';
import { removeStagedSiblings, replaceFile } from '../files/write.ts';
import { parseSecretLocation, readProfileFile, type ProfileFile, type SecretLocation } from './file.ts';
import { deleteSecret, type SecretStorageContext } from './secret-storage.ts';

const JOURNAL = 'profiles-journal.json';
const FORMAT = 1;
const ABOUT =
  'Where a run was storing or removing a secret. The next run deletes the secrets that no profile refers to.';

/**
 * Runs `work`, which changes the secrets at `locations`, and resolves to those that are `left` although no profile refers
 * to them. The locations are recorded first: if this run is killed, the next one deletes the secrets that no profile
 * refers to. This run does the same for earlier runs. Requires the lock of the profiles.
 */
export async function withJournal<T>(
  file: ProfileFile,
  locations: readonly SecretLocation[],
  context: SecretStorageContext,
  work: () => Promise<{ readonly result: T; readonly left: readonly SecretLocation[] }>,
): Promise<T> {
  const { folder, files = nodeFileSystem } = context;
  for (const name of [basename(file.path), JOURNAL]) await removeStagedSiblings(files, join(folder, name), true);
  const earlier = await deleteUnreferenced(file, await readJournal(context), context);
  await writeJournal(context, [...earlier, ...locations]);
  try {
    const { result, left } = await work();
    await ignoreSystemErrors(() => writeJournal(context, [...earlier, ...left]));
    return result;
  } catch (error) {
    await rollBack([...earlier, ...locations], context);
    throw error;
  }
}

/** What cannot be deleted now stays in the journal for the next run. */
async function rollBack(locations: readonly SecretLocation[], context: SecretStorageContext): Promise<void> {
  try {
    const file = await readProfileFile(context.folder);
    await writeJournal(context, await deleteUnreferenced(file, locations, context));
  } catch {
    // The original error is the one to report.
  }
}

/** Deletes the secrets that no profile refers to. Returns the locations of those that could not be deleted. */
async function deleteUnreferenced(
  { profiles }: ProfileFile,
  locations: readonly SecretLocation[],
  context: SecretStorageContext,
): Promise<readonly SecretLocation[]> {
  const left: SecretLocation[] = [];
  for (const location of locations) {
    if (profiles.some(({ secret }) => isDeepStrictEqual(secret, location))) continue;
    if ((await deleteSecret(location, context)) !== undefined) left.push(location);
  }
  return left;
}

/** Empty if there is no journal, or if this tool did not write it. */
async function readJournal({
  folder,
  files = nodeFileSystem,
}: SecretStorageContext): Promise<readonly SecretLocation[]> {
  const path = join(folder, JOURNAL);
  return await withContext('Reading the journal of an earlier run', path, async () => {
    const status = await files.look(path);
    if (status?.kind !== 'file' || !status.own) return [];
    try {
      const data: unknown = JSON.parse((await files.read(path)).toString('utf8'));
      if (!isRecord(data) || data['format'] !== FORMAT || !Array.isArray(data['places'])) return [];
      return data['places'].map(parseSecretLocation).filter((location) => location !== undefined);
    } catch (error) {
      if (error instanceof SyntaxError) return [];
      throw error;
    }
  });
}

async function writeJournal(
  { folder, files = nodeFileSystem }: SecretStorageContext,
  places: readonly SecretLocation[],
): Promise<void> {
  const path = join(folder, JOURNAL);
  await withContext('Writing the journal', path, async () => {
    if (places.length > 0) {
      const text = JSON.stringify({ about: ABOUT, format: FORMAT, places }, undefined, 2);
      await replaceFile(path, `${text}\n`, { files, isLocked: true });
    } else if ((await files.look(path)) !== undefined) await files.removeFile(path);
  });
}
