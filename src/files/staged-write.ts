import { createHash } from 'node:crypto';
import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { codeOf, KnownError, messageOf } from '../base/errors.ts';
import { isRecord, parseJsonText } from '../base/json.ts';
import { isGitFolderName } from '../base/file-name.ts';
import type { FileStatus, FileSystem } from './node-file-system.ts';
import { isSafePath, relativePath } from './relative-path.ts';
import { ignoreSystemErrors } from '../base/system-error.ts';
import { replaceFile, writeNewFiles, type NewContent } from './write.ts';

/*
 * Changes several files together. An interruption at any moment leaves all of them old, all of them new, or a journal with which the next run
 * completes or undoes the change:
 *
 * 1. Staged: the new contents are in `new/`, by the number of the change. Up to here, an interruption changes nothing.
 * 2. Publishing: `manifest.json` is renamed into place. From here on, an interrupted change can be completed. Each file is replaced by its new
 *    contents, created or deleted. What was there before is kept in `before/`, under a second name of the same file if possible.
 * 3. Done: the manifest is renamed to `done.json`, and the journal is removed.
 *
 * If a change fails, the manifest is renamed to `undo.json`, and the files are restored from `before/`.
 */
const NEW = 'new';
const BEFORE = 'before';
const MANIFEST = 'manifest.json';
const UNDO = 'undo.json';
const DONE = 'done.json';

/** In a manifest: whatever is at a path, even a folder. */
const ANYTHING = '*';

/** Where files are changed together. The caller holds a lock that covers all of them. */
export interface StagingTarget {
  readonly files: FileSystem;
  /** Absolute. */
  readonly folder: string;
  /** The folder of the journal, relative to `folder`, with `/`. */
  readonly journal: string;
  /** For use in a sentence: `the project`. */
  readonly title: string;
  /** What to do if the journal (absolute path) is damaged: a sentence. */
  readonly repair: (journal: string) => string;
  /** Whether a change may be made at a safe path. A journal with any other path is refused. By default, all are allowed. */
  readonly allows?: (path: string) => boolean;
}

export interface StagedChange {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  /** The bytes on disk; undefined if the file does not exist. */
  readonly before: Uint8Array | undefined;
  /** Undefined if the file is deleted. */
  readonly after: Uint8Array | undefined;
  /** The permission bits of the new contents. The umask applies only to a new file with 0644. */
  readonly mode: number;
}

export interface StagedWriteOptions {
  /** On abort, everything is rolled back, and the reason of the signal is thrown. */
  readonly signal?: AbortSignal | undefined;
  /** Called before each file is changed. An error it throws fails the write. */
  readonly onWrite?: ((path: string, index: number) => void | Promise<void>) | undefined;
}

/** A write that failed. Everything was rolled back, except for `remaining`. */
export class StagedWriteError extends Error {
  /** Absolute path of what could not be changed. */
  readonly at: string;
  /** Absolute paths that could not be rolled back, or a sentence about when that is tried again. */
  readonly remaining: readonly string[];

  constructor(at: string, remaining: readonly string[], cause: unknown) {
    super(messageOf(cause), { cause });
    this.at = at;
    this.remaining = remaining;
  }
}

/** Somebody else changed the file, or created it (`appeared`), after the change was planned. */
export class FileChangedError extends Error {
  readonly appeared: boolean;

  constructor(path: string, appeared: boolean) {
    super(`${path} ${appeared ? 'appeared' : 'changed'} in the meantime`);
    this.appeared = appeared;
  }
}

export interface StagedRecovery {
  /** `removed`: the interruption was before the first file changed. `pending`: nothing was done about it yet. */
  readonly kind: 'completed' | 'undone' | 'removed' | 'pending';
  readonly files: readonly string[];
  /** Files that somebody changed or restored since the interruption. They were left as they are. */
  readonly left: readonly string[];
}

/** The new contents of the files that an interrupted change has not written yet. */
export interface StagedContents {
  readonly read: (path: string) => Promise<Uint8Array | undefined>;
  readonly replace: (path: string, contents: Uint8Array) => Promise<void>;
}

interface Entry {
  readonly path: string;
  /** Digests; null if there is no such file; `*` for a move. */
  readonly before: string | null;
  readonly after: string | null;
  readonly mode: number;
}

interface Manifest {
  readonly entries: readonly Entry[];
  /** Folders that the change creates, parents first, relative to the folder. */
  readonly folders: readonly string[];
}

/** Makes all changes or none of them. There must not be a journal. Rejects with a StagedWriteError, or with the reason of the signal. */
export async function writeStaged(
  target: StagingTarget,
  changes: readonly StagedChange[],
  options: StagedWriteOptions = {},
): Promise<void> {
  await publish(target, options, async () => {
    const manifest = await planManifest(target, changes);
    await openStage(target);
    await stageContents(target, changes, options.signal);
    return manifest;
  });
}

/** Creates the journal with its folder for new contents, whose path it returns. Whatever is in it is removed unless it is published. */
export async function openStage(target: StagingTarget): Promise<string> {
  const { files, folder } = target;
  const journal = journalOf(target);
  const parent = relativePath(realpathSync.native(folder), realpathSync.native(dirname(journal)));
  if (parent !== '' && !isSafePath(parent))
    throw outsideError(target, dirname(journal), realpathSync.native(dirname(journal)));
  await files.makeFolder(journal);
  await files.makeFolder(join(journal, NEW));
  return join(journal, NEW);
}

/**
 * Replaces the files and folders with these names by those in the folder of `openStage`, and removes the names that are not there. Makes all
 * changes or none of them, and rejects, as `writeStaged` does.
 */
export async function publishStage(target: StagingTarget, names: readonly string[]): Promise<void> {
  const { files, folder } = target;
  const journal = journalOf(target);
  await publish(target, {}, async () => {
    const entries: Entry[] = [];
    for (const path of names) {
      const has = async (at: string): Promise<string | null> =>
        (await files.look(at)) === undefined ? null : ANYTHING;
      const [before, after] = [await has(join(folder, path)), await has(join(journal, NEW, path))];
      entries.push({ path, before, after, mode: 0o600 });
    }
    return { entries, folders: [] };
  });
}

/** Removes the journal of a change that was not published. What can't be removed now is removed by the next recovery. */
export async function discardStage(target: StagingTarget): Promise<void> {
  await ignoreSystemErrors(() => removeTree(target.files, journalOf(target)));
}

async function publish(
  target: StagingTarget,
  { signal, onWrite }: StagedWriteOptions,
  stage: () => Promise<Manifest>,
): Promise<void> {
  const { files, folder } = target;
  const journal = journalOf(target);
  const state = { at: journal, committed: false };
  let manifest: Manifest = { entries: [], folders: [] };
  try {
    manifest = await stage();
    await replaceFile(join(journal, MANIFEST), JSON.stringify({ format: 1, ...manifest }), { files });
    state.committed = true;
    for (const [index, entry] of manifest.entries.entries()) {
      // Lets interrupts and progress output through.
      await setImmediate();
      signal?.throwIfAborted();
      state.at = join(folder, entry.path);
      await onWrite?.(entry.path, index);
      if ((await applyEntry(target, index, entry)) === 'left')
        throw new FileChangedError(state.at, entry.before === null);
    }
    signal?.throwIfAborted();
    await syncFolders(target, manifest);
    await files.rename(join(journal, MANIFEST), join(journal, DONE));
  } catch (error) {
    const remaining = state.committed
      ? await undo(target, manifest, MANIFEST).then(
          (left) => left.map((path) => join(folder, path)),
          (failure: unknown) => [`${messageOf(failure)}. The next command that changes ${target.title} tries again`],
        )
      : await removeTree(files, journal).then(
          () => [],
          () => [journal],
        );
    if (signal?.aborted === true && remaining.length === 0) throw signal.reason;
    throw new StagedWriteError(state.at, remaining, error);
  }
  await removeJournal(target);
}

/**
 * Completes or undoes an interrupted change. `adjust` may replace staged contents before a change is completed without the `left` files;
 * without it, they must be as they were staged. Rejects with a KnownError if the journal is damaged, or with the system error.
 */
export async function recoverStaged(
  target: StagingTarget,
  adjust?: (left: readonly string[], staged: StagedContents) => Promise<void>,
): Promise<StagedRecovery | undefined> {
  const { files } = target;
  const journal = journalOf(target);
  if (!hasJournal(target)) return undefined;
  const names = await listJournal(target);
  if (names.includes(UNDO)) {
    const manifest = await readManifest(target, UNDO);
    const left = await undo(target, manifest, UNDO);
    return { kind: 'undone', files: manifest.entries.map(({ path }) => path), left };
  }
  if (!names.includes(MANIFEST)) {
    const isStaged = names.includes(NEW) && !names.includes(DONE);
    await removeJournal(target);
    return isStaged ? { kind: 'removed', files: [], left: [] } : undefined;
  }
  const manifest = await readManifest(target, MANIFEST);
  const states: EntryState[] = [];
  for (const [index, entry] of manifest.entries.entries()) {
    states.push(await stateOf(target, index, entry));
    const staged = stagedPath(target, index, entry);
    if (
      adjust !== undefined ||
      entry.after === null ||
      entry.after === ANYTHING ||
      (await files.look(staged)) === undefined
    )
      continue;
    if (digest(await files.read(staged)) !== entry.after) throw damagedError(target, `${staged} was modified`);
  }
  const leftPaths = (all: readonly string[]): readonly string[] =>
    manifest.entries.flatMap(({ path }, index) => (all[index] === 'left' ? [path] : []));
  const pending = (path: string): string | undefined => {
    const index = manifest.entries.findIndex((entry) => entry.path === path);
    return states[index] === 'pending' ? join(journal, NEW, String(index)) : undefined;
  };
  if (leftPaths(states).length > 0)
    await adjust?.(leftPaths(states), {
      read: async (path) => {
        const at = pending(path);
        return at === undefined ? undefined : files.read(at);
      },
      replace: async (path, contents) => {
        const at = pending(path);
        if (at === undefined) return;
        const { mode = 0o644 } = (await files.look(at)) ?? {};
        await replaceFile(at, contents, { files, mode: mode & 0o777 });
      },
    });
  const outcomes: string[] = [];
  for (const [index, entry] of manifest.entries.entries()) outcomes.push(await applyEntry(target, index, entry));
  await syncFolders(target, manifest);
  await files.rename(join(journal, MANIFEST), join(journal, DONE));
  await removeJournal(target);
  return { kind: 'completed', files: manifest.entries.map(({ path }) => path), left: leftPaths(outcomes) };
}

/** Describes an interrupted change without touching it. Rejects as `recoverStaged` does. */
export async function readStaged(target: StagingTarget): Promise<StagedRecovery | undefined> {
  if (!hasJournal(target)) return undefined;
  const names = await listJournal(target);
  const name = [UNDO, MANIFEST].find((one) => names.includes(one));
  if (name === undefined) return undefined;
  const { entries } = await readManifest(target, name);
  return { kind: 'pending', files: entries.map(({ path }) => path), left: [] };
}

/** Whether a change was interrupted, or is in progress. */
export function hasJournal(target: StagingTarget): boolean {
  return lstatSync(journalOf(target), { throwIfNoEntry: false }) !== undefined;
}

async function planManifest(target: StagingTarget, changes: readonly StagedChange[]): Promise<Manifest> {
  const deleted = new Set(changes.flatMap(({ path, after }) => (after === undefined ? [path] : [])));
  const folders = new Set<string>();
  for (const { path, after } of changes)
    if (after !== undefined) for (const one of await newFolders(target, path, deleted)) folders.add(one);
  return {
    entries: changes.map(({ path, before, after, mode }) => ({
      path,
      before: digest(before),
      after: digest(after),
      mode,
    })),
    folders: [...folders],
  };
}

/** The folders of a path that do not exist, or that are files to delete, parents first. */
async function newFolders(
  { files, folder }: StagingTarget,
  path: string,
  deleted: ReadonlySet<string>,
): Promise<readonly string[]> {
  const names = path.split('/').slice(0, -1);
  const parents = names.map((_, index) => names.slice(0, index + 1).join('/'));
  for (const [index, at] of parents.entries())
    if (deleted.has(at) || (await files.look(join(folder, at))) === undefined) return parents.slice(index);
  return [];
}

async function stageContents(
  target: StagingTarget,
  changes: readonly StagedChange[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const { files, folder } = target;
  const contents = changes.flatMap(({ path, before, after, mode }, index): readonly NewContent[] => {
    if (after === undefined) return [];
    const isNew = before === undefined;
    return [
      {
        path: join(journalOf(target), NEW, String(index)),
        content: after,
        mode,
        withUmask: isNew && mode === 0o644,
        likeOwnerOf: isNew ? undefined : join(folder, path),
      },
    ];
  });
  await writeNewFiles(files, contents, signal);
}

/** `left`: somebody changed or restored the file. */
type EntryState = 'pending' | 'done' | 'left';

async function stateOf(target: StagingTarget, index: number, entry: Entry): Promise<EntryState> {
  const { files, folder } = target;
  const path = join(folder, entry.path);
  const staged = await files.look(stagedPath(target, index, entry));
  const kept = (await files.look(keptPath(target, index))) ?? (await files.look(besidePath(path)));
  const there = await files.look(path);
  if (isMove(entry)) return staged !== undefined || (entry.after === null && kept === undefined) ? 'pending' : 'done';
  const current = await digestOf(files, path, there);
  const isBefore = current === entry.before;
  // What was there before is there again if somebody restored it, for example from git.
  const isRestored = isBefore && entry.before !== entry.after;
  if (entry.after === null) {
    if (current === null) return 'done';
    if (kept !== undefined) return isRestored ? 'left' : 'done';
    return isBefore ? 'pending' : 'left';
  }
  if (staged === undefined && (await files.look(transferPath(path))) !== undefined) return 'pending';
  if (staged === undefined) return isRestored ? 'left' : 'done';
  // Two names of one file: it was created, and the staged name was not removed yet.
  if (there?.id === staged.id) return 'done';
  // If only the permissions change, the contents match before the change is done. Without hard links, the old file has moved away.
  if (isBefore || (current === null && kept !== undefined)) return 'pending';
  return current === entry.after ? 'done' : 'left';
}

async function applyEntry(target: StagingTarget, index: number, entry: Entry): Promise<EntryState> {
  const { files, folder } = target;
  const path = join(folder, entry.path);
  const detour = await findDetour(target, entry.path);
  if (detour !== undefined) throw outsideError(target, dirname(path), detour);
  const staged = stagedPath(target, index, entry);
  const kept = keptPath(target, index);
  const state = await stateOf(target, index, entry);
  if (state === 'pending') {
    await makeFolders(files, dirname(path));
    await makeFolders(files, dirname(kept), 0o700);
    const isKept = (await files.look(kept)) !== undefined;
    if (isMove(entry)) {
      if (!isKept && (await files.look(path)) !== undefined) await files.rename(path, kept);
      if (entry.after !== null) await files.rename(staged, path);
    } else if (entry.after === null) await moveAway(files, path, kept);
    else if (entry.before === null) {
      if (!(await createFrom(files, staged, path))) return 'left';
    } else {
      if ((await files.look(path)) !== undefined) await keep(files, path, kept);
      await moveStaged(files, staged, path);
    }
  }
  if (entry.after === null && !isMove(entry)) {
    let at = dirname(path);
    while (at !== folder && (await removeFolder(files, at))) at = dirname(at);
  }
  if (state !== 'left' && !isMove(entry)) await removeIfExists(files, staged);
  return state;
}

/** Restores what was changed, and removes the journal. Returns the paths that somebody changed since, which are left. */
async function undo(target: StagingTarget, { entries, folders }: Manifest, name: string): Promise<readonly string[]> {
  const { files, folder } = target;
  const journal = journalOf(target);
  if (name !== UNDO) await files.rename(join(journal, name), join(journal, UNDO));
  const left = new Set<string>();
  const used: string[] = [];
  const restore = async (index: number, entry: Entry): Promise<void> => {
    const path = join(folder, entry.path);
    const [staged, kept] = [stagedPath(target, index, entry), keptPath(target, index)];
    const isBeside = entry.after === null && (await files.look(besidePath(path))) !== undefined;
    const isKept = isBeside || (await files.look(kept)) !== undefined;
    const stagedStatus = await files.look(staged);
    const isPending = stagedStatus !== undefined;
    if ((await findDetour(target, entry.path)) !== undefined) {
      if (isKept || (entry.after !== null && !isPending)) left.add(entry.path);
      return;
    }
    await removeIfExists(files, transferPath(path));
    const there = await files.look(path);
    if (isMove(entry)) {
      if (entry.after !== null && !isPending && there !== undefined) await files.rename(path, staged);
      if (isKept) await files.rename(kept, path);
      return;
    }
    const current = await digestOf(files, path, there);
    if (entry.before === null) {
      // The change created the file if its staged name was removed, or is another name of it.
      if (there === undefined || (isPending && there.id !== stagedStatus.id)) return;
      if (current === entry.after) await files.removeFile(path);
      else left.add(entry.path);
    } else if (isKept) {
      if (current === null || current === entry.after || current === entry.before) {
        await makeFolders(files, dirname(path));
        await moveFile(files, isBeside ? besidePath(path) : kept, path);
        // If the file was not replaced yet, both are names of it, and renaming does nothing.
        await removeIfExists(files, kept);
      } else left.add(entry.path);
    }
  };
  // A folder may have replaced a file.
  for (const [index, entry] of entries.entries()) if (entry.before === null) await restore(index, entry);
  for (const path of folders.toReversed()) {
    if ((await findDetour(target, path)) !== undefined || (await removeFolder(files, join(folder, path)))) continue;
    const isFolder = (await files.look(join(folder, path)))?.kind === 'folder';
    if (isFolder && ![...left, ...used].some((one) => one.startsWith(`${path}/`))) used.push(path);
  }
  for (const [index, entry] of entries.entries()) if (entry.before !== null) await restore(index, entry);
  await syncFolders(target, { entries, folders });
  await files.rename(join(journal, UNDO), join(journal, DONE));
  await removeJournal(target);
  return [...entries.flatMap(({ path }) => (left.has(path) ? [path] : [])), ...used];
}

/** Removes a journal that is done. What cannot be removed now is removed by the next recovery. */
async function removeJournal(target: StagingTarget): Promise<void> {
  const { files, folder } = target;
  const journal = journalOf(target);
  await ignoreSystemErrors(async () => {
    const isDone = (await files.look(join(journal, DONE))) !== undefined;
    const manifest = isDone ? parseManifest(target, await readText(files, join(journal, DONE))) : undefined;
    for (const { path, after } of manifest?.entries ?? [])
      if (after === null && (await findDetour(target, path)) === undefined)
        await removeIfExists(files, besidePath(join(folder, path)));
    // The sign that the change is done goes last.
    for (const name of [NEW, BEFORE, DONE]) await removeTree(files, join(journal, name));
    await removeTree(files, journal);
  });
}

/** Syncs the changed folders, so that renames survive a power failure before the journal marks them as done. */
async function syncFolders({ files, folder }: StagingTarget, { entries }: Manifest): Promise<void> {
  const parents = new Set(entries.map(({ path }) => dirname(join(folder, path))));
  // A folder that was removed, or a file system that can't sync folders.
  for (const parent of parents) await ignoreSystemErrors(() => files.syncFolder(parent));
}

const journalOf = ({ folder, journal }: StagingTarget): string => join(folder, journal);

const isMove = ({ before, after }: Entry): boolean => before === ANYTHING || after === ANYTHING;

function stagedPath(target: StagingTarget, index: number, entry: Entry): string {
  return join(journalOf(target), NEW, isMove(entry) ? entry.path : String(index));
}

function keptPath(target: StagingTarget, index: number): string {
  return join(journalOf(target), BEFORE, String(index));
}

/** What is kept of a deleted file if the journal is on another file system. */
function besidePath(path: string): string {
  return join(dirname(path), `.${basename(path)}.kuflow-kept`);
}

/** The copy of a file that comes from another file system, until it is complete. */
function transferPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.kuflow-transfer`);
}

/** Gives the file a second name, so that restoring it needs no disk space. Without hard links, moves it away. */
async function keep(files: FileSystem, path: string, kept: string): Promise<void> {
  await removeIfExists(files, kept);
  try {
    await files.link(path, kept);
  } catch (error) {
    if (codeOf(error) === 'EXDEV') await copyFile(files, path, kept);
    else if (codeOf(error) === undefined) throw error;
    else await files.rename(path, kept);
  }
}

/** Moves a file into the journal, or, if that is on another file system, to a name next to it. */
async function moveAway(files: FileSystem, path: string, kept: string): Promise<void> {
  try {
    await files.rename(path, kept);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    await files.rename(path, besidePath(path));
  }
}

/** Gives staged contents their name. On another file system, they are complete next to it before they leave the journal. */
async function moveStaged(files: FileSystem, staged: string, path: string): Promise<void> {
  const transfer = transferPath(path);
  if ((await files.look(staged)) !== undefined) {
    try {
      await files.rename(staged, path);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EXDEV') throw error;
      await copyTo(files, staged, transfer);
      await files.removeFile(staged);
    }
  }
  await files.rename(transfer, path);
}

/** Moves a file back, over an existing one if necessary. */
async function moveFile(files: FileSystem, from: string, to: string): Promise<void> {
  try {
    await files.rename(from, to);
  } catch (error) {
    if (codeOf(error) !== 'EXDEV') throw error;
    await copyFile(files, from, to);
    await files.removeFile(from);
  }
}

/** Copies a file to another file system, where it appears when it is complete. */
async function copyFile(files: FileSystem, from: string, to: string): Promise<void> {
  await copyTo(files, from, transferPath(to));
  await files.rename(transferPath(to), to);
}

async function copyTo(files: FileSystem, from: string, to: string): Promise<void> {
  await removeIfExists(files, to);
  const content = await files.read(from);
  const mode = ((await files.look(from))?.mode ?? 0o600) & 0o777;
  await writeNewFiles(files, [{ path: to, content, mode, likeOwnerOf: from }]);
}

/** Creates a file from its staged contents. False if it exists. */
async function createFrom(files: FileSystem, staged: string, path: string): Promise<boolean> {
  try {
    await files.link(staged, path);
    return true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    if (codeOf(error) === 'EEXIST') return false;
    // Not every file system supports hard links.
    if ((await files.look(path)) !== undefined) return false;
    await moveStaged(files, staged, path);
    return true;
  }
}

async function makeFolders(files: FileSystem, folder: string, mode = 0o777): Promise<void> {
  const missing: string[] = [];
  for (let at = folder; (await files.look(at)) === undefined; at = dirname(at)) missing.unshift(at);
  for (const at of missing) await files.makeFolder(at, mode);
}

/** False if the folder has files, or cannot be removed. */
async function removeFolder(files: FileSystem, path: string): Promise<boolean> {
  try {
    await files.removeFolder(path);
    return true;
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return codeOf(error) === 'ENOENT';
  }
}

async function removeIfExists(files: FileSystem, path: string): Promise<void> {
  if ((await files.look(path)) !== undefined) await files.removeFile(path);
}

/** Removes a file, or a folder with everything in it. Does not follow links. */
async function removeTree(files: FileSystem, path: string): Promise<void> {
  const status = await files.look(path);
  if (status === undefined) return;
  if (status.kind !== 'folder') {
    await files.removeFile(path);
    return;
  }
  for (const name of await files.list(path)) await removeTree(files, join(path, name));
  await files.removeFolder(path);
}

/** Null if nothing is there, false if it is not a regular file. */
async function digestOf(
  files: FileSystem,
  path: string,
  status: FileStatus | undefined,
): Promise<string | null | false> {
  if (status === undefined) return null;
  return status.kind === 'file' ? digest(await files.read(path)) : false;
}

function digest(contents: Uint8Array | undefined): string | null {
  return contents === undefined ? null : createHash('sha256').update(contents).digest('hex');
}

async function readManifest(target: StagingTarget, name: string): Promise<Manifest> {
  const manifest = parseManifest(target, await readText(target.files, join(journalOf(target), name)));
  if (manifest === undefined) throw damagedError(target);
  for (const path of [...manifest.entries.map((entry) => entry.path), ...manifest.folders]) {
    const detour = await findDetour(target, path);
    if (detour !== undefined) throw damagedError(target, `${path} leads to ${detour}`);
  }
  return manifest;
}

async function readText(files: FileSystem, path: string): Promise<string> {
  return (await files.read(path)).toString('utf8');
}

function damagedError(target: StagingTarget, seen?: string): KnownError {
  const journal = journalOf(target);
  return new KnownError({
    message: 'The journal of an interrupted change is damaged',
    tried: `read ${journal}`,
    seen,
    next: [target.repair(journal)],
  });
}

/** The names in the journal. Anybody can put a journal into a repository, so a link, which this tool never writes, is rejected. */
async function listJournal(target: StagingTarget): Promise<readonly string[]> {
  const { files } = target;
  const journal = journalOf(target);
  const requireKind = async (path: string, kinds: readonly string[]): Promise<void> => {
    const status = await files.look(path);
    // A run that is not the caller's may be removing the journal.
    if (status !== undefined && !kinds.includes(status.kind))
      throw damagedError(target, `${path} is a link, or not of the expected type`);
  };
  // The folder itself may be a link.
  for (let at = journal; at !== target.folder; at = dirname(at)) await requireKind(at, ['folder']);
  const names = await files.list(journal);
  for (const name of names) {
    const isFolder = [NEW, BEFORE].includes(name);
    await requireKind(join(journal, name), [isFolder ? 'folder' : 'file']);
    if (!isFolder) continue;
    for (const one of await files.list(join(journal, name)))
      await requireKind(join(journal, name, one), ['file', 'folder']);
  }
  return names;
}

/** Where links lead a path of the folder, if a change must not be made there. */
async function findDetour(target: StagingTarget, path: string): Promise<string | undefined> {
  const { files, folder } = target;
  let at = dirname(join(folder, path));
  while (at !== folder && (await files.look(at)) === undefined) at = dirname(at);
  let real: string;
  try {
    real = realpathSync.native(at);
  } catch {
    return 'a missing folder';
  }
  const parent = relativePath(realpathSync.native(folder), real);
  return parent === '' || isUsablePath(target, parent) ? undefined : real;
}

function outsideError({ title }: StagingTarget, folder: string, real: string): KnownError {
  return new KnownError({ message: `${folder} is outside ${title}`, seen: `${folder} points to ${real}` });
}

/** Undefined if the text is not a manifest. Anybody can write one, so its paths must stay in the folder, and out of a repository's own. */
function parseManifest(target: StagingTarget, text: string): Manifest | undefined {
  const value = parseJsonText(text);
  if (!isRecord(value) || value['format'] !== 1) return undefined;
  const { entries, folders } = value;
  const isUsable = (path: unknown): path is string =>
    typeof path === 'string' && isUsablePath(target, path) && target.allows?.(path) !== false;
  const isEntry = (entry: unknown): entry is Entry => {
    if (!isRecord(entry)) return false;
    const { path, before, after, mode } = entry;
    const isState = (one: unknown): boolean => one === null || typeof one === 'string';
    const isOneName = typeof path === 'string' && !path.includes('/');
    const mayBeMove = ![before, after].includes(ANYTHING) || isOneName;
    const isMode = Number.isInteger(mode) && Number(mode) >= 0 && Number(mode) <= 0o777;
    return isUsable(path) && mayBeMove && isState(before) && isState(after) && isMode;
  };
  if (!Array.isArray(entries) || !entries.every(isEntry)) return undefined;
  if (!Array.isArray(folders) || !folders.every(isUsable)) return undefined;
  return { entries, folders };
}

/** Whether a change may write to this path: not to the folder of a repository, nor to the journal itself. */
function isUsablePath({ journal }: StagingTarget, path: string): boolean {
  if (!isSafePath(path)) return false;
  const parts = path.split('/');
  if (parts.some(isGitFolderName)) return false;
  // Windows ignores case, and dots and spaces at the end of a name.
  const folded = parts.map((part) => part.toLowerCase().replace(/[. ]+$/, ''));
  return !`${folded.join('/')}/`.startsWith(`${journal}/`);
}
