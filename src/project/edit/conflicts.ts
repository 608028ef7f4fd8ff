import type { PlannedFile } from '../../languages/planned-file.ts';
import {
  activityNames,
  appendActivities,
  findUneditedActivities,
  removeActivities,
} from '../../languages/typescript/activities.ts';
import { hasDeclarationsOnly, isDefinitionCode } from '../../languages/typescript/layout.ts';
import {
  createNewFile,
  editExistingFile,
  isUnedited,
  readTextFile,
  sha256OfText,
  toCrlf,
  toLf,
  type FileEdit,
  type RecordedHashes,
} from './file-edit.ts';
import { containsChange, mergeText } from './three-way-merge.ts';
import { unifiedDiff } from './unified-diff.ts';

/** A change that cannot be written without losing somebody's work. */
export interface EditConflict {
  readonly path: string;
  readonly how: 'conflict';
  readonly reason:
    | 'has local changes in the same place'
    | 'was written by another version, which differs in the same place'
    | 'does not exist any more'
    | 'already exists'
    | 'is not a regular text file';
  /** What the templates rendered before the change; absent for a file that the change adds. */
  readonly base?: string | undefined;
  readonly next: string;
  /** The change to make by hand: a unified diff of what the templates render. */
  readonly diff: string;
}

export type PlannedEdit = FileEdit | EditConflict;

export interface FileEditsRequest {
  /** Absolute. */
  readonly folder: string;
  /** Everything that the templates render before the change, and after it. */
  readonly base: readonly PlannedFile[];
  readonly next: readonly PlannedFile[];
  readonly hashes: RecordedHashes;
  /** The change may already be applied, fully or in part. */
  readonly mayBeApplied?: boolean | undefined;
  /** Paths to bring to `next` even if `base` is the same, as long as they have no local changes. */
  readonly regenerate?: readonly string[] | undefined;
  /** Paths to leave out. */
  readonly ignore?: readonly string[] | undefined;
}

/**
 * What a change of the rendered files means for a project on disk: one entry for each file that changes, sorted by path. A file without local
 * changes is replaced. Any other file is merged three ways, and is a conflict if that fails. Files that `next` no longer has are left alone.
 * Reads the project and writes nothing.
 */
export async function planFileEdits(request: FileEditsRequest): Promise<readonly PlannedEdit[]> {
  const { folder, hashes, regenerate = [], ignore = [] } = request;
  const baseTexts = new Map(request.base.map(({ path, contents }) => [path, decodeUtf8(contents)]));
  const edits: PlannedEdit[] = [];
  for (const { path, contents } of request.next) {
    const [base, next] = [baseTexts.get(path), decodeUtf8(contents)];
    const isRegenerated = regenerate.includes(path);
    if ((base === next && !isRegenerated) || ignore.includes(path)) continue;
    const current = await readTextFile(folder, path);
    if (isRegenerated && typeof current === 'string') {
      const edit = regenerateUneditedFile(path, base, next, current, hashes);
      if (edit !== undefined) {
        if (edit.before !== edit.after) edits.push(edit);
        continue;
      }
    }
    if (isRegenerated && current === undefined && isDefinitionCode(path)) {
      edits.push(createNewFile(path, next));
      continue;
    }
    if (base === next) continue;
    if (
      request.mayBeApplied === true &&
      typeof current === 'string' &&
      base !== undefined &&
      containsChange(base, current, next)
    )
      continue;
    const edit = planFileEdit(path, base, next, current, hashes);
    if (edit !== undefined) edits.push(edit);
  }
  return edits.sort((one, other) => (one.path < other.path ? -1 : 1));
}

/** Renders a file again that was generated from another definition. Undefined for a file that equals `base` or has local changes. */
function regenerateUneditedFile(
  path: string,
  base: string | undefined,
  next: string,
  current: string,
  hashes: RecordedHashes,
): FileEdit | undefined {
  if (!isUnedited(path, current, hashes)) return undefined;
  const text = toLf(current);
  // Activities from `kuflow add activity` are not part of the template, so they are carried over.
  const added = findUneditedActivities(text);
  if (removeActivities(text, added) === base) return undefined;
  const existing = activityNames(next);
  const missing = added.filter((name) => !existing.has(name));
  const regenerated = appendActivities(next, missing) ?? next;
  return editExistingFile(path, current, current.includes('\r\n') ? toCrlf(regenerated) : regenerated, hashes);
}

function planFileEdit(
  path: string,
  base: string | undefined,
  next: string,
  current: string | undefined | false,
  hashes: RecordedHashes,
): PlannedEdit | undefined {
  const conflict = (reason: EditConflict['reason']): EditConflict => ({
    path,
    how: 'conflict',
    reason,
    base,
    next,
    diff: unifiedDiff(path, base, next),
  });
  if (current === false) return conflict('is not a regular text file');
  if (current === undefined) {
    return base === undefined ? createNewFile(path, next) : conflict('does not exist any more');
  }
  if (current === next) return undefined;
  if (base === undefined) return conflict('already exists');
  const isUntouched = isUnedited(path, current, hashes) || toLf(current) === base;
  const merged = mergeText(base, current, next, { isOrderFree: hasDeclarationsOnly(path) });
  if (merged.kind === 'conflict') {
    return conflict(
      isUntouched
        ? 'was written by another version, which differs in the same place'
        : 'has local changes in the same place',
    );
  }
  if (merged.text === current) return undefined;
  const edit = { path, before: current, after: merged.text, diff: unifiedDiff(path, current, merged.text) };
  return isUntouched
    ? { ...edit, how: 'generated', record: sha256OfText(toLf(merged.text)) }
    : { ...edit, how: 'edited-by-hand', record: sha256OfText(next) };
}

function decodeUtf8(contents: Uint8Array): string {
  return Buffer.from(contents).toString('utf8');
}
