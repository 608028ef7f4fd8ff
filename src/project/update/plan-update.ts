import { posix } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sortByPath } from '../../base/sort-by-path.ts';
import { utf8Text } from '../../files/text-file.ts';
import { plainMode, type PlannedFile } from '../../languages/planned-file.ts';
import type { ProjectTemplate } from '../../languages/project-spec.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { isLibraryFile } from '../../languages/worker-library.ts';
import { baseEntry, mapParts, withoutChanges, type ProjectBase } from '../base-archive.ts';
import { readProjectFile } from '../edit/file-edit.ts';
import { unifiedDiff } from '../edit/unified-diff.ts';
import { readDefinitionText, withDefinitionsInCode, type WorkerProject } from '../edit/open-project.ts';
import { addTasksOf } from '../edit/plan-code-edits.ts';
import type { ChangedFile } from '../write-files.ts';
import { toLf, withLineEndingsOf } from '../merge/line-endings.ts';
import { mergeLockFile } from '../merge/lock-file.ts';
import { findMarkers, type MergeLabels } from '../merge/conflict-markers.ts';
import { mergeFile, type MergeConflict } from '../merge/merge-file.ts';
import { PROJECT_MIGRATIONS, removalReason, renamedPath, type Migration } from './migrations.ts';
import { renderUpdate } from './render-update.ts';

export interface UpdateOptions {
  /** Version of this tool. */
  readonly version: string;
  /** Default: those of this package. */
  readonly migrations?: readonly Migration[] | undefined;
  /** The user's own template as it is now, if the project has one. */
  readonly template?: ProjectTemplate | undefined;
}

export interface UpdatedFile {
  readonly path: string;
  /** The path before the update, if the templates renamed the file. */
  readonly from?: string;
  /** `replaced`: the file had no local changes. `merged`: it has, and they are kept. */
  readonly how: 'new' | 'replaced' | 'merged' | 'deleted';
  /** Why the templates no longer have a deleted file, if it is known: the rest of a sentence that starts with the path. */
  readonly why?: string;
  readonly changes: readonly ChangedFile[];
  /** Unified; empty if only permissions change, or if a file is not text or is a lock file. */
  readonly diff: string;
}

export type UpdateConflictReason =
  | 'has local changes in the same places'
  | 'was deleted, but the templates changed it'
  | 'has local changes, but the templates no longer have it'
  | 'already exists, and the templates now add a file with this path'
  | 'is not a text file, and both sides changed it'
  | 'is not a regular file'
  | 'is below a file';

/** A file whose local changes conflict with the changes of the templates. */
export interface UpdateConflict {
  readonly path: string;
  readonly from?: string;
  readonly how: 'conflict';
  readonly reason: UpdateConflictReason;
  readonly why?: string;
  /** The places that conflict; empty if the whole file does. */
  readonly places: readonly MergeConflict[];
  /** The change with conflict markers, or else what the templates changed, as a unified diff. Empty if a file is not text. */
  readonly diff: string;
  /** The merged file with conflict markers. Undefined if it cannot have any. */
  readonly markers?: readonly ChangedFile[];
  /** The merged file with the local lines in all places that conflict. Empty if the file stays as it is. */
  readonly ours: readonly ChangedFile[];
}

/** What happens to a file; undefined if nothing does. */
type Outcome = UpdatedFile | UpdateConflict | undefined;

/**
 * Plans the update of a project to the templates of this version: merges what was generated last, the files on disk, and what the templates
 * render for the present definitions. Definition files stay as they are. Reads the project and writes nothing.
 */
export async function planUpdate(
  project: WorkerProject,
  { version, migrations = PROJECT_MIGRATIONS, template }: UpdateOptions,
) {
  const { record, base, processes } = project;
  // A tarball or another version was chosen on purpose.
  const cliPackage = record.cliPackage === record.version ? version : record.cliPackage;
  const rendered = await renderUpdate(project, { cliPackage, ...(template === undefined ? {} : { template }) });
  const definitions = processes.map(({ layout }) => layout.definitionFile);
  const incomplete = project.removedProcesses.flatMap(({ layout, remainingFiles }) =>
    remainingFiles.length > 0 ? [layout.definitionFile, ...layout.code] : [],
  );
  const ignored = new Set([...definitions, ...incomplete]);
  const next = new Map(rendered.filter(({ path }) => !ignored.has(path)).map((file) => [file.path, file]));
  const context: FileContext = {
    folder: project.folder,
    base,
    isOrderFree: languageOf(record).code.hasDeclarationsOnly,
    locks: languageOf(record).tools.lockFiles(record.packageManager),
    withTasksOf: addTasksOf(project, withDefinitionsInCode(processes), processes),
    labels: { ...UPDATE_LABELS, theirs: `${UPDATE_LABELS.theirs} ${version}` },
    deleted: new Set(),
  };

  const known = [...new Set([...base.generated.keys(), ...base.merged.keys()])].filter((path) => !ignored.has(path));
  const newPaths = new Map(
    known.flatMap((path) => {
      const to = next.has(path) ? path : renamedPath(migrations, record.language, path);
      return to !== path && next.has(to) && !known.includes(to) ? [[path, to] as const] : [];
    }),
  );
  const targets = new Set(newPaths.values());
  const outcomes: Outcome[] = [];
  for (const path of known) {
    const theirs = next.get(newPaths.get(path) ?? path);
    outcomes.push(
      theirs === undefined
        ? await planRemoval(context, path, removalReason(migrations, record.language, path))
        : await planChange(context, path, theirs),
    );
  }
  const deleted = new Set(
    outcomes
      .flatMap((outcome) => (outcome === undefined || outcome.how === 'conflict' ? [] : outcome.changes))
      .flatMap(({ path, after }) => (after === undefined ? [path] : [])),
  );
  for (const [path, theirs] of next) {
    if (!known.includes(path) && !targets.has(path)) outcomes.push(await planAddition({ ...context, deleted }, theirs));
  }
  const files = outcomes.filter((outcome) => outcome !== undefined);
  return {
    files: sortByPath(files),
    base: await nextBase(project, [...next.values()], incomplete, template),
    cliPackage,
  };
}

/** The base of a project if these files of an update are not written. */
export function baseWithout(project: WorkerProject, base: ProjectBase, left: readonly UpdateConflict[]): ProjectBase {
  return withoutChanges(
    base,
    project.base,
    left.flatMap(({ path, from }) => (from === undefined ? [path] : [path, from])),
  );
}

async function nextBase(
  project: WorkerProject,
  next: readonly PlannedFile[],
  incomplete: readonly string[],
  template: ProjectTemplate | undefined,
): Promise<ProjectBase> {
  const { base, processes } = project;
  const generated = new Map(next.map((file) => [file.path, baseEntry(file)]));
  for (const path of incomplete) {
    const file = base.generated.get(path);
    if (file !== undefined) generated.set(path, file);
  }
  for (const process of processes) {
    const path = process.layout.definitionFile;
    const last = base.generated.get(path);
    const isInCode = last !== undefined && isDeepStrictEqual(process.definition, process.definitionInCode);
    const text = isInCode ? last.contents : Buffer.from(await readDefinitionText(project, process));
    generated.set(path, { path, contents: text, mode: 0o644 });
  }
  const kept = mapParts(base, (files) => new Map([...files].filter(([path]) => incomplete.includes(path))));
  return { ...kept, generated, template: template?.files ?? base.template };
}

/** The labels of conflict markers; the version follows the one of `theirs`. */
const UPDATE_LABELS: MergeLabels = { mine: 'yours', base: 'base', theirs: 'version' };

interface FileContext {
  readonly folder: string;
  readonly base: ProjectBase;
  readonly isOrderFree: (path: string) => boolean;
  readonly locks: readonly string[];
  readonly withTasksOf: ReturnType<typeof addTasksOf>;
  readonly labels: MergeLabels;
  readonly deleted: ReadonlySet<string>;
}

/** A file of the base that the templates still have, at the path of `theirs`. */
async function planChange(context: FileContext, path: string, theirs: PlannedFile): Promise<Outcome> {
  const { base: archive, folder, locks } = context;
  const base = archive.merged.get(path) ?? archive.generated.get(path);
  if (base === undefined) return planAddition(context, theirs);
  if (locks.includes(theirs.path)) return planLockFile(context, base, theirs);
  if (isLibraryFile(path)) return planLibraryFile(context, base, theirs);
  const isRenamed = path !== theirs.path;
  const isChanged = !isSame(base.contents, theirs.contents) || base.mode !== theirs.mode;
  if (!isRenamed && !isChanged) return undefined;
  const [old, target] = [
    await readProjectFile(folder, path),
    isRenamed ? await readProjectFile(folder, theirs.path) : undefined,
  ];
  if (target !== undefined && old === undefined) {
    // The user already renamed it.
    return planChange({ ...context, base: renameInBase(archive, path, theirs.path) }, theirs.path, theirs);
  }
  const about = { path: theirs.path, ...(isRenamed ? { from: path } : {}) };
  const templateDiff = diffOf(theirs.path, base.contents, theirs.contents, path);
  const conflict = (reason: UpdateConflictReason): UpdateConflict => ({
    ...conflictOf(theirs.path, reason, templateDiff),
    ...about,
  });
  if (old === undefined) {
    const isOnlyRenamed = isSame(base.contents, theirs.contents);
    return isOnlyRenamed ? undefined : conflict('was deleted, but the templates changed it');
  }
  if (target !== undefined) {
    const isDone = target !== false && isSameText(target.contents, theirs.contents);
    if (isDone) return planRemoval(context, path, undefined);
    return conflict('already exists, and the templates now add a file with this path');
  }
  if (old === false) return conflict('is not a regular file');
  const mode = changedMode(base, theirs, old.mode);
  const write = (contents: Uint8Array): readonly ChangedFile[] =>
    isRenamed
      ? [
          { path: theirs.path, before: undefined, after: contents, mode: mode ?? plainMode(old.mode) },
          { path, before: old.contents, after: undefined },
        ]
      : [{ path, before: old.contents, after: contents, mode }];
  const written = [base, archive.generated.get(path), archive.regenerated.get(path)];
  const isUnedited = written.some((file) => file !== undefined && isSameText(file.contents, old.contents));
  const isDone = isSameText(old.contents, theirs.contents);
  const isWritten = (contents: Uint8Array): boolean =>
    isRenamed || mode !== undefined || !isSame(contents, old.contents);
  const update = (how: 'replaced' | 'merged', contents: Uint8Array): Outcome => {
    const diff = diffOf(theirs.path, old.contents, contents, path);
    return isWritten(contents) ? { ...about, how, changes: write(contents), diff } : undefined;
  };
  if (isDone) return update('replaced', old.contents);
  if (isUnedited) return update('replaced', theirsInFormOf(old.contents, base.contents, theirs.contents));
  const [mine, baseText, theirText] = [old.contents, base.contents, theirs.contents].map(decodeText);
  if (mine === undefined || baseText === undefined || theirText === undefined)
    return isSame(base.contents, theirs.contents)
      ? update('merged', old.contents)
      : conflict('is not a text file, and both sides changed it');
  const isOrderFree = context.isOrderFree(path);
  const extended = await context.withTasksOf(path, baseText, toLf(mine));
  const merge = (style: 'markers' | 'ours') =>
    mergeFile({
      ...{ path: theirs.path, mine, theirs: theirText, isOrderFree, labels: context.labels, style },
      base: extended,
    });
  const ours = merge('ours');
  const oursBytes = Buffer.from(ours.text);
  if (ours.conflicts.length > 0) {
    const { text } = merge('markers');
    return {
      ...about,
      ...{ how: 'conflict', reason: 'has local changes in the same places', places: ours.conflicts },
      diff: unifiedDiff(theirs.path, mine, text, path),
      markers: write(Buffer.from(text)),
      ours: isWritten(oursBytes) ? write(oursBytes) : [],
    };
  }
  return update('merged', oursBytes);
}

/** A conflict of a whole file, which stays as it is. */
const conflictOf = (path: string, reason: UpdateConflictReason, diff = ''): UpdateConflict => ({
  path,
  how: 'conflict',
  reason,
  places: [],
  diff,
  ours: [],
});

/** A lock file, which never conflicts. Someone who deleted it does not want one. */
async function planLockFile(
  { folder }: FileContext,
  base: PlannedFile | undefined,
  theirs: PlannedFile,
): Promise<Outcome> {
  const { path } = theirs;
  const current = await readProjectFile(folder, path);
  if (current === undefined || (base !== undefined && isSameText(base.contents, theirs.contents))) return undefined;
  if (current === false) return conflictOf(path, 'is not a regular file');
  const [before, mine, next] = [base?.contents, current.contents, theirs.contents].map(
    (bytes) => bytes && decodeText(bytes),
  );
  const after = Buffer.from(mergeLockFile(path, { base: before, mine: mine ?? '', theirs: next ?? '' }));
  if (isSame(after, current.contents)) return undefined;
  const how = isSameText(after, theirs.contents) ? 'replaced' : 'merged';
  return { path, how, changes: [{ path, before: current.contents, after, mode: undefined }], diff: '' };
}

/** A file of the library that has another build of the same version. */
async function planLibraryFile({ folder }: FileContext, base: PlannedFile, theirs: PlannedFile): Promise<Outcome> {
  const { path, contents } = theirs;
  if (isSame(base.contents, baseEntry(theirs).contents)) return undefined;
  const current = await readProjectFile(folder, path);
  if (current === undefined) return conflictOf(path, 'was deleted, but the templates changed it');
  if (current === false) return conflictOf(path, 'is not a regular file');
  if (isSame(current.contents, contents)) return undefined;
  if (!isGenerated(base, current.contents)) return conflictOf(path, 'is not a text file, and both sides changed it');
  const changes = [{ path, before: current.contents, after: contents, mode: undefined }];
  return { path, how: 'replaced', changes, diff: '' };
}

function isGenerated(base: PlannedFile, current: Uint8Array): boolean {
  return isSameText(base.contents, baseEntry({ ...base, contents: current }).contents);
}

async function planRemoval(
  { base: archive, folder }: FileContext,
  path: string,
  why: string | undefined,
): Promise<Outcome> {
  const current = await readProjectFile(folder, path);
  if (current === undefined) return undefined;
  const about = { path, ...(why === undefined ? {} : { why }) };
  const written = [archive.merged, archive.generated, archive.regenerated].map((files) => files.get(path));
  if (current !== false && written.some((file) => file !== undefined && isGenerated(file, current.contents))) {
    const changes = [{ path, before: current.contents, after: undefined }];
    return { ...about, how: 'deleted', changes, diff: diffOf(path, current.contents, undefined) };
  }
  const base = archive.merged.get(path) ?? archive.generated.get(path);
  const reason = current === false ? 'is not a regular file' : 'has local changes, but the templates no longer have it';
  const diff = isLibraryFile(path) ? '' : diffOf(path, base?.contents, undefined);
  return { ...conflictOf(path, reason, diff), ...about };
}

async function planAddition(context: FileContext, theirs: PlannedFile): Promise<Outcome> {
  const { folder, labels, deleted, locks } = context;
  const { path, contents, mode } = theirs;
  const current = await readProjectFile(folder, path);
  if (current !== undefined && locks.includes(path)) return planLockFile(context, undefined, theirs);
  if (current === undefined) {
    const diff = diffOf(path, undefined, contents);
    if (await isBelowFile(folder, path, deleted)) return conflictOf(path, 'is below a file', diff);
    return { path, how: 'new', changes: [{ path, before: undefined, after: contents, mode }], diff };
  }
  if (current !== false && isSameText(current.contents, contents)) return undefined;
  const [mine, theirText] = [current === false ? undefined : decodeText(current.contents), decodeText(contents)];
  if (current === false || mine === undefined || theirText === undefined) {
    const reason = current === false ? 'is not a regular file' : 'is not a text file, and both sides changed it';
    return conflictOf(path, reason, diffOf(path, undefined, contents));
  }
  const merged = mergeFile({ path, base: '', mine, theirs: theirText, labels, style: 'markers' });
  const reason = 'already exists, and the templates now add a file with this path';
  return {
    ...conflictOf(path, reason, unifiedDiff(path, mine, merged.text)),
    places: merged.conflicts,
    markers: [{ path, before: current.contents, after: Buffer.from(merged.text) }],
  };
}

/** Whether a folder of the path is a file on disk, other than those that are deleted. */
async function isBelowFile(folder: string, path: string, deleted: ReadonlySet<string>): Promise<boolean> {
  for (let at = posix.dirname(path); at !== '.'; at = posix.dirname(at)) {
    const parent = await readProjectFile(folder, at);
    if (parent !== undefined) return parent !== false && !deleted.has(at);
  }
  return false;
}

function renameInBase(base: ProjectBase, from: string, to: string): ProjectBase {
  return mapParts(base, (files) => {
    const file = files.get(from);
    return file === undefined ? files : new Map(files).set(to, { ...file, path: to });
  });
}

const isExecutable = (mode: number): boolean => (mode & 0o100) !== 0;

/** The permissions to set; undefined to keep those of the file, which may have been changed on purpose. */
function changedMode(base: PlannedFile, theirs: PlannedFile, current: number): PlannedFile['mode'] | undefined {
  const isChanged = isExecutable(base.mode) !== isExecutable(theirs.mode);
  // Windows does not have the permission.
  const isKept = process.platform === 'win32' || isExecutable(current) !== isExecutable(base.mode);
  return isChanged && !isKept ? theirs.mode : undefined;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** Whether two files are the same except for line endings, which git may change. */
function isSameText(one: Uint8Array, other: Uint8Array): boolean {
  if (isSame(one, other)) return true;
  const [text, otherText] = [decodeText(one), decodeText(other)];
  return text !== undefined && otherText !== undefined && toLf(text) === toLf(otherText);
}

/** `theirs` with the line endings of the file, if they differ from those that were generated. */
function theirsInFormOf(current: Uint8Array, base: Uint8Array, theirs: Uint8Array): Uint8Array {
  const [text, theirText] = [decodeText(current), decodeText(theirs)];
  if (text === undefined || theirText === undefined || isSame(current, base)) return theirs;
  return Buffer.from(withLineEndingsOf(text, toLf(theirText)));
}

/** Undefined if the bytes are not text in UTF-8. */
function decodeText(contents: Uint8Array): string | undefined {
  const text = utf8Text(contents);
  return text?.includes('\0') === true ? undefined : text;
}

/** Empty if one of the two is not text. */
function diffOf(path: string, before: Uint8Array | undefined, after: Uint8Array | undefined, from = path): string {
  const [old, text] = [before, after].map((contents) => (contents === undefined ? null : decodeText(contents)));
  return old === undefined || text === undefined ? '' : unifiedDiff(path, old ?? undefined, text ?? undefined, from);
}

export interface MarkedFile {
  readonly path: string;
  /** Where its conflicts start. */
  readonly lines: readonly number[];
}

/** The generated files that still have conflict markers of an earlier update, sorted by path. */
export async function findMarkedFiles({ folder, base }: WorkerProject): Promise<readonly MarkedFile[]> {
  const paths = [...new Set([...base.generated.keys(), ...base.merged.keys()])].sort();
  const files = await Promise.all(
    paths.map(async (path) => {
      const file = await readProjectFile(folder, path);
      if (file === undefined || file === false) return { path, lines: [] };
      return { path, lines: findMarkers(file.contents.toString('utf8'), UPDATE_LABELS) };
    }),
  );
  return files.filter(({ lines }) => lines.length > 0);
}
