import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import type { PlannedFile } from '../../languages/planned-file.ts';
import { sha256 } from '../record.ts';
import { holdsDeclarations, isOnlyDefinition } from '../../languages/typescript/layout.ts';
import { addedActivities, withActivities, withoutActivities } from '../../languages/typescript/activities.ts';
import { holdsChange, mergeText } from './merge-text.ts';
import { exportedNames } from '../../languages/typescript/exports.ts';
import { unifiedDiff } from './unified-diff.ts';

/** A change of one file that can be made. */
export interface FileEdit {
  /** Relative to the project, with `/`. */
  readonly path: string;
  /**
   * `new`: it is not there. `generated`: it is as this tool wrote it. `definition`: what the change is made in. `edited-by-hand`: somebody changed it
   * since, and the change is made beside theirs.
   */
  readonly how: 'new' | 'generated' | 'definition' | 'edited-by-hand';
  /** The text on disk; absent for a new file. */
  readonly before?: string;
  readonly after: string;
  /** SHA-256 for the project's record once this is written; absent leaves the record as it is. */
  readonly record?: string;
  /** What it does to the file, as a unified diff. */
  readonly diff: string;
}

/** A change that is not made: somebody's own work is in its place. */
export interface EditConflict {
  readonly path: string;
  readonly how: 'conflict';
  readonly reason:
    | 'was edited at the same place'
    | 'was written by another version, which differs at the same place'
    | 'is gone'
    | 'is there already'
    | 'is no regular text file';
  /** What the generator would have written before the change; absent for a file that is new with it. */
  readonly base?: string;
  readonly next: string;
  /** What is to be done by hand, as a unified diff of what the generator writes. */
  readonly diff: string;
}

export type PlannedEdit = FileEdit | EditConflict;

export interface EditSources {
  /** Absolute. */
  readonly folder: string;
  /** All that the generator writes before the change and after it. */
  readonly base: readonly PlannedFile[];
  readonly next: readonly PlannedFile[];
  /** SHA-256 by path, of each file as this tool last wrote it. */
  readonly hashes: Readonly<Record<string, string>>;
  /** The change may have been made before, wholly or in part. */
  readonly isRepeated?: boolean;
  /** Paths that come to what `next` has, base or not, as long as nobody edited them. */
  readonly anew?: readonly string[];
  /** Paths that are not looked at. */
  readonly without?: readonly string[];
}

/**
 * What a change of the generated files means for a project as it is on disk, one entry for each file that changes, sorted by path. A file of
 * the generator's own is written as it comes now; one that differs from it is merged by three ways. A file that `next` no longer has is left alone. Reads
 * the project, writes nothing.
 */
export async function planEdits({
  folder,
  base,
  next,
  hashes,
  isRepeated = false,
  anew = [],
  without = [],
}: EditSources): Promise<readonly PlannedEdit[]> {
  const before = new Map(base.map(({ path, contents }) => [path, text(contents)]));
  const edits: PlannedEdit[] = [];
  for (const { path, contents } of next) {
    const [from, to] = [before.get(path), text(contents)];
    const isAnew = anew.includes(path);
    if ((from === to && !isAnew) || without.includes(path)) continue;
    const found = await readText(folder, path);
    const own = typeof found === 'string' && isAnew ? writtenAnew(path, from, to, found, hashes) : undefined;
    if (own !== undefined) {
      if (own.before !== own.after) edits.push(own);
      continue;
    }
    if (found === undefined && isAnew && isOnlyDefinition(path)) {
      edits.push(newFile(path, to));
      continue;
    }
    if (from === to) continue;
    if (isRepeated && typeof found === 'string' && from !== undefined && holdsChange(from, found, to)) continue;
    const edit = planEdit(path, from, to, found, hashes);
    if (edit !== undefined) edits.push(edit);
  }
  return edits.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** A file of this tool's own that was written for another definition; undefined for one that is the base, or that somebody edited. */
function writtenAnew(
  path: string,
  base: string | undefined,
  next: string,
  found: string,
  hashes: EditSources['hashes'],
): FileEdit | undefined {
  if (!isOwn(path, found, hashes)) return undefined;
  const plain = found.replaceAll('\r\n', '\n');
  const added = addedActivities(plain);
  if (withoutActivities(plain, added) === base) return undefined;
  const there = exportedNames(next);
  const text = withActivities(
    next,
    added.filter((name) => !there.has(name)),
  );
  return editOf(path, found, found.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text, hashes);
}

function planEdit(
  path: string,
  base: string | undefined,
  next: string,
  found: string | undefined | false,
  hashes: EditSources['hashes'],
): PlannedEdit | undefined {
  const conflict = (reason: EditConflict['reason']): EditConflict => ({
    path,
    how: 'conflict',
    reason,
    next,
    ...(base === undefined ? {} : { base }),
    diff: unifiedDiff(path, base, next),
  });
  const record = hashOf(next);
  if (found === false) return conflict('is no regular text file');
  if (found === undefined) {
    return base === undefined ? newFile(path, next) : conflict('is gone');
  }
  if (found === next) return undefined;
  if (base === undefined) return conflict('is there already');
  const isUntouched = isOwn(path, found, hashes) || found.replaceAll('\r\n', '\n') === base;
  const merged = mergeText(base, found, next, { isOrderFree: holdsDeclarations(path) });
  if (merged.kind === 'conflict') {
    return conflict(
      isUntouched ? 'was written by another version, which differs at the same place' : 'was edited at the same place',
    );
  }
  if (merged.text === found) return undefined;
  const edit = { path, before: found, after: merged.text, diff: unifiedDiff(path, found, merged.text) };
  return isUntouched
    ? { ...edit, how: 'generated', record: hashOf(merged.text.replaceAll('\r\n', '\n')) }
    : { ...edit, how: 'edited-by-hand', record };
}

/** The edit of one file to a text that was made from what is on disk: its own when this tool wrote it last, else a touch of somebody's work. */
export function editOf(path: string, before: string, after: string, hashes: EditSources['hashes']): FileEdit {
  const edit = { path, before, after, diff: unifiedDiff(path, before, after) };
  return isOwn(path, before, hashes)
    ? { ...edit, how: 'generated', record: hashOf(after.replaceAll('\r\n', '\n')) }
    : { ...edit, how: 'edited-by-hand' };
}

/** Whether a file is as this tool last wrote it. Line ends that a version control turned are nobody's edit. */
export function isOwn(path: string, text: string, hashes: EditSources['hashes']): boolean {
  return [text, text.replaceAll('\r\n', '\n')].some((own) => hashOf(own) === hashes[path]);
}

export function newFile(path: string, after: string): FileEdit {
  return { path, how: 'new', after, record: hashOf(after), diff: unifiedDiff(path, undefined, after) };
}

/** The text of a file of the project, undefined when it is not there, false when it is no regular file of UTF-8 text. */
export async function readText(folder: string, path: string): Promise<string | undefined | false> {
  const at = join(folder, path);
  try {
    if (!(await lstat(at)).isFile()) return false;
    const bytes = await readFile(at);
    const read = text(bytes);
    return Buffer.from(read).equals(bytes) ? read : false;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

function text(contents: Uint8Array): string {
  return Buffer.from(contents).toString('utf8');
}

function hashOf(contents: string): string {
  return sha256(Buffer.from(contents));
}
