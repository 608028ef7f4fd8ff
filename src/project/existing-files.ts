import { lstatSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { KnownError, codeOf, messageOf, usageError } from '../base/errors.ts';
import { didYouMean } from '../base/near-match.ts';
import { capitalize } from '../base/identifiers.ts';
import { sortByPath } from '../base/sort-by-path.ts';
import { splitTextFile } from '../files/text-file.ts';
import { overwriteCommand, type NextStep } from './next-steps.ts';
import { LANGUAGE_IDS } from '../languages/language-ids.ts';
import { textOf, type PlannedFile } from '../languages/planned-file.ts';
import { languageOf } from '../languages/all-languages.ts';
import { isProject, RECORD_FILE } from '../process/find-project.ts';
import { BASE_FILE, isBase } from './base-archive.ts';
import { unifiedDiff } from './edit/unified-diff.ts';
import { DEPENDABOT_FILE } from './join/moved-files.ts';
import { isUneditedRecord } from './record.ts';

/** `merge`: lines are added to an existing file, which keeps its own. */
export type FileAction = 'create' | 'identical' | 'overwrite' | 'merge';

export interface ComparedFile extends PlannedFile {
  readonly action: FileAction;
  /** The contents that `overwrite` or `merge` replaces. If the file has other contents when it is written, the write fails. */
  readonly original?: Uint8Array;
}

export interface Conflict {
  readonly path: string;
  readonly reason: 'differs' | 'is a folder' | 'is a symbolic link' | 'is not a regular file' | 'is below a file';
}

export interface PlanComparison {
  /** Absolute path of the project. */
  readonly folder: string;
  readonly files: readonly ComparedFile[];
  readonly conflicts: readonly Conflict[];
  readonly outside?: readonly OutsideFiles[] | undefined;
}

/** Files that are created or changed below another folder (absolute). */
export interface OutsideFiles {
  readonly folder: string;
  readonly files: readonly ComparedFile[];
}

/**
 * Compares a plan with the contents of `folder`. Missing files are created, identical files are left alone, and files named in `overwrite`
 * (paths of the plan) are replaced, as are the archive and an unedited record of an earlier run. The lock file of a project is left alone. Files
 * in which several tools have lines are merged into a folder that is not a project yet. Everything else is a conflict. Writes nothing.
 *
 * Rejects with a KnownError if the folder is a file, if a file in it cannot be read, or if a symbolic link would lead a file out of it, and
 * with a usage error if `overwrite` names a file that is not part of the plan.
 */
export async function comparePlan(
  folder: string,
  plan: readonly PlannedFile[],
  overwrite: readonly string[] = [],
): Promise<PlanComparison> {
  const overwritePaths = new Set(overwrite.map((path) => path.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '')));
  const known = plan.map(({ path }) => path);
  for (const path of overwritePaths) {
    if (known.includes(path)) continue;
    throw usageError(`--overwrite ${path}: the project has no such file${didYouMean(path, known)}`);
  }
  if (!(await folderExists(folder))) {
    return { folder, files: plan.map((file) => ({ ...file, action: 'create' })), conflicts: [] };
  }
  const files: ComparedFile[] = [];
  const conflicts: Conflict[] = [];
  for (const file of plan) {
    const result = await compareFile(folder, file, overwritePaths.has(file.path)).catch((error: unknown) => {
      throw error instanceof KnownError ? error : unreadableFileError(join(folder, file.path), error);
    });
    if ('reason' in result) conflicts.push(result);
    else files.push({ ...file, ...result });
  }
  return { folder, files, conflicts };
}

function unreadableFileError(path: string, error: unknown): KnownError {
  const denied = ['EACCES', 'EPERM'].includes(codeOf(error) ?? '');
  return new KnownError({
    message: `Could not compare ${path} with the generated file`,
    tried: `read ${path}`,
    seen: denied ? 'permission denied' : messageOf(error),
    next: ['Make the file readable, or choose another folder for the project'],
    cause: error,
  });
}

/** Whether the folder exists. Throws if the path cannot be used as a project folder. */
async function folderExists(folder: string): Promise<boolean> {
  try {
    if (!(await stat(folder)).isDirectory()) {
      throw new KnownError({
        message: `${folder} is not a folder`,
        next: ['Choose another folder for the project'],
      });
    }
    return true;
  } catch (error) {
    if (error instanceof KnownError) throw error;
    const code = codeOf(error);
    // Only lstat sees a dangling link. Creating the folder would write to the link's target.
    if (code === 'ENOENT' && lstatSync(folder, { throwIfNoEntry: false }) === undefined) return false;
    throw new KnownError({
      message: `${folder} cannot be used as the project folder`,
      seen: code === 'ENOENT' ? 'it is a symbolic link whose target does not exist' : messageOf(error),
      next: ['Choose another folder for the project'],
      cause: error,
    });
  }
}

async function compareFile(
  folder: string,
  file: PlannedFile,
  overwrite: boolean,
): Promise<(Pick<ComparedFile, 'action' | 'original'> & { readonly contents?: Uint8Array }) | Conflict> {
  const parent = await findParentConflict(folder, file.path);
  if (parent !== undefined) return parent;
  const path = join(folder, file.path);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { action: 'create' };
  if (stats.isDirectory()) return { path: file.path, reason: 'is a folder' };
  if (stats.isSymbolicLink()) return { path: file.path, reason: 'is a symbolic link' };
  if (!stats.isFile()) return { path: file.path, reason: 'is not a regular file' };
  if (stats.size === file.contents.byteLength && (await readFile(path)).equals(file.contents)) {
    return { action: 'identical' };
  }
  if (overwrite) return { action: 'overwrite', original: await readFile(path) };
  // The package manager has added to it.
  if (isProject(folder) && isLockFile(file.path)) return { action: 'identical' };
  if (![BASE_FILE, RECORD_FILE, ...Object.keys(MERGED_FILES)].includes(file.path))
    return { path: file.path, reason: 'differs' };
  const original = await readFile(path);
  // The archive contains every generated file, so it differs whenever one of them does.
  if (file.path === BASE_FILE && (await isBase(original))) return { action: 'overwrite', original };
  // The record contains the command of the run, so it differs even if nobody edited it.
  if (file.path === RECORD_FILE && isUneditedRecord(original.toString('utf8'), textOf(file)))
    return { action: 'overwrite', original };
  const merge = MERGED_FILES[file.path];
  if (merge !== undefined) {
    const text = original.toString('utf8');
    const merged = Buffer.from(text).equals(original) ? await merge(text, textOf(file)) : undefined;
    if (merged === text) return { action: 'identical' };
    // In a project, a missing line was removed by somebody.
    if (merged !== undefined && !isProject(folder)) return { action: 'merge', original, contents: Buffer.from(merged) };
  }
  return { path: file.path, reason: 'differs' };
}

function isLockFile(path: string): boolean {
  return LANGUAGE_IDS.map((language) => languageOf({ language })).some(({ packageManagers, tools }) =>
    packageManagers.some((manager) => tools.lockFiles(manager).includes(path)),
  );
}

/** Files to which the lines of the template are added. Undefined if the existing text can't be extended. */
const MERGED_FILES: Readonly<
  Record<string, (existing: string, template: string) => Promise<string | undefined> | string>
> = {
  '.gitignore': mergeIgnoreFile,
  // Imported on demand: reading the file needs a large package.
  [DEPENDABOT_FILE]: async (existing, template) =>
    (await import('./join/merge-dependabot.ts')).mergeDependabotFile(existing, template),
};

const IGNORE_HEADER = '# Added for the KuFlow worker';

/** Adds the rules of the template that a `.gitignore` lacks. They keep their groups and comments, so that a later version can be merged. */
export function mergeIgnoreFile(existing: string, template: string): string {
  const { lineEnd } = splitTextFile(existing);
  const present = new Set(linesOf(existing).filter(isRule).map(comparable));
  const isMissing = (line: string): boolean => isRule(line) && !present.has(comparable(line));
  const groups = template
    .split(/(?:\r?\n){2,}/)
    .map(linesOf)
    .filter((lines) => lines.some(isMissing))
    .map((lines) => lines.filter((line) => !isRule(line) || isMissing(line)).join(lineEnd));
  if (groups.length === 0) return existing;
  const end = existing === '' || existing.endsWith('\n') ? '' : lineEnd;
  const gap = existing.trim() === '' ? '' : lineEnd;
  const added = groups.join(lineEnd + lineEnd);
  return existing + end + gap + IGNORE_HEADER + lineEnd + added + lineEnd;
}

function linesOf(text: string): readonly string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

function isRule(line: string): boolean {
  return !line.startsWith('#');
}

/** A rule for a name also covers the folder with this name. */
function comparable(rule: string): string {
  return rule.replace(/\/$/, '');
}

async function findParentConflict(folder: string, path: string): Promise<Conflict | undefined> {
  const parts = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth++) {
    const parent = join(folder, ...parts.slice(0, depth));
    const stats = lstatSync(parent, { throwIfNoEntry: false });
    if (stats === undefined) return undefined;
    if (stats.isSymbolicLink()) await rejectLinkOutside(folder, parent);
    else if (!stats.isDirectory()) return { path, reason: 'is below a file' };
  }
  return undefined;
}

async function rejectLinkOutside(folder: string, link: string): Promise<void> {
  const inside = await realpath(folder);
  const target = await realpath(link).catch(() => undefined);
  if (target?.startsWith(inside + sep) === true && (await stat(target)).isDirectory()) return;
  throw new KnownError({
    message: `${link} is a symbolic link that does not lead to a folder in the project`,
    seen: target === undefined ? 'its target does not exist' : `it points to ${target}`,
    next: [`Remove the link, or choose a folder other than ${dirname(link)}`],
  });
}

/** An error that lists all conflicts and what to do about them. `command` repeats the run. */
export function conflictError(comparison: PlanComparison, command: string): KnownError {
  const paths = comparison.conflicts.map(({ path, reason }) => `  ${path} ${reason}`);
  return new KnownError({
    message: `${comparison.folder} already contains files that would be overwritten:\n${paths.join('\n')}`,
    seen: 'nothing was written',
    next: conflictSteps(comparison, command).map((step) => {
      const sentence = capitalize(step.text);
      return step.command === undefined ? sentence : `${sentence}: ${step.command}`;
    }),
  });
}

export type MergedFile = Extract<ReportedFile, { action: 'merge' }>;

/** The planned action for a file, or why the file is a conflict. */
export type ReportedFile =
  | { readonly path: string; readonly action: Exclude<FileAction, 'merge'> }
  | { readonly path: string; readonly action: 'merge'; readonly diff: string }
  | { readonly path: string; readonly action: 'conflict'; readonly reason: Conflict['reason'] };

/** Every planned file with its action, conflicts included, sorted by path. */
export function listFileActions({ files, conflicts }: PlanComparison): readonly ReportedFile[] {
  const rows: readonly ReportedFile[] = [
    ...files.map(({ path, action, original, contents }) =>
      action === 'merge' ? { path, action, diff: unifiedDiff(path, utf8(original), utf8(contents)) } : { path, action },
    ),
    ...conflicts.map(({ path, reason }) => ({ path, action: 'conflict' as const, reason })),
  ];
  return sortByPath(rows);
}

function utf8(bytes: Uint8Array = new Uint8Array()): string {
  return Buffer.from(bytes).toString('utf8');
}

/** What to do about conflicts. Empty without conflicts. */
export function conflictSteps({ conflicts }: PlanComparison, command: string): readonly NextStep[] {
  if (conflicts.length === 0) return [];
  const replaceable = conflicts.filter(({ reason }) => reason === 'differs').map(({ path }) => path);
  const others = replaceable.length < conflicts.length ? ' after moving the others away' : '';
  return [
    { text: 'choose another folder, or move the conflicting files away' },
    ...(replaceable.length === 0
      ? []
      : [{ command: overwriteCommand(command, replaceable), text: `or overwrite the files that differ${others}` }]),
  ];
}
