import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError, messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { acquirePidLock } from '../../files/pid-lock.ts';
import { jsonText } from '../../text/json.ts';
import type { ComparedFile } from '../conflicts.ts';
import { RECORD_FILE } from '../find-project.ts';
import { recordedProcesses } from '../record.ts';
import { writeFiles, type WriteOptions } from '../write-files.ts';
import { listCodeFiles } from '../../languages/typescript/layout.ts';
import { toProjectSpec, type WorkerProject } from './open-project.ts';
import { readTextFile, type FileEdit } from './file-edit.ts';

const LOCK_FILE = '.kuflow/project.lock';

/**
 * Writes edits and the record of the project that has these processes now. All or nothing: on a failure what was written is taken back; a file
 * that changed since it was read is such a failure, and so is another addition that writes at this moment. Rejects with a KnownError.
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
    // With two writers at once, each would find what it expects, and taking back would bring back what was there before both.
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
    new KnownError({ message: 'The project could not be written', tried: `take ${path}`, seen, next: [next], cause });
  let taking: ReturnType<typeof acquirePidLock>;
  try {
    taking = acquirePidLock(path);
  } catch (error) {
    throw blocked(messageOf(error), 'See that you may write to the project, then run the command again', error);
  }
  if (taking.kind === 'taken') return taking.release;
  const holder = taking.kind === 'held' ? `, pid ${taking.pid}` : '';
  throw blocked(`another process adds to it at this moment${holder}; nothing was written`, 'Run the command again');
}

/** The same failure, for a project that can't be made elsewhere. */
function withRetryAdvice(error: unknown): unknown {
  if (!(error instanceof KnownError)) return error;
  const { message, tried, seen, cause } = error;
  return new KnownError({
    message,
    ...(tried === undefined ? {} : { tried }),
    ...(seen === undefined ? {} : { seen }),
    next: ['Run the command again once that is set right'],
    cause,
  });
}

async function rejectChangedFile(folder: string, path: string, before: string | undefined): Promise<void> {
  if ((await readTextFile(folder, path)) === before) return;
  throw new KnownError({
    message: 'The project could not be written',
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
  const forgotten = new Set<string>();
  const kept: [string, unknown][] = [];
  for (const { layout: place, remainingFiles: left } of project.removedProcesses) {
    if (recorded[place.definitionFile] !== undefined) continue;
    if (left.length === 0) [place.definitionFile, ...listCodeFiles(place)].forEach((path) => forgotten.add(path));
    else if (isRecord(raw['processes'])) kept.push([place.definitionFile, raw['processes'][place.definitionFile]]);
  }
  const files = new Map(Object.entries(hashes).filter(([path]) => !forgotten.has(path)));
  for (const { path, record } of edits) if (record !== undefined) files.set(path, record);
  const sorted = [...files].sort(([one], [other]) => (one < other ? -1 : 1));
  const rest = Object.entries(raw).filter(([key]) => key !== 'files' && key !== 'processes');
  const all = { ...recorded, ...Object.fromEntries(kept) };
  const changed = {
    ...Object.fromEntries(rest),
    ...(Object.keys(all).length === 0 ? {} : { processes: all }),
    files: Object.fromEntries(sorted),
  };
  return `${jsonText(changed, true)}\n`;
}
