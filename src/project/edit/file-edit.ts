import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../base/errors.ts';
import { sha256 } from '../record.ts';
import { unifiedDiff } from './unified-diff.ts';

/** A change to one file that can be written. */
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
  /** SHA-256 for the project record once this is written; absent leaves the record unchanged. */
  readonly record?: string;
  /** The change as a unified diff. */
  readonly diff: string;
}

/** SHA-256 by path, of each file as this tool last wrote it. */
export type RecordedHashes = Readonly<Record<string, string>>;

export function createNewFile(path: string, after: string): FileEdit {
  return { path, how: 'new', after, record: sha256OfText(after), diff: unifiedDiff(path, undefined, after) };
}

/** Replaces the text on disk. The record gets the new hash only if the file had no local changes. */
export function editExistingFile(path: string, before: string, after: string, hashes: RecordedHashes): FileEdit {
  const edit = { path, before, after, diff: unifiedDiff(path, before, after) };
  return isUnedited(path, before, hashes)
    ? { ...edit, how: 'generated', record: sha256OfText(toLf(after)) }
    : { ...edit, how: 'edited-by-hand' };
}

/** Whether a file is as this tool last wrote it. Line endings converted by version control do not count as an edit. */
export function isUnedited(path: string, text: string, hashes: RecordedHashes): boolean {
  return [text, toLf(text)].some((version) => sha256OfText(version) === hashes[path]);
}

/** The text of a project file; undefined when it does not exist, false when it is not a regular file with UTF-8 text. */
export async function readTextFile(folder: string, path: string): Promise<string | undefined | false> {
  const at = join(folder, path);
  try {
    if (!(await lstat(at)).isFile()) return false;
    const bytes = await readFile(at);
    const text = bytes.toString('utf8');
    return Buffer.from(text).equals(bytes) ? text : false;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

export function sha256OfText(text: string): string {
  return sha256(Buffer.from(text));
}

export function toLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

export function toCrlf(text: string): string {
  return text.replaceAll('\n', '\r\n');
}
