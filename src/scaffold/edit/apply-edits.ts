import { jsonText } from '../../names/json.ts';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { DecidedFile } from '../conflicts.ts';
import { RECORD_FILE, recordedProcesses } from '../record.ts';
import { writeFiles, type WriteOptions } from '../write.ts';
import { answersOf, type WorkerProject } from './open-project.ts';
import type { FileEdit } from './plan-edits.ts';

/**
 * Writes edits and the record of the project that has these processes now. All or nothing: on a failure what was written is taken back; a file
 * that changed since it was read is such a failure. Rejects with a KnownError.
 */
export async function applyEdits(
  project: WorkerProject,
  processes: WorkerProject['processes'],
  edits: readonly FileEdit[],
  options: WriteOptions = {},
): Promise<void> {
  const record = { path: RECORD_FILE, before: project.recordText, after: recordText(project, processes, edits) };
  const all = record.after === record.before ? edits : [...edits, record];
  const files = all.map((edit: Pick<FileEdit, 'path' | 'before' | 'after'>): DecidedFile => {
    const contents = Buffer.from(edit.after);
    if (edit.before === undefined) return { path: edit.path, contents, mode: 0o644, action: 'create' };
    const expected = Buffer.from(edit.before);
    return { path: edit.path, contents, mode: modeOf(project.folder, edit.path), action: 'overwrite', expected };
  });
  await writeFiles({ folder: project.folder, files, conflicts: [] }, options);
}

function modeOf(folder: string, path: string): DecidedFile['mode'] {
  const { mode } = lstatSync(join(folder, path));
  if ((mode & 0o100) !== 0) return 0o755;
  return (mode & 0o044) === 0 ? 0o600 : 0o644;
}

function recordText(project: WorkerProject, processes: WorkerProject['processes'], edits: readonly FileEdit[]): string {
  const { raw, hashes } = project.record;
  const files = new Map(Object.entries(hashes));
  for (const { path, record } of edits) if (record !== undefined) files.set(path, record);
  const sorted = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
  const rest = Object.entries(raw).filter(([key]) => key !== 'files' && key !== 'processes');
  const changed = {
    ...Object.fromEntries(rest),
    ...recordedProcesses(answersOf(project, processes)),
    files: Object.fromEntries(sorted),
  };
  return `${jsonText(changed, true)}\n`;
}
