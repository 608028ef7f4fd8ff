import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import { KnownError, codeOf, messageOf, usageError } from '../base/errors.ts';
import { nearMatch } from '../text/near-match.ts';
import { overwriteCommand, type NextStep } from './next-steps.ts';
import type { ProjectPlan, PlannedFile } from '../languages/planned-file.ts';
import { RECORD_FILE } from './find-project.ts';
import { isUneditedRecord } from './record.ts';

export type FileAction = 'create' | 'identical' | 'overwrite';

export interface ComparedFile extends PlannedFile {
  readonly action: FileAction;
  /** What `overwrite` replaces; anything else that is there by then is a failed write. */
  readonly original?: Uint8Array;
}

export interface Conflict {
  readonly path: string;
  readonly reason: 'differs' | 'is a folder' | 'is a symbolic link' | 'is no regular file' | 'is below a file';
}

/** What a plan means for the folder as it is now. */
export interface PlanComparison {
  /** Absolute folder of the project. */
  readonly folder: string;
  readonly files: readonly ComparedFile[];
  readonly conflicts: readonly Conflict[];
}

/**
 * Compares a plan with what is in `folder`: an absent file is created, an identical one is left, one named in `overwrite` (a path of the
 * plan) is replaced, and so is the record that this tool wrote of an earlier run; all others are conflicts. Touches nothing. Throws a
 * KnownError when the folder is a file, when something in it can't be read, or when a symbolic link in it would lead a file out of it; a
 * usage error when `overwrite` names a file that the plan doesn't hold.
 */
export async function comparePlan(
  folder: string,
  plan: ProjectPlan,
  overwrite: readonly string[] = [],
): Promise<PlanComparison> {
  const named = new Set(overwrite.map((path) => normalizePath(path)));
  const known = plan.files.map(({ path }) => path);
  for (const path of named) {
    if (known.includes(path)) continue;
    const near = nearMatch(path, known);
    throw usageError(
      `--overwrite ${path}: the project has no such file${near === undefined ? '' : `, did you mean ${near}?`}`,
    );
  }
  if (!(await folderExists(folder))) {
    return { folder, files: plan.files.map((file) => ({ ...file, action: 'create' })), conflicts: [] };
  }
  const files: ComparedFile[] = [];
  const conflicts: Conflict[] = [];
  for (const file of plan.files) {
    const found = await compareFile(folder, file, named.has(file.path)).catch((error: unknown) => {
      throw error instanceof KnownError ? error : unreadableFileError(join(folder, file.path), error);
    });
    if ('reason' in found) conflicts.push(found);
    else files.push({ ...file, ...found });
  }
  return { folder, files, conflicts };
}

function unreadableFileError(path: string, error: unknown): KnownError {
  const denied = ['EACCES', 'EPERM'].includes(codeOf(error) ?? '');
  return new KnownError({
    message: `${path} can't be compared with the file that the project would have there`,
    tried: `read ${path}`,
    seen: denied ? 'permission denied' : messageOf(error),
    next: ['Make it readable, or choose another folder for the project'],
    cause: error,
  });
}

function normalizePath(path: string): string {
  return path.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
}

/** Whether the folder exists; throws when what is there can't become the project's folder. */
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
    if (code === 'ENOENT') {
      // A dangling link exists for lstat only, and making the folder would write to where it points.
      const link = await lstat(folder).catch(() => undefined);
      if (link === undefined) return false;
    }
    throw new KnownError({
      message: `${folder} can't be used as the folder of the project`,
      seen: code === 'ENOENT' ? 'a symbolic link that leads nowhere' : messageOf(error),
      next: ['Choose another folder for the project'],
      cause: error,
    });
  }
}

async function compareFile(
  folder: string,
  file: PlannedFile,
  overwrite: boolean,
): Promise<Pick<ComparedFile, 'action' | 'original'> | Conflict> {
  const parent = await findParentConflict(folder, file.path);
  if (parent !== undefined) return parent;
  const path = join(folder, file.path);
  const found = await lstat(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (found === undefined) return { action: 'create' };
  if (found.isDirectory()) return { path: file.path, reason: 'is a folder' };
  if (found.isSymbolicLink()) return { path: file.path, reason: 'is a symbolic link' };
  if (!found.isFile()) return { path: file.path, reason: 'is no regular file' };
  if (found.size === file.contents.byteLength && (await readFile(path)).equals(file.contents)) {
    return { action: 'identical' };
  }
  if (overwrite) return { action: 'overwrite' };
  if (file.path === RECORD_FILE) {
    // The command in it is of each run another one, though nobody touched the file.
    const expected = await readFile(path);
    if (isUneditedRecord(expected.toString('utf8'), Buffer.from(file.contents).toString('utf8'))) {
      return { action: 'overwrite', original: expected };
    }
  }
  return { path: file.path, reason: 'differs' };
}

async function findParentConflict(folder: string, path: string): Promise<Conflict | undefined> {
  const parts = path.split('/').slice(0, -1);
  for (let depth = 1; depth <= parts.length; depth++) {
    const parent = join(folder, ...parts.slice(0, depth));
    const found = await lstat(parent).catch((error: unknown) => {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw error;
    });
    if (found === undefined) return undefined;
    if (found.isSymbolicLink()) await rejectLinkOutside(folder, parent);
    else if (!found.isDirectory()) return { path, reason: 'is below a file' };
  }
  return undefined;
}

async function rejectLinkOutside(folder: string, link: string): Promise<void> {
  const inside = await realpath(folder);
  const target = await realpath(link).catch(() => undefined);
  if (target?.startsWith(inside + sep) === true && (await stat(target)).isDirectory()) return;
  throw new KnownError({
    message: `${link} is a symbolic link that leads out of the project`,
    seen: target === undefined ? 'it leads nowhere' : `it leads to ${target}`,
    next: [`Remove the link, or choose another folder than ${dirname(link)}`],
  });
}

/** The error that names every conflict and how to go on. */
export function conflictError(decision: PlanComparison, command: string): KnownError {
  const paths = decision.conflicts.map(({ path, reason }) => `  ${path} ${reason}`);
  const replaceable = decision.conflicts.filter(({ reason }) => reason === 'differs').map(({ path }) => path);
  const others = replaceable.length < paths.length ? ', once the others are away' : '';
  return new KnownError({
    message: `${decision.folder} holds files that the project would have to replace:\n${paths.join('\n')}`,
    seen: 'nothing was written',
    next: [
      'Choose another folder, or move these files away',
      ...(replaceable.length === 0
        ? []
        : [`To replace what differs${others}: ${overwriteCommand(command, replaceable)}`]),
    ],
  });
}

/** The planned action for a file, or why the file is a conflict. */
export type ReportedFile =
  | { readonly path: string; readonly action: FileAction }
  | { readonly path: string; readonly action: 'conflict'; readonly reason: Conflict['reason'] };

/** Every planned file with its action, conflicts included, sorted by path. */
export function listFileActions({ files, conflicts }: PlanComparison): readonly ReportedFile[] {
  const rows: readonly ReportedFile[] = [
    ...files.map(({ path, action }) => ({ path, action })),
    ...conflicts.map(({ path, reason }) => ({ path, action: 'conflict' as const, reason })),
  ];
  return rows.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** What to do about conflicts, after a dry run; nothing without any. */
export function conflictSteps({ conflicts }: PlanComparison, command: string): readonly NextStep[] {
  const replaceable = conflicts.filter(({ reason }) => reason === 'differs').map(({ path }) => path);
  const others = replaceable.length < conflicts.length ? ', once the others are away' : '';
  return [
    ...(conflicts.length === 0 ? [] : [{ text: 'choose another folder, or move the files in conflict away' }]),
    ...(replaceable.length === 0
      ? []
      : [{ command: overwriteCommand(command, replaceable), text: `or replace what differs${others}` }]),
  ];
}
