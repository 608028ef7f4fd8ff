import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';

/** The database and the content of documents, Temporal's database, and the keys that sign tokens and certificates. */
const ARCHIVED = [/^state\.db(-wal)?$/, /^documents$/, /^pki$/, /^temporal-[\w.+-]{1,60}\.db(-wal|-journal)?$/];

const ARCHIVED_FILES = [
  ...ARCHIVED.filter((pattern) => pattern.source.includes('\\.db')),
  /^documents\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  /^pki\/(ca\.key|ca\.pem|token\.key)$/,
];

/** The journal of an import. */
export const STATE_JOURNAL = 'import-journal';

/** Logs, locks, and what each start writes again. */
const TRANSIENT = [
  /^state\.db(-shm|-journal|\.lock|\.owner)$/,
  /^temporal-[\w.+-]{1,60}\.db-shm$/,
  /^temporal-home$/,
  /^temporal\.(held|log|log\.1)$/,
  /^(\.platform\.json\.\d+-[0-9a-f]+\.kuflow-new|platform\.json)$/,
  /^ca-bundle\.pem$/,
  /^worker$/,
  /^open$/,
  new RegExp(`^${STATE_JOURNAL}$`),
  /^kuflow-state\.json$/,
];

/** The first file of an archive. */
export const MANIFEST_FILE = 'kuflow-state.json';
export const STATE_FORMAT = 1;

/** What the first file of an archive says about it. */
export interface StateManifest {
  readonly format: typeof STATE_FORMAT;
  /** Version of this package that wrote the archive. */
  readonly version: string;
  readonly createdAt: string;
  /** Number of state files in the archive. Undefined in archives written by older versions. */
  readonly files?: number | undefined;
}

/** Limits of an archive. What is larger can't be exported either. */
export const MAX_BYTES = 2 * 1024 ** 3;
export const MAX_FILES = 50_000;

/** The lock of the state folder, which is removed last. */
export const OWNER_LOCK = 'state.db.owner';

const matches = (patterns: readonly RegExp[], text: string): boolean => patterns.some((pattern) => pattern.test(text));

/** Whether the local KuFlow writes an entry of this name to its state folder. */
export function isStateEntry(name: string): boolean {
  return matches([...ARCHIVED, ...TRANSIENT], name);
}

/** Whether an archive may contain the file; `path` has forward slashes. */
export function isArchivedFile(path: string): boolean {
  return matches(ARCHIVED_FILES, path);
}

/** The sorted names in a folder; empty if it does not exist. */
async function listNames(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The names in a state folder that the local KuFlow wrote, whatever else is there. `archived` are those that make up its state. */
export async function listStateEntries(stateDir: string) {
  const names = await listNames(stateDir);
  return {
    archived: names.filter((name) => matches(ARCHIVED, name)),
    transient: names.filter((name) => matches(TRANSIENT, name)),
  };
}

/** The files that make up the state. Paths are relative to the state folder, with forward slashes. */
export async function listStateFiles(stateDir: string) {
  const { archived } = await listStateEntries(stateDir);
  const files: { readonly path: string; readonly bytes: number }[] = [];
  for (const name of archived) {
    const status = await lstat(join(stateDir, name));
    const paths = status.isDirectory()
      ? (await listNames(join(stateDir, name))).map((inner) => `${name}/${inner}`)
      : [name];
    for (const path of paths) {
      const { size } = await lstat(join(stateDir, path));
      if (isArchivedFile(path)) files.push({ path, bytes: size });
    }
  }
  return files;
}
