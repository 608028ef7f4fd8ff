import { randomBytes } from 'node:crypto';
import { join, relative, resolve, sep } from 'node:path';
import { LOCAL_SETTINGS_FILE } from '../../../settings/keys.ts';

export const SET_FILES = {
  cert: 'client.pem',
  key: 'client.key',
  ca: 'ca.pem',
  token: 'engine.token',
  lock: 'lock.json',
} as const;

const FOLDERS = ['.kuflow', 'credentials'] as const;
const ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;
const STAGING = /^\.(new|old)-/;

/** The paths of the store and of the settings in a project, all absolute. */
export type StoreLayout = Readonly<ReturnType<typeof storeLayout>>;

export function storeLayout(project: string) {
  const store = join(project, ...FOLDERS);
  return { project, settings: join(project, LOCAL_SETTINGS_FILE), store, pidLock: join(store, '.pid-lock') };
}

/** Every folder from the project down to the store. */
export function storeFolders(project: string): readonly string[] {
  return FOLDERS.map((_name, depth) => join(project, ...FOLDERS.slice(0, depth + 1)));
}

/** A new unique name that sorts by time: `20260102-030405-0a1b2c`. */
export function newSetId(now: number): string {
  const time = new Date(now)
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .replace('T', '-');
  return `${time}-${randomBytes(3).toString('hex')}`;
}

export function isSetId(name: string): boolean {
  return ID.test(name);
}

/** The name of a set that is being created or removed. The next run removes what a killed run left under it. */
export function stagingName(kind: 'new' | 'old', id: string): string {
  return `.${kind}-${id}`;
}

export function isStagingName(name: string): boolean {
  return STAGING.test(name);
}

/** A path as settings files contain it: relative to the project, with `/` on every system. */
export function settingPath(layout: StoreLayout, id: string, file: string): string {
  return relative(layout.project, join(layout.store, id, file))
    .split(sep)
    .join('/');
}

/** The id of the set that a path in the settings points into; undefined for a path outside this store. */
export function setIdFromPath(layout: StoreLayout, path: string, file: string): string | undefined {
  const parts = relative(layout.store, resolve(layout.project, path)).split(sep);
  const [id = '', name] = parts;
  return parts.length === 2 && isSetId(id) && name === file ? id : undefined;
}

/** Absolute paths of the files of a set. */
export interface SetPaths {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** The paths of the files of a set, which do not have to exist. */
export function setFilePaths({ store }: Pick<StoreLayout, 'store'>, id: string): SetPaths {
  return {
    cert: join(store, id, SET_FILES.cert),
    key: join(store, id, SET_FILES.key),
    ca: join(store, id, SET_FILES.ca),
  };
}
