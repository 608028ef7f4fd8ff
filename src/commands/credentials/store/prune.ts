import { isAbsolute, join, resolve } from 'node:path';
import type { Clock } from '../../../base/clock.ts';
import { withContext } from '../../../base/system-error.ts';
import type { FileSystem } from '../../../files/node-file-system.ts';
import { whyNotOwnFolder } from '../output-file.ts';
import {
  SET_FILES,
  stagingName,
  storeLayout,
  type StoreLayout,
  listSets,
  readSet,
  removeSetFolder,
  type SetRecord,
  type StoredSet,
} from './sets.ts';
import { withStoreLock } from './lock.ts';
import { readFollowingLinks, readPointers, type FollowedFile } from './settings-file.ts';
import type { Environment } from '../../../settings/environment.ts';

export interface PruneRequest {
  /** Absolute. */
  readonly project: string;
  readonly env: Environment;
  readonly dryRun: boolean;
  readonly files: FileSystem;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** Files in the project folder that may refer to a set: settings in all their formats. */
const SETTINGS_FILE = /^(application.*\.ya?ml|\.env.*|.*\.env|.*\.toml|.*\.ya?ml|.*\.json)$/;

/** The largest file that is searched. */
const LARGEST_MIB = 64;

/**
 * `kuflow credentials prune`: removes the sets that no settings file of the project, no Temporal profile and no
 * environment variable refers to. If the engine has not accepted the set in use, its predecessor stays, and so do all
 * sets since the last accepted one. Nothing is removed if a file that may refer to a set cannot be read. A set's folder
 * that contains other files is never removed.
 */
export async function pruneSets(request: PruneRequest) {
  const { files, clock, signal } = request;
  const layout = storeLayout(request.project);
  const ids = await withContext('Reading the stored credentials', layout.store, () => listSets(files, layout));
  if (ids.length === 0) return { removed: [], kept: [] };
  if (request.dryRun) return await prune(request, layout);
  return await withStoreLock(files, layout, { clock, signal }, () => prune(request, layout));
}

async function prune(request: PruneRequest, layout: StoreLayout) {
  const { files, env } = request;
  const sets = await withContext('Reading the stored credentials', layout.store, async () => {
    const pointers = await readPointers(files, layout);
    const stored: StoredSet[] = [];
    for (const id of await listSets(files, layout)) stored.push(await readSet(files, layout, id));
    return { stored, inUse: pointers.to.kind === 'set' ? pointers.to.id : undefined };
  });
  const candidates = await withContext('Reading the settings', layout.project, () =>
    readSettingsFiles(files, layout, env),
  );
  const fallbacks = findFallbackSets(sets);
  const whyKept = (set: StoredSet): string | undefined => {
    const { id, record } = set;
    if (id === sets.inUse) return 'the settings point to it';
    const file = candidates.find(({ content }) => content.kind === 'text' && content.text.includes(id));
    if (file !== undefined) return `${file.name} refers to it`;
    const variable = Object.entries(env).find(([, value]) => value?.includes(id) === true);
    if (variable !== undefined) return `${variable[0]} refers to it`;
    if (record?.id !== id) return `it does not have a valid ${SET_FILES.lock}`;
    for (const { name, content } of candidates)
      if (content.kind === 'unreadable') return `${name} may refer to it, but cannot be read: ${content.why}`;
    return fallbacks.get(id);
  };
  const removed: string[] = [];
  /** Each with the reason, one phrase. */
  const kept: { readonly id: string; readonly because: string }[] = [];
  for (const set of sets.stored) {
    const because = whyKept(set) ?? (await whyNotRemovable(files, set.folder));
    if (because !== undefined) kept.push({ id: set.id, because });
    else {
      if (!request.dryRun) await removeSet(files, layout, set.id);
      removed.push(set.id);
    }
  }
  return { removed, kept };
}

/** Sets that may be needed again while the engine has not accepted the set in use, each with the reason. */
function findFallbackSets({
  stored,
  inUse,
}: {
  readonly stored: readonly StoredSet[];
  readonly inUse: string | undefined;
}): ReadonlyMap<string, string> {
  const records = stored.flatMap(({ id, record }) => (record?.id === id ? [record] : []));
  const current = records.find(({ id }) => id === inUse);
  if (current === undefined || current.proven) return new Map();
  const why = 'the set in use was not tested against the engine (--offline)';
  const pulledAt = (record: SetRecord): number => Date.parse(record.pulledAt);
  const [accepted] = records.filter(({ proven }) => proven).sort((one, other) => pulledAt(other) - pulledAt(one));
  const newer = accepted === undefined ? [] : records.filter((record) => pulledAt(record) > pulledAt(accepted));
  return new Map([
    ...newer.map(({ id }) => [id, `it is newer than the last set that the engine accepted, and ${why}`] as const),
    ...(current.previous === undefined ? [] : [[current.previous, `it is the previous set, and ${why}`] as const]),
    ...(accepted === undefined
      ? []
      : [[accepted.id, `it is the last set that the engine accepted, and ${why}`] as const]),
  ]);
}

async function whyNotRemovable(files: FileSystem, folder: string): Promise<string | undefined> {
  const status = await files.look(folder);
  const reason = status === undefined ? 'it is not a folder' : whyNotOwnFolder(status);
  if (reason !== undefined) return reason;
  const own: readonly string[] = Object.values(SET_FILES);
  const hasOthers = (await files.list(folder)).some((name) => !own.includes(name));
  return hasOthers ? 'it contains other files' : undefined;
}

/** Renames the folder first, so that a run that is killed in between leaves no incomplete set under the id. */
async function removeSet(files: FileSystem, layout: StoreLayout, id: string): Promise<void> {
  const aside = join(layout.store, stagingName('old', id));
  await withContext('Removing an old credential set', join(layout.store, id), async () => {
    await files.rename(join(layout.store, id), aside);
    await removeSetFolder(files, aside);
    await files.syncFolder(layout.store);
  });
}

/** The files that may refer to a set, with their content or why it cannot be read. */
async function readSettingsFiles(
  files: FileSystem,
  layout: StoreLayout,
  env: Environment,
): Promise<readonly { readonly name: string; readonly content: FollowedFile }[]> {
  const names = (await files.list(layout.project)).filter((name) => SETTINGS_FILE.test(name));
  const read: { name: string; content: FollowedFile }[] = [];
  for (const name of [...names, ...temporalConfigFiles(env, layout.project)])
    read.push({ name, content: await readFollowingLinks(files, resolve(layout.project, name), LARGEST_MIB) });
  return read;
}

/** Where Temporal tools look for their profiles: TEMPORAL_CONFIG_FILE, or the configuration folder of the user. */
function temporalConfigFiles(env: Environment, cwd: string): readonly string[] {
  const file = env['TEMPORAL_CONFIG_FILE'] ?? '';
  if (file !== '') return [resolve(cwd, file)];
  const home = env['HOME'];
  const inHome = (...parts: readonly string[]): string | undefined =>
    home === undefined ? undefined : join(home, ...parts);
  const xdg = env['XDG_CONFIG_HOME'] ?? '';
  const folders: Readonly<Partial<Record<NodeJS.Platform, string | undefined>>> = {
    darwin: inHome('Library', 'Application Support'),
    win32: env['APPDATA'],
  };
  const folder = process.platform in folders ? folders[process.platform] : isAbsolute(xdg) ? xdg : inHome('.config');
  return folder === undefined ? [] : [join(folder, 'temporalio', 'temporal.toml')];
}
