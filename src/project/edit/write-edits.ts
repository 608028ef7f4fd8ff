import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError, messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { acquirePidLock } from '../../files/pid-lock.ts';
import { printableJson } from '../../text/json.ts';
import type { ComparedFile } from '../conflicts.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import { recordedProcesses } from '../record.ts';
import { writeFiles, type WriteOptions } from '../write-files.ts';
import { listCodeFiles } from '../../languages/typescript/layout.ts';
import { toProjectSpec, type WorkerProject } from './open-project.ts';
import { readTextFile, type FileEdit } from './file-edit.ts';

const LOCK_FILE = '.kuflow/project.lock';

/**
 * Writes the edits, and the project record with these processes. All or nothing: a failure rolls back everything. Fails if a file changed
 * after it was read, or if another process is writing to the project. Rejects with a KnownError.
 */
export async function writeEdits(
  project: WorkerProject,
  processes: WorkerProject['processes'],
  edits: readonly FileEdit[],
  options: WriteOptions = {},
): Promise<void> {
  const record = { path: RECORD_FILE, before: project.recordText, after: updatedRecordText(project, processes, edits) };
  const all = record.after === record.before ? edits : [...edits, record];
  const files = all.map((edit: Pick<FileEdit, 'path' | 'before' | 'after'>): ComparedFile => {
    const contents = Buffer.from(edit.after);
    if (edit.before === undefined) return { path: edit.path, contents, mode: 0o644, action: 'create' };
    const expected = Buffer.from(edit.before);
    return {
      path: edit.path,
      contents,
      mode: fileMode(project.folder, edit.path),
      action: 'overwrite',
      original: expected,
    };
  });
  const release = lockProject(project.folder);
  try {
    // The lock is required: two concurrent writers would both pass this check, and a rollback would undo the other's changes.
    for (const { path, before } of all) await rejectChangedFile(project.folder, path, before);
    await writeFiles({ folder: project.folder, files, conflicts: [] }, options);
  } catch (error) {
    throw options.signal?.aborted === true ? error : withRetryAdvice(error);
  } finally {
    release();
  }
}

function lockProject(folder: string): () => void {
  const path = join(folder, LOCK_FILE);
  const blocked = (seen: string, next: string, cause?: unknown): KnownError =>
    new KnownError({ message: 'Could not write the project', tried: `lock ${path}`, seen, next: [next], cause });
  let lock: ReturnType<typeof acquirePidLock>;
  try {
    lock = acquirePidLock(path);
  } catch (error) {
    throw blocked(messageOf(error), 'Make sure that the project is writable, then run the command again', error);
  }
  if (lock.kind === 'taken') return lock.release;
  const holder = lock.kind === 'held' ? ` (pid ${lock.pid})` : '';
  throw blocked(`another process${holder} is adding to the project; nothing was written`, 'Run the command again');
}

/** The same error with advice for an existing project. */
function withRetryAdvice(error: unknown): unknown {
  if (!(error instanceof KnownError)) return error;
  const { message, tried, seen, page, cause } = error;
  return new KnownError({ message, tried, seen, page, next: ['Fix the problem, then run the command again'], cause });
}

async function rejectChangedFile(folder: string, path: string, before: string | undefined): Promise<void> {
  if ((await readTextFile(folder, path)) === before) return;
  throw new KnownError({
    message: 'Could not write the project',
    tried: `write ${join(folder, path)}`,
    seen: 'the file changed after it was read; nothing was written',
  });
}

function fileMode(folder: string, path: string): ComparedFile['mode'] {
  const { mode } = lstatSync(join(folder, path));
  if ((mode & 0o100) !== 0) return 0o755;
  return (mode & 0o044) === 0 ? 0o600 : 0o644;
}

function updatedRecordText(
  project: WorkerProject,
  processes: WorkerProject['processes'],
  edits: readonly FileEdit[],
): string {
  const { raw, hashes } = project.record;
  const recorded = recordedProcesses(toProjectSpec(project, processes)).processes ?? {};
  const dropped = new Set<string>();
  const kept: [string, unknown][] = [];
  for (const { layout, remainingFiles } of project.removedProcesses) {
    if (recorded[layout.definitionFile] !== undefined) continue;
    if (remainingFiles.length === 0)
      [layout.definitionFile, ...listCodeFiles(layout)].forEach((path) => dropped.add(path));
    else if (isRecord(raw['processes'])) kept.push([layout.definitionFile, raw['processes'][layout.definitionFile]]);
  }
  const files = new Map(Object.entries(hashes).filter(([path]) => !dropped.has(path)));
  for (const { path, record } of edits) if (record !== undefined) files.set(path, record);
  const sorted = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
  const rest = Object.entries(raw).filter(([key]) => key !== 'files' && key !== 'processes');
  const all = { ...recorded, ...Object.fromEntries(kept) };
  const updated = {
    ...Object.fromEntries(rest),
    ...(Object.keys(all).length === 0 ? {} : { processes: all }),
    files: Object.fromEntries(sorted),
  };
  return `${printableJson(updated, true)}\n`;
}
