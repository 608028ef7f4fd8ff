import { randomBytes } from 'node:crypto';
import { join, relative, resolve, sep } from 'node:path';
import { LOCAL_SETTINGS_FILE } from '../../../settings/keys.ts';
import { codeOf, KnownError } from '../../../base/errors.ts';
import { isRecord } from '../../../base/json.ts';
import { Secret } from '../../../base/secret.ts';
import { ignoreSystemErrors, withContext } from '../../../base/system-error.ts';
import type { FileSystem } from '../../../files/node-file-system.ts';
import { replaceFile, writeNewFiles } from '../../../files/write.ts';
import { verifyMaterial } from '../verify-certificate-and-token.ts';
import { renewalTime } from '../renewal-time.ts';
import type { CertificateFacts, CredentialSet, EngineScope } from '../credential-set.ts';

export const SET_FILES = {
  cert: 'client.pem',
  key: 'client.key',
  ca: 'ca.pem',
  token: 'engine.token',
  lock: 'lock.json',
} as const;

const ID = /^\d{8}-\d{6}-[0-9a-f]{6}$/;
const STAGING = /^\.(new|old)-/;

/** The paths of the store and of the settings in a project, all absolute. */
export type StoreLayout = Readonly<ReturnType<typeof storeLayout>>;

export function storeLayout(project: string) {
  const parent = join(project, '.kuflow');
  const store = join(parent, 'credentials');
  return {
    project,
    settings: join(project, LOCAL_SETTINGS_FILE),
    store,
    /** Every folder from the project down to the store. */
    folders: [parent, store],
    pidLock: join(store, '.pid-lock'),
  };
}

/** A new unique name that sorts by time: `20260102-030405-0a1b2c`. */
export function newSetId(now: number): string {
  const time = new Date(now)
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .replace('T', '-');
  return `${time}-${randomBytes(3).toString('hex')}`;
}

function isSetId(name: string): boolean {
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
export type SetPaths = Readonly<ReturnType<typeof setFilePaths>>;

/** The paths of the files of a set, which do not have to exist. */
export function setFilePaths({ store }: Pick<StoreLayout, 'store'>, id: string) {
  return {
    cert: join(store, id, SET_FILES.cert),
    key: join(store, id, SET_FILES.key),
    ca: join(store, id, SET_FILES.ca),
  };
}

/** The content of the files of a set, with secrets in clear text. */
export function setContents(set: CredentialSet): readonly (readonly [name: string, content: string])[] {
  return [
    [SET_FILES.ca, set.authorities],
    [SET_FILES.cert, set.certificate],
    [SET_FILES.key, set.privateKey.reveal()],
    ...(set.token === undefined ? [] : [[SET_FILES.token, set.token.value.reveal()] as const]),
  ];
}

/**
 * Writes a set into a new folder, which gets its name when all files are on disk. Leaves no part of the set if that fails. Git ignores the
 * store, whatever the project says, before there is a secret in it.
 */
export async function writeSet(
  files: FileSystem,
  layout: StoreLayout,
  set: CredentialSet,
  record: SetRecord,
): Promise<void> {
  const staged = join(layout.store, stagingName('new', record.id));
  const final = join(layout.store, record.id);
  await ensureGitIgnore(files, layout);
  await withContext('Writing the new credentials', final, async () => {
    await files.makeFolder(staged);
    try {
      const contents = [...setContents(set), [SET_FILES.lock, serializeSetRecord(record)] as const];
      await writeNewFiles(
        files,
        contents.map(([name, content]) => ({ path: join(staged, name), content })),
      );
      await files.syncFolder(staged);
      await files.rename(staged, final);
      await files.syncFolder(layout.store);
    } catch (error) {
      for (const folder of [staged, final]) await ignoreSystemErrors(() => removeSetFolder(files, folder));
      throw error;
    }
  });
}

async function ensureGitIgnore(files: FileSystem, layout: StoreLayout): Promise<void> {
  const path = join(layout.store, '.gitignore');
  await withContext('Excluding the credentials from git', path, async () => {
    if ((await files.look(path)) !== undefined) return;
    await replaceFile(path, '*\n', { files, staged: join(layout.store, stagingName('new', 'gitignore')) });
  });
}

/** Removes the files of a set and their folder. A folder with other files stays, and the promise rejects. */
export async function removeSetFolder(files: FileSystem, folder: string): Promise<void> {
  const own: readonly string[] = Object.values(SET_FILES);
  for (const name of await files.list(folder)) if (own.includes(name)) await files.removeFile(join(folder, name));
  await files.removeFolder(folder);
}

type SetFile = (typeof SET_FILES)[keyof typeof SET_FILES];

interface StoredProblem {
  readonly file: SetFile;
  /** Whether the file was read anyway. */
  readonly isRead: boolean;
  /** One sentence. */
  readonly text: string;
}

/** A set as found on disk, not verified. `problems`: parts that are missing or are not regular files of this user. */
export interface StoredSet {
  readonly id: string;
  readonly folder: string;
  readonly record?: SetRecord | undefined;
  readonly text: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Present if the record mentions a token. */
  readonly token?: Secret | undefined;
  readonly problems: readonly StoredProblem[];
}

export async function readSet(files: FileSystem, layout: StoreLayout, id: string): Promise<StoredSet> {
  const folder = join(layout.store, id);
  const problems: StoredProblem[] = [];
  const add = (file: SetFile, what: string, isRead = false): void =>
    void problems.push({ file, isRead, text: `${file} ${what}` });
  const read = async (name: SetFile): Promise<string> => {
    const path = join(folder, name);
    try {
      const status = await files.look(path);
      if (status === undefined) add(name, 'is missing');
      else if (status.kind !== 'file') add(name, 'is not a regular file');
      else if (!status.own) add(name, 'belongs to another user');
      else {
        if (process.platform !== 'win32' && (status.mode & 0o077) !== 0 && name !== SET_FILES.ca)
          add(name, 'is accessible to other users: chmod 600', true);
        return (await files.read(path)).toString('utf8');
      }
    } catch (error) {
      const code = codeOf(error);
      if (code === undefined) throw error;
      add(name, `cannot be read (${code})`);
    }
    return '';
  };
  const readToken = async (): Promise<string> => {
    const before = problems.length;
    const token = await read(SET_FILES.token);
    if (problems.length === before && !/^[!-~]+$/.test(token)) add(SET_FILES.token, 'does not contain a token');
    return token;
  };
  const [cert, key, ca, lock] = [
    await read(SET_FILES.cert),
    await read(SET_FILES.key),
    await read(SET_FILES.ca),
    await read(SET_FILES.lock),
  ];
  const record = parseSetRecord(lock);
  if (lock !== '' && record === undefined) add(SET_FILES.lock, 'is not a valid lock file');
  if (record !== undefined && record.id !== id) add(SET_FILES.lock, 'belongs to another set');
  const token = record?.token === undefined ? undefined : new Secret(await readToken());
  return { id, folder, text: { cert, key, ca }, problems, record, token };
}

/** Ids of the sets in the store, oldest first; empty if there is no store. */
export async function listSets(files: FileSystem, layout: StoreLayout): Promise<readonly string[]> {
  const status = await files.look(layout.store);
  if (status?.kind !== 'folder') return [];
  return (await files.list(layout.store)).filter(isSetId).sort();
}

/**
 * Loads the set of a record from the store of a project and verifies it again; `withToken` includes its token. `now` is
 * in milliseconds since the epoch. Rejects with a KnownError.
 */
export async function loadSet(
  files: FileSystem,
  project: string,
  record: SetRecord,
  scope: EngineScope,
  options: { readonly withToken: boolean; readonly now: number },
): Promise<{ readonly set: CredentialSet; readonly paths: SetPaths }> {
  const layout = storeLayout(project);
  const { folder, text, token, problems } = await withContext('Reading the stored credentials', layout.store, () =>
    readSet(files, layout, record.id),
  );
  const verdict = verifyMaterial({ namespace: record.namespace, text }, options.now);
  const reasons = [
    ...problems.map((problem) => problem.text),
    ...(verdict.ok ? [] : verdict.problems.map(({ message }) => message)),
  ];
  if (!verdict.ok || reasons.length > 0)
    throw new KnownError({ message: 'The stored credentials cannot be used', tried: folder, seen: reasons.join('; ') });
  const usedToken =
    options.withToken && token !== undefined && record.token !== undefined
      ? { value: token, ...record.token }
      : undefined;
  const set = { ...scope, ...verdict.verified, token: usedToken, renewBefore: record.renewBefore };
  return { set, paths: setFilePaths(layout, record.id) };
}

/** The content of a set's `lock.json`: enough to detect changes, without secrets. Times are in ISO 8601. */
export type SetRecord = NonNullable<ReturnType<typeof parseSetRecord>>;

const FORMAT = 1;
const ABOUT =
  'What was pulled, without secrets. `kuflow credentials status` compares the files in this folder with it.';

export function createSetRecord(
  set: CredentialSet,
  origin: Pick<SetRecord, 'id' | 'pulledAt' | 'proven' | 'previous'>,
): SetRecord {
  const { endpoint, principal, tenantId, target, namespace, leaf, roots, token } = set;
  return {
    ...origin,
    endpoint,
    principal,
    tenantId,
    target,
    namespace,
    certificate: leaf,
    authorities: roots,
    renewBefore: renewalTime(leaf, origin.pulledAt),
    token: token && { expiresAt: token.expiresAt },
  };
}

/** The text of `lock.json`, without keys that have no value. */
function serializeSetRecord({ proven, ...record }: SetRecord): string {
  const data = { about: ABOUT, format: FORMAT, ...record, provenByEngine: proven };
  return `${JSON.stringify(data, undefined, 2)}\n`;
}

/** Undefined for a text that this tool did not write. */
function parseSetRecord(text: string) {
  try {
    const { format, provenByEngine, ...record } = readRecord(JSON.parse(text));
    if (format !== FORMAT) return undefined;
    // Whether the engine accepted the certificate before the switch to this set.
    return { ...record, proven: provenByEngine === true };
  } catch {
    return undefined;
  }
}

const readText = (value: unknown): string => {
  if (typeof value === 'string') return value;
  throw new Error('not a text');
};
const readTime = (value: unknown): string => {
  if (!Number.isNaN(Date.parse(readText(value)))) return readText(value);
  throw new Error('not a time');
};
const optional =
  <Value>(read: (value: unknown) => Value) =>
  (value: unknown): Value | undefined =>
    value === undefined ? undefined : read(value);

type Readers = Readonly<Record<string, (value: unknown) => unknown>>;

/** Reads the keys of an object, and throws if one of them is not as expected. */
function fields<Fields extends Readers>(readers: Fields) {
  return (value: unknown) => {
    if (!isRecord(value)) throw new Error('not an object');
    const read = Object.entries(readers).map(([key, reader]) => [key, reader(value[key])]);
    return Object.fromEntries(read) as { readonly [Key in keyof Fields]: ReturnType<Fields[Key]> };
  };
}

const readFacts = fields({
  ...{ subject: readText, issuer: readText, serial: readText, fingerprint: readText },
  ...{ notBefore: readTime, notAfter: readTime },
});

const readRecord = fields({
  format: (value) => value,
  id: readText,
  pulledAt: readTime,
  endpoint: readText,
  principal: readText,
  tenantId: optional(readText),
  target: readText,
  namespace: readText,
  certificate: readFacts,
  authorities: (value): readonly CertificateFacts[] => {
    if (Array.isArray(value)) return value.map(readFacts);
    throw new Error('not a list');
  },
  renewBefore: readTime,
  token: optional(fields({ expiresAt: readTime })),
  provenByEngine: (value) => value,
  /** The set that the settings pointed to before. */
  previous: optional(readText),
});
