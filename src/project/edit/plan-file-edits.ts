import type { PlannedFile } from '../../languages/planned-file.ts';
import { isLibraryFile } from '../../languages/library.ts';
import { textOf, type ProjectBase } from '../base-archive.ts';
import { toLf, withLineEndingsOf } from '../merge/line-endings.ts';
import type { MergeOptions } from '../merge/lines.ts';
import { mergeFile, type MergeRequest } from '../merge/merge-file.ts';
import { createNewFile, editExistingFile, readTextFile, type FileEdit } from './file-edit.ts';
import { isMergedInPlace, placeLines, type PlacedLines } from './placed-lines.ts';
import { unifiedDiff } from './unified-diff.ts';

/** A change that cannot be written without losing somebody's work. */
export interface EditConflict {
  readonly path: string;
  readonly how: 'conflict';
  readonly reason:
    | 'has local changes in the same place'
    | 'has local changes, and the place for the change is not certain'
    | 'was written by another version, which differs in the same place'
    | 'no longer exists'
    | 'already exists'
    | 'is not a regular text file';
  /** The generated text that was merged last; absent for a file that the change adds. */
  readonly base?: string | undefined;
  readonly next: string;
  /** The change to make by hand: a unified diff of what the templates render. */
  readonly diff: string;
  /** The same as lines to paste, in a file with code that has local changes. */
  readonly paste?: readonly PlacedLines[] | undefined;
}

export type PlannedEdit = FileEdit | EditConflict;

export interface FileEditsRequest {
  /** Absolute. */
  readonly folder: string;
  readonly base: ProjectBase;
  /** Everything that the templates render for what the code was generated from, and for the changed project. */
  readonly before: readonly PlannedFile[];
  readonly next: readonly PlannedFile[];
  /** What they render for the definitions on disk: a file that is the same has no local changes. */
  readonly current?: readonly PlannedFile[] | undefined;
  /** Whether a file contains only declarations, whose order does not matter. */
  readonly hasDeclarationsOnly: (path: string) => boolean;
  /** Whether a file has functions, so that lines can be merged into the wrong one. */
  readonly hasFunctions: (path: string) => boolean;
  /** Whether a change that an earlier addition did not make in this file is made now. */
  readonly completes: (path: string) => boolean;
  /** Whether a missing file is created although it does not change. */
  readonly recreates: (path: string) => boolean;
  /** The path of the README, which is left alone if it has local changes. */
  readonly readme: string;
  /** Paths to leave out. */
  readonly ignore: readonly string[];
  /** The base of a file with what the templates add to it for the tasks that somebody added to `mine` by hand. */
  readonly withTasksOf: (path: string, base: string, mine: string) => Promise<string>;
}

export interface FileEdits {
  /** Sorted by path. */
  readonly edits: readonly PlannedEdit[];
  /** The base once all edits are made. */
  readonly base: ProjectBase;
}

/**
 * What a change of the rendered files means for a project on disk: one entry for each file that changes. A file without local changes is
 * replaced. Any other file is merged three ways, and is a conflict if that fails. Files that `next` no longer has are left alone. Reads the
 * project and writes nothing.
 */
export async function planFileEdits(request: FileEditsRequest): Promise<FileEdits> {
  const before = byPath(request.before);
  const current = byPath(request.current ?? []);
  const generated = new Map(request.base.generated);
  const merged = new Map(request.base.merged);
  const regenerated = new Map(request.base.regenerated);
  const edits: PlannedEdit[] = [];
  for (const file of request.next) {
    const { path } = file;
    // Only an update changes the library.
    if (request.ignore.includes(path) || isLibraryFile(path)) continue;
    const last = textOf(generated.get(path));
    const rendered = textOf(file);
    const next = mergeRendered(path, textOf(before.get(path)), last, rendered, {
      isOrderFree: request.hasDeclarationsOnly(path),
    });
    const base = textOf(merged.get(path)) ?? last;
    const isPending = base !== last && request.completes(path);
    if (next === last && !isPending) {
      if (request.recreates(path) && (await readTextFile(request.folder, path)) === undefined)
        edits.push(createNewFile(path, rendered));
      continue;
    }
    const edit = await planFileEdit(request, {
      path,
      base,
      next: next ?? rendered,
      isMergeable: next !== undefined,
      written: [base, last, textOf(current.get(path)), textOf(regenerated.get(path))],
    });
    if (edit !== undefined) edits.push(edit);
    generated.set(path, { ...file, contents: Buffer.from(next ?? rendered) });
    merged.delete(path);
    regenerated.delete(path);
  }
  edits.sort((one, other) => (one.path < other.path ? -1 : 1));
  return { edits, base: { ...request.base, generated, merged, regenerated } };
}

/**
 * The next version of a generated file. `last` differs from `before` if other templates generated it, or if it has an added activity: then only
 * the change is applied to it. Undefined if the change is in the same place as that difference.
 */
export function mergeRendered(
  path: string,
  before: string | undefined,
  last: string | undefined,
  rendered: string,
  options: MergeOptions,
): string | undefined {
  if (last === undefined || before === undefined || before === last) return rendered;
  return mergeCleanly(path, { base: before, mine: last, theirs: rendered }, options);
}

interface FileChange {
  readonly path: string;
  readonly base: string | undefined;
  readonly next: string;
  /** Whether `next` contains what other templates generated. */
  readonly isMergeable: boolean;
  /** Texts of a file without local changes. */
  readonly written: readonly (string | undefined)[];
}

async function planFileEdit(
  { folder, readme, hasDeclarationsOnly, hasFunctions, recreates, withTasksOf }: FileEditsRequest,
  { path, base, next, isMergeable, written }: FileChange,
): Promise<PlannedEdit | undefined> {
  const conflict = (reason: EditConflict['reason'], from = base): EditConflict => ({
    path,
    how: 'conflict',
    reason,
    base,
    next,
    diff: unifiedDiff(path, from, next),
  });
  const current = await readTextFile(folder, path);
  if (current === false) return conflict('is not a regular text file');
  if (current === undefined) {
    return base === undefined || recreates(path) ? createNewFile(path, next) : conflict('no longer exists');
  }
  const mine = toLf(current);
  if (mine === next) return undefined;
  if (base === undefined) return conflict('already exists');
  if (!isMergeable) return conflict('was written by another version, which differs in the same place');
  if (written.includes(mine)) return editExistingFile(path, current, withLineEndingsOf(current, next), mine);
  // Merging an edited README would cause a prompt or a conflict for each new task.
  if (path === readme) return undefined;
  const options = { isOrderFree: hasDeclarationsOnly(path) };
  const from = await withTasksOf(path, base, mine);
  const merged = mergeCleanly(path, { base: from, mine: current, theirs: next }, options);
  const paste = hasFunctions(path) ? placeLines(from, next, mine) : undefined;
  if (merged === undefined) return { ...conflict('has local changes in the same place', from), paste };
  if (hasFunctions(path) && !isMergedInPlace({ base: from, next, mine, merged: toLf(merged) }))
    return { ...conflict('has local changes, and the place for the change is not certain', from), paste };
  return merged === current ? undefined : editExistingFile(path, current, merged, base);
}

/** The merged text of a file. Undefined if there are conflicts. */
export function mergeCleanly(
  path: string,
  texts: Pick<MergeRequest, 'base' | 'mine' | 'theirs'>,
  options: MergeOptions,
): string | undefined {
  const { text, conflicts } = mergeFile({ path, ...texts, ...options, style: 'ours' });
  return conflicts.length === 0 ? text : undefined;
}

function byPath(files: readonly PlannedFile[]): ReadonlyMap<string, PlannedFile> {
  return new Map(files.map((file) => [file.path, file]));
}
