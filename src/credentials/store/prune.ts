import { join, resolve } from 'node:path';
import type { Clock } from '../../base/clock.ts';
import { SET_FILES, stagingName, storeLayout, type StoreLayout } from './layout.ts';
import { readPointers } from './pointers.ts';
import { doing } from './store-error.ts';
import type { StoreFiles } from './store-files.ts';
import { withStoreLock } from './store-lock.ts';
import { listSets, readSet, removeSetFolder } from './store.ts';

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

/**
 * Removes the sets that nothing points to: no file of settings in the project, no variable of the environment, and not the one before
 * while the one in use was never taken by the engine. What is in a folder beside the files of a set is never removed.
 */
export async function pruneSets(request: PruneRequest): Promise<PruneResult> {
  const { files, clock, signal } = request;
  const layout = storeLayout(request.project);
  const ids = await doing('Looking at the credentials here', layout.store, () => listSets(files, layout));
  if (ids.length === 0) return { store: layout.store, removed: [], kept: [] };
  if (request.dryRun) return await prune(request, layout);
  return await withStoreLock(files, layout, { clock, ...(signal && { signal }) }, () => prune(request, layout));
}

async function prune(request: PruneRequest, layout: StoreLayout): Promise<PruneResult> {
  const { files, env } = request;
  const pointers = await readPointers(files, layout);
  const texts = await settingsTexts(files, layout, request.alsoRead ?? []);
  const inUse = pointers.to.kind === 'set' ? await readSet(files, layout, pointers.to.id) : undefined;
  const whyKept = async (id: string): Promise<string | undefined> => {
    if (id === inUse?.id) return 'the settings point to it';
    const named = texts.find(({ text }) => text.includes(id));
    if (named !== undefined) return `${named.name} names it`;
    const variable = Object.entries(env).find(([, value]) => value?.includes(id) === true);
    if (variable !== undefined) return `${variable[0]} names it`;
    if (inUse?.record?.previous === id && !inUse.record.proven)
      return 'it is the one before, and the engine was not asked about the one in use (--offline)';
    const set = await readSet(files, layout, id);
    return set.record?.id === id ? undefined : `it has no ${SET_FILES.lock} of ours`;
  };
  const removed: string[] = [];
  const kept: { id: string; because: string }[] = [];
  for (const id of await listSets(files, layout)) {
    const because = (await whyKept(id)) ?? (await foreign(files, join(layout.store, id)));
    if (because !== undefined) kept.push({ id, because });
    else {
      if (!request.dryRun) await remove(files, layout, id);
      removed.push(id);
    }
  }
  return { store: layout.store, removed, kept };
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
  await doing('Removing an old set of credentials', join(layout.store, id), async () => {
    await files.rename(join(layout.store, id), aside);
    await removeSetFolder(files, aside);
    await files.syncFolder(layout.store);
  });
}

async function settingsTexts(
  files: StoreFiles,
  layout: StoreLayout,
  others: readonly string[],
): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const names = (await files.list(layout.project)).filter((name) => SETTINGS_FILE.test(name));
  const texts: { name: string; text: string }[] = [];
  for (const name of [...names, ...others]) {
    const path = resolve(layout.project, name);
    if ((await files.look(path))?.kind === 'file')
      texts.push({ name, text: (await files.read(path)).toString('utf8') });
  }
  return texts;
}
