import { join } from 'node:path';
import { unifiedDiff } from './unified-diff.ts';
import { withContext } from '../../base/system-error.ts';
import { readPlainFile, type PlainFile } from '../../files/read.ts';
import { utf8Text } from '../../files/text-file.ts';
import { toLf } from '../merge/line-endings.ts';
import type { PlacedLines } from './placed-lines.ts';

export interface FileEdit {
  /** Relative to the project, with `/`. */
  readonly path: string;
  /**
   * `new`: the file does not exist yet. `generated`: the file is as this tool last wrote it. `definition`: the definition file in which the
   * change was requested. `edited-by-hand`: the file has local changes, and the edit keeps them.
   */
  readonly how: 'new' | 'generated' | 'definition' | 'edited-by-hand';
  /** The text on disk; absent for a new file. */
  readonly before?: string;
  readonly after: string;
  readonly diff: string;
}

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
  /** The change to make by hand: a unified diff of what the templates render. */
  readonly diff: string;
  /** The same as lines to paste, in a file with code that has local changes. */
  readonly paste?: readonly PlacedLines[] | undefined;
}

export type PlannedEdit = FileEdit | EditConflict;

export function createNewFile(path: string, after: string): FileEdit {
  return { path, how: 'new', after, diff: unifiedDiff(path, undefined, after) };
}

/** Replaces the text on disk, which has local changes unless it is `base`. */
export function editExistingFile(path: string, before: string, after: string, base: string | undefined): FileEdit {
  const how = toLf(before) === base ? 'generated' : 'edited-by-hand';
  return { path, how, before, after, diff: unifiedDiff(path, before, after) };
}

/** Reads a file of a project as `readPlainFile` does. Rejects with a SystemError. */
export async function readProjectFile(folder: string, path: string): Promise<PlainFile | undefined | false> {
  const at = join(folder, path);
  return withContext('Reading the file', at, () => readPlainFile(at));
}

/** The text of a project file; undefined when it does not exist, false when it is not a regular file with UTF-8 text. */
export async function readTextFile(folder: string, path: string): Promise<string | undefined | false> {
  const file = await readProjectFile(folder, path);
  return file === undefined || file === false ? file : (utf8Text(file.contents) ?? false);
}
