import { join, resolve } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { readFollowingLinks, type FollowedFile } from './followed.ts';
import { SET_FILES, stagingName, storeLayout, type StoreLayout } from './layout.ts';
import { readPointers } from './pointers.ts';
import { withContext } from '../../../base/system-error.ts';
import type { StoreFiles } from '../../../files/file-system.ts';
import { withStoreLock } from './lock.ts';
import { listSets, readSet, removeSetFolder, type StoredSet } from './sets.ts';

export interface PruneRequest {
  /** Absolute. */
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Files outside the project that may name a set, absolute. */
  readonly alsoRead?: readonly string[];
  readonly dryRun: boolean;
  readonly files: StoreFiles;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

export interface PruneResult {
  /** Absolute. */
  readonly store: string;
  readonly removed: readonly string[];
  /** Each with the reason, one phrase. */
  readonly kept: readonly { readonly id: string; readonly because: string }[];
}

/** Files in the project's folder that may name a set: settings in all their forms. */
const SETTINGS_FILE = /^(application.*\.ya?ml|\.env.*|.*\.env|.*\.toml|.*\.ya?ml|.*\.json)$/;

/** The largest file that is looked through. */
const LARGEST_MIB = 64;

/**
 * Removes the sets that nothing points to: no file of settings in the project, no variable of the environment. While the one in use was never taken
 * by the engine, the one before it stays, and all back to the last that was. Nothing is removed when a file that may name a set can't be read.
 * What is in a folder beside the files of a set is never removed.
 */
export async function pruneSets(request: PruneRequest): Promise<PruneResult> {
  const { files, clock, signal } = request;
  const layout = storeLayout(request.project);
  const ids = await withContext('Looking at the credentials here', layout.store, () => listSets(files, layout));
  if (ids.length === 0) return { store: layout.store, removed: [], kept: [] };
  if (request.dryRun) return await prune(request, layout);
  return await withStoreLock(files, layout, { clock, ...(signal && { signal }) }, () => prune(request, layout));
}

async function prune(request: PruneRequest, layout: StoreLayout): Promise<PruneResult> {
  const { files, env } = request;
  const sets = await withContext('Looking at the credentials here', layout.store, async () => {
    const pointers = await readPointers(files, layout);
    const stored: StoredSet[] = [];
    for (const id of await listSets(files, layout)) stored.push(await readSet(files, layout, id));
    return { stored, inUse: pointers.to.kind === 'set' ? pointers.to.id : undefined };
  });
  const candidates = await withContext('Looking at the settings here', layout.project, () =>
    settingsFiles(files, layout, request.alsoRead ?? []),
  );
  const back = wayBack(sets);
  const whyKept = (set: StoredSet): string | undefined => {
    const { id, record } = set;
    if (id === sets.inUse) return 'the settings point to it';
    const named = candidates.find(({ seen }) => seen.kind === 'text' && seen.text.includes(id));
    if (named !== undefined) return `${named.name} names it`;
    const variable = Object.entries(env).find(([, value]) => value?.includes(id) === true);
    if (variable !== undefined) return `${variable[0]} names it`;
    if (record?.id !== id) return `it has no ${SET_FILES.lock} of ours`;
    for (const { name, seen } of candidates)
      if (seen.kind === 'unreadable') return `${name} may name it, and can't be read: ${seen.why}`;
    return back.get(id);
  };
  const removed: string[] = [];
  const kept: { id: string; because: string }[] = [];
  for (const set of sets.stored) {
    const because = whyKept(set) ?? (await foreign(files, set.folder));
    if (because !== undefined) kept.push({ id: set.id, because });
    else {
      if (!request.dryRun) await remove(files, layout, set.id);
      removed.push(set.id);
    }
  }
  return { store: layout.store, removed, kept };
}

/** Sets that may be needed again while the one in use is unproven, each with the reason. */
function wayBack({
  stored,
  inUse,
}: {
  readonly stored: readonly StoredSet[];
  readonly inUse: string | undefined;
}): ReadonlyMap<string, string> {
  const records = stored.flatMap(({ id, record }) => (record?.id === id ? [record] : []));
  const current = records.find(({ id }) => id === inUse);
  if (current === undefined || current.proven) return new Map();
  const why = 'the engine was not asked about the one in use (--offline)';
  const taken = records.filter(({ proven }) => proven).sort((one, other) => other.pulledAt - one.pulledAt)[0];
  const since = taken === undefined ? [] : records.filter(({ pulledAt }) => pulledAt > taken.pulledAt);
  return new Map([
    ...since.map(({ id }) => [id, `it is newer than the last one that the engine took, and ${why}`] as const),
    ...(current.previous === undefined ? [] : [[current.previous, `it is the one before, and ${why}`] as const]),
    ...(taken === undefined ? [] : [[taken.id, `it is the last one that the engine took, and ${why}`] as const]),
  ]);
}

async function foreign(files: StoreFiles, folder: string): Promise<string | undefined> {
  const status = await files.look(folder);
  if (status?.kind !== 'folder') return 'it is no folder';
  if (!status.own) return 'it belongs to another user';
  const own: readonly string[] = Object.values(SET_FILES);
  const other = (await files.list(folder)).find((name) => !own.includes(name));
  return other === undefined ? undefined : 'it holds files that are not ours';
}

/** Renamed first: a run that is killed in between leaves no half under the id. */
async function remove(files: StoreFiles, layout: StoreLayout, id: string): Promise<void> {
  const aside = join(layout.store, stagingName('old', id));
  await withContext('Removing an old set of credentials', join(layout.store, id), async () => {
    await files.rename(join(layout.store, id), aside);
    await removeSetFolder(files, aside);
    await files.syncFolder(layout.store);
  });
}

/** The files that may name a set, as they can be read. */
async function settingsFiles(
  files: StoreFiles,
  layout: StoreLayout,
  others: readonly string[],
): Promise<readonly { readonly name: string; readonly seen: FollowedFile }[]> {
  const names = (await files.list(layout.project)).filter((name) => SETTINGS_FILE.test(name));
  const found: { name: string; seen: FollowedFile }[] = [];
  for (const name of [...names, ...others])
    found.push({ name, seen: await readFollowingLinks(files, resolve(layout.project, name), LARGEST_MIB) });
  return found;
}
