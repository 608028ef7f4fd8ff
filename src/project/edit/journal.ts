import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { copyFile, link, lstat, open, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { readPlainFile } from '../../files/read.ts';
import { relativePath } from '../../files/relative-path.ts';
import { syncFile, writeFileAtomic } from '../../files/write.ts';
import { isGitFolderName } from '../../base/file-name.ts';
import { isSafePath } from '../base-archive.ts';
import { assertInside, keepOriginal, writeError, writeNewProjectFile, type WriteOptions } from '../write-files.ts';

/** Changes of a project that are in progress or were interrupted, relative to the project. Ignored by git. */
export const JOURNAL_FOLDER = '.kuflow/journal';

/*
 * Changes several files so that an interruption at any moment leaves all of them old, all of them new, or a journal:
 *
 * 1. The new contents are written to `new/`, by the number of the change. Until here, an interruption changed nothing.
 * 2. `manifest.json` is renamed into place. From here on, an interrupted change can be completed.
 * 3. Each file is replaced by its new contents, created or deleted. What was there before is kept in `before/`.
 * 4. The manifest is renamed to `done.json`, and the folder is removed.
 *
 * If a change fails, the manifest is renamed to `undo.json`, and the files are restored from `before/`.
 */
const NEW = 'new';
const BEFORE = 'before';
const MANIFEST = 'manifest.json';
const UNDO = 'undo.json';
const DONE = 'done.json';

/** A change of one file. */
export interface PlannedFileChange {
  /** Relative to the project, with `/`. */
  readonly path: string;
  /** The bytes on disk; undefined if the file does not exist. */
  readonly before: Uint8Array | undefined;
  /** Undefined if the file is deleted. */
  readonly after: Uint8Array | undefined;
  /** The permission bits of the new file. */
  readonly mode: 0o644 | 0o755 | 0o600;
}

/** What happened to an interrupted change. */
export interface JournalRecovery {
  /** `removed`: the interruption was before the first file changed. `pending`: nothing was done about it yet. */
  readonly kind: 'completed' | 'undone' | 'removed' | 'pending';
  /** Paths of the files of the change. */
  readonly files: readonly string[];
  /** Files that somebody changed or restored since the interruption. They were left as they are. */
  readonly left: readonly string[];
}

interface Entry {
  readonly path: string;
  /** Digests; null if there is no such file. */
  readonly before: string | null;
  readonly after: string | null;
  readonly mode: number;
}

interface Manifest {
  readonly entries: readonly Entry[];
  /** Folders that the change creates, parents first, relative to the project. */
  readonly folders: readonly string[];
}

/**
 * Makes all changes or none of them. The caller holds the lock of the project, and there is no other journal. Rejects with a KnownError if a
 * file differs from its `before`, or if a write fails; with the reason of the signal if that aborts.
 */
export async function writeJournaled(
  folder: string,
  changes: readonly PlannedFileChange[],
  { signal, onWrite }: WriteOptions = {},
): Promise<void> {
  const journal = join(folder, JOURNAL_FOLDER);
  const state = { at: journal, committed: false };
  let manifest: Manifest = { entries: [], folders: [] };
  try {
    manifest = planManifest(folder, changes);
    await stage(journal, changes, signal);
    await writeFileAtomic(join(journal, MANIFEST), JSON.stringify({ format: 1, ...manifest }), 0o600);
    state.committed = true;
    for (const [index, entry] of manifest.entries.entries()) {
      await setImmediate();
      signal?.throwIfAborted();
      state.at = join(folder, entry.path);
      await onWrite?.(entry.path, index);
      if ((await applyEntry(folder, index, entry)) === 'left')
        throw new KnownError({ message: `${state.at} changed after it was read`, seen: CHANGED });
    }
    signal?.throwIfAborted();
    await finish(journal, MANIFEST);
  } catch (error) {
    const remaining = state.committed
      ? await undo(folder, manifest, MANIFEST).catch((failure: unknown) => [
          `${messageOf(failure)}. The next command that changes the project tries again`,
        ])
      : await rm(journal, { recursive: true, force: true }).then(
          () => [],
          () => [journal],
        );
    if (signal?.aborted === true && remaining.length === 0) throw signal.reason;
    throw writeError(state.at, error, remaining);
  }
}

const CHANGED = 'the file changed after it was read';

/**
 * Completes or undoes an interrupted change to a project. `adjust` may replace staged contents before a change is completed without
 * the `left` files. The caller holds the lock of the project. Rejects with a KnownError if the journal is damaged, or with the system error.
 */
export async function recoverJournal(
  folder: string,
  adjust: (left: readonly string[], staged: StagedContents) => Promise<void>,
): Promise<JournalRecovery | undefined> {
  const journal = join(folder, JOURNAL_FOLDER);
  if (!hasJournal(folder)) return undefined;
  rejectLinks(folder);
  if (existsSync(join(journal, UNDO))) {
    const manifest = await readManifest(folder, UNDO);
    const left = await undo(folder, manifest, UNDO);
    return { kind: 'undone', files: manifest.entries.map(({ path }) => path), left };
  }
  if (!existsSync(join(journal, MANIFEST))) {
    const isStaged = existsSync(join(journal, NEW)) && !existsSync(join(journal, DONE));
    await finish(journal, undefined);
    return isStaged ? { kind: 'removed', files: [], left: [] } : undefined;
  }
  const manifest = await readManifest(folder, MANIFEST);
  const states = await Promise.all(manifest.entries.map((entry, index) => stateOf(folder, index, entry)));
  const leftPaths = (all: readonly string[]): readonly string[] =>
    manifest.entries.flatMap(({ path }, index) => (all[index] === 'left' ? [path] : []));
  const staged = (path: string): string | undefined => {
    const index = manifest.entries.findIndex((entry) => entry.path === path);
    return states[index] === 'pending' ? join(journal, NEW, String(index)) : undefined;
  };
  if (leftPaths(states).length > 0)
    await adjust(leftPaths(states), {
      read: async (path) => {
        const at = staged(path);
        return at === undefined ? undefined : readFile(at);
      },
      replace: async (path, contents) => {
        const at = staged(path);
        if (at !== undefined) await writeFileAtomic(at, contents, 0o644);
      },
    });
  const outcomes: string[] = [];
  for (const [index, entry] of manifest.entries.entries()) outcomes.push(await applyEntry(folder, index, entry));
  await finish(journal, MANIFEST);
  return { kind: 'completed', files: manifest.entries.map(({ path }) => path), left: leftPaths(outcomes) };
}

/** The change of a project that was interrupted, without doing anything about it. Rejects as `recoverJournal` does. */
export async function readJournal(folder: string): Promise<JournalRecovery | undefined> {
  if (!hasJournal(folder)) return undefined;
  rejectLinks(folder);
  const name = [UNDO, MANIFEST].find((one) => existsSync(join(folder, JOURNAL_FOLDER, one)));
  if (name === undefined) return undefined;
  const { entries } = await readManifest(folder, name);
  return { kind: 'pending', files: entries.map(({ path }) => path), left: [] };
}

/** Whether a change of the project was interrupted, or is in progress. */
export function hasJournal(folder: string): boolean {
  return lstatSync(join(folder, JOURNAL_FOLDER), { throwIfNoEntry: false }) !== undefined;
}

/** The new contents of the files that an interrupted change did not write yet. */
export interface StagedContents {
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  readonly replace: (path: string, contents: Uint8Array) => Promise<void>;
}

function planManifest(folder: string, changes: readonly PlannedFileChange[]): Manifest {
  const deleted = new Set(changes.flatMap(({ path, after }) => (after === undefined ? [path] : [])));
  const folders = changes.flatMap(({ path, after }) => (after === undefined ? [] : newFolders(folder, path, deleted)));
  return {
    entries: changes.map(({ path, before, after, mode }) => ({
      path,
      before: digest(before),
      after: digest(after),
      mode,
    })),
    folders: [...new Set(folders)],
  };
}

/** The folders of a path that do not exist, or that are files to delete, parents first. */
function newFolders(folder: string, path: string, deleted: ReadonlySet<string>): readonly string[] {
  const names = path.split('/').slice(0, -1);
  const parents = names.map((_, index) => names.slice(0, index + 1).join('/'));
  const isNew = (at: string): boolean =>
    deleted.has(at) || statSync(join(folder, at), { throwIfNoEntry: false }) === undefined;
  const first = parents.findIndex(isNew);
  return first === -1 ? [] : parents.slice(first);
}

async function stage(
  journal: string,
  changes: readonly PlannedFileChange[],
  signal: AbortSignal | undefined,
): Promise<void> {
  assertInside(dirname(dirname(journal)), dirname(journal));
  mkdirSync(journal, { mode: 0o700 });
  mkdirSync(join(journal, NEW));
  const synced: Promise<void>[] = [];
  try {
    for (const [index, { after, mode }] of changes.entries()) {
      if (after === undefined) continue;
      await setImmediate();
      signal?.throwIfAborted();
      const at = join(journal, NEW, String(index));
      writeNewProjectFile(at, after, mode);
      synced.push(sync(at));
    }
  } finally {
    await Promise.all(synced);
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await syncFile(file);
  } finally {
    await file.close();
  }
}

/** `left`: somebody changed or restored the file. */
type EntryState = 'pending' | 'done' | 'left';

async function stateOf(folder: string, index: number, entry: Entry): Promise<EntryState> {
  const path = join(folder, entry.path);
  const current = await readCurrent(path);
  const isBefore = current !== false && digest(current) === entry.before;
  // What was there before is there again if somebody restored it, for example from git.
  const isRestored = isBefore && entry.before !== entry.after;
  if (entry.after === null) {
    if (current === undefined) return 'done';
    if (existsSync(kept(folder, index))) return isRestored ? 'left' : 'done';
    return isBefore ? 'pending' : 'left';
  }
  const staged = await lstatIfExists(join(folder, JOURNAL_FOLDER, NEW, String(index)));
  if (staged === undefined) return isRestored ? 'left' : 'done';
  const there = current === undefined ? undefined : await lstatIfExists(path);
  // Two names of one file: it was created, and the staged name was not removed yet.
  if (there !== undefined && there.ino === staged.ino && there.dev === staged.dev && staged.nlink > 1) return 'done';
  // A change of permissions only is not done yet, although the contents are there.
  if (isBefore) return 'pending';
  return current !== undefined && current !== false && digest(current) === entry.after ? 'done' : 'left';
}

async function applyEntry(folder: string, index: number, entry: Entry): Promise<EntryState> {
  const path = join(folder, entry.path);
  assertReachable(folder, entry.path);
  const staged = join(folder, JOURNAL_FOLDER, NEW, String(index));
  const state = await stateOf(folder, index, entry);
  if (state === 'pending') {
    mkdirSync(dirname(path), { recursive: true });
    mkdirSync(join(folder, JOURNAL_FOLDER, BEFORE), { recursive: true });
    if (entry.after === null) await moveAway(path, kept(folder, index));
    else if (entry.before === null) {
      if (!(await createFrom(staged, path, entry.mode))) return 'left';
    } else {
      await keep(path, kept(folder, index));
      await replaceWith(staged, path, entry.mode);
    }
  }
  if (entry.after === null && !existsSync(path)) await removeEmptyFolders(folder, dirname(path));
  if (state !== 'left') await rm(staged, { force: true });
  return state === 'left' ? 'left' : 'done';
}

/** Restores the files that were changed, and removes the journal. Returns the paths that somebody changed since, which are left. */
async function undo(folder: string, { entries, folders }: Manifest, name: string): Promise<readonly string[]> {
  const journal = join(folder, JOURNAL_FOLDER);
  if (name !== UNDO) await rename(join(journal, name), join(journal, UNDO));
  const left = new Set<string>();
  const restore = async (index: number, entry: Entry): Promise<void> => {
    const path = join(folder, entry.path);
    const before = kept(folder, index);
    if (findDetour(folder, entry.path) !== undefined) {
      const isPending = entry.after === null || existsSync(join(journal, NEW, String(index)));
      if (!isPending || existsSync(before)) left.add(entry.path);
      return;
    }
    const current = await readCurrent(path);
    const isAfter = current !== false && digest(current) === entry.after;
    if (entry.before === null) {
      if (current === undefined || !(await isCreated(folder, index, path))) return;
      if (isAfter) await rm(path);
      else left.add(entry.path);
    } else if (existsSync(before)) {
      if (isAfter || (current !== false && digest(current) === entry.before)) await moveBack(before, path);
      else left.add(entry.path);
    }
  };
  // A folder may have replaced a file.
  for (const [index, entry] of entries.entries()) if (entry.before === null) await restore(index, entry);
  for (const path of folders.toReversed())
    if (findDetour(folder, path) === undefined) await removeFolder(join(folder, path));
  for (const [index, entry] of entries.entries()) if (entry.before !== null) await restore(index, entry);
  await finish(journal, UNDO);
  return entries.flatMap(({ path }) => (left.has(path) ? [path] : []));
}

/** Whether the change created the file: its staged name was removed, or is another name of the file. */
async function isCreated(folder: string, index: number, path: string): Promise<boolean> {
  const [staged, there] = await Promise.all([
    lstatIfExists(join(folder, JOURNAL_FOLDER, NEW, String(index))),
    lstatIfExists(path),
  ]);
  return staged === undefined || (there?.ino === staged.ino && there.dev === staged.dev);
}

/** Ends a journal. What cannot be removed now is removed by the next recovery. */
async function finish(journal: string, manifest: string | undefined): Promise<void> {
  if (manifest !== undefined) await rename(join(journal, manifest), join(journal, DONE));
  try {
    // The sign that the change is done goes last.
    for (const name of [NEW, BEFORE, DONE]) await rm(join(journal, name), { recursive: true, force: true });
    await rm(journal, { recursive: true, force: true });
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
  }
}

function kept(folder: string, index: number): string {
  return join(folder, JOURNAL_FOLDER, BEFORE, String(index));
}

async function keep(path: string, at: string): Promise<void> {
  // An interrupted attempt may have left an incomplete copy.
  await rm(at, { force: true });
  await keepOriginal(path, at);
}

async function moveAway(path: string, at: string): Promise<void> {
  try {
    await rename(path, at);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    await copyFile(path, at);
    await rm(path);
  }
}

async function moveBack(before: string, path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  await moveAway(before, path);
  // If the file was not replaced yet, both are names of it, and renaming does nothing.
  await rm(before, { force: true });
}

async function replaceWith(staged: string, path: string, mode: number): Promise<void> {
  try {
    await rename(staged, path);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    await writeFileAtomic(path, await readFile(staged), mode);
  }
}

/** Creates a file from its staged contents. False if it exists. */
async function createFrom(staged: string, path: string, mode: number): Promise<boolean> {
  try {
    await link(staged, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    // Not every file system supports hard links.
    try {
      writeNewProjectFile(path, await readFile(staged), mode);
    } catch (failure) {
      if (codeOf(failure) === 'EEXIST') return false;
      throw failure;
    }
  }
  return true;
}

async function removeEmptyFolders(root: string, folder: string): Promise<void> {
  for (let at = folder; at !== root && (await removeFolder(at)); at = dirname(at)) continue;
}

/** False if the folder has files, or cannot be removed. */
async function removeFolder(path: string): Promise<boolean> {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return codeOf(error) === 'ENOENT';
  }
}

async function readCurrent(path: string): Promise<Uint8Array | undefined | false> {
  const file = await readPlainFile(path);
  return file === undefined || file === false ? file : file.contents;
}

async function lstatIfExists(path: string): Promise<Stats | undefined> {
  try {
    return await lstat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

function digest(contents: Uint8Array | undefined): string | null {
  return contents === undefined ? null : createHash('sha256').update(contents).digest('hex');
}

async function readManifest(folder: string, name: string): Promise<Manifest> {
  const manifest = parseManifest(await readFile(join(folder, JOURNAL_FOLDER, name), 'utf8'));
  if (manifest === undefined) throw damagedError(folder);
  for (const path of [...manifest.entries.map((entry) => entry.path), ...manifest.folders]) {
    const detour = findDetour(folder, path);
    if (detour !== undefined) throw damagedError(folder, `${path} leads to ${detour}`);
  }
  return manifest;
}

function damagedError(folder: string, seen?: string): KnownError {
  const journal = join(folder, JOURNAL_FOLDER);
  return new KnownError({
    message: 'The journal of an interrupted change is damaged',
    tried: `read ${journal}`,
    seen,
    next: [`Restore the project from version control, and delete ${journal}`],
  });
}

/** Anybody can put a journal into a repository. This tool writes real folders and files, so a link is not from it. */
function rejectLinks(folder: string): void {
  const journal = join(folder, JOURNAL_FOLDER);
  const rejectUnless = (isExpected: boolean, path: string): void => {
    if (!isExpected) throw damagedError(folder, `${path} is a link, or not of the expected type`);
  };
  for (const path of [dirname(journal), journal]) rejectUnless(lstatSync(path).isDirectory(), path);
  for (const one of readdirSync(journal, { withFileTypes: true })) {
    const path = join(journal, one.name);
    const isFolder = [NEW, BEFORE].includes(one.name);
    rejectUnless(isFolder ? one.isDirectory() : one.isFile(), path);
    if (!isFolder) continue;
    for (const file of readdirSync(path, { withFileTypes: true })) rejectUnless(file.isFile(), join(path, file.name));
  }
}

/** Where links lead a path of the project, if a journal must not change a file there. */
function findDetour(folder: string, path: string): string | undefined {
  let at = dirname(join(folder, path));
  while (at !== folder && !exists(at)) at = dirname(at);
  let real: string;
  try {
    real = realpathSync.native(at);
  } catch {
    return 'a missing folder';
  }
  const parent = relativePath(realpathSync.native(folder), real);
  return parent === '' || isProjectPath(parent) ? undefined : real;
}

/** Whether there is anything at a path, such as a link that leads nowhere. */
function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    // A folder of the path is a file.
    if (codeOf(error) === 'ENOTDIR') return false;
    throw error;
  }
}

function assertReachable(folder: string, path: string): void {
  const detour = findDetour(folder, path);
  if (detour === undefined) return;
  const at = dirname(join(folder, path));
  throw new KnownError({ message: `${at} is outside the project`, seen: `${at} points to ${detour}` });
}

/** Undefined if the text is not a manifest. Anybody can write one, so its paths must stay in the project, and out of its repository. */
function parseManifest(text: string): Manifest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || value['format'] !== 1) return undefined;
  const { entries, folders } = value;
  if (!Array.isArray(entries) || !entries.every(isEntry)) return undefined;
  if (!Array.isArray(folders) || !folders.every(isProjectPath)) return undefined;
  return { entries, folders };
}

function isEntry(value: unknown): value is Entry {
  if (!isRecord(value)) return false;
  const { path, before, after, mode } = value;
  const isDigest = (one: unknown): boolean => one === null || typeof one === 'string';
  return isProjectPath(path) && isDigest(before) && isDigest(after) && [0o644, 0o755, 0o600].includes(Number(mode));
}

/** Whether a change may write to this path of a project. */
function isProjectPath(path: unknown): path is string {
  if (typeof path !== 'string' || !isSafePath(path)) return false;
  const parts = path.split('/');
  if (parts.some(isGitFolderName)) return false;
  // Windows ignores case, and dots and spaces at the end of a name.
  const folded = parts.map((part) => part.toLowerCase().replace(/[. ]+$/, ''));
  return !`${folded.join('/')}/`.startsWith(`${JOURNAL_FOLDER}/`);
}
