import { lstatSync } from 'node:fs';
import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, KnownError, messageOf } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { acquirePidLock } from '../../files/pid-lock.ts';
import { printableJson } from '../../text/json.ts';
import type { ComparedFile } from '../conflicts.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import { recordedProcesses } from '../record.ts';
import { writeFiles, type WriteOptions } from '../write-files.ts';
import { BASE_FILE, renderBaseFile, textOf, type ProjectBase } from '../base-archive.ts';
import { toProjectSpec, type WorkerProject } from './open-project.ts';
import type { Addition } from './addition.ts';
import type { PlannedEdit } from './conflicts.ts';
import type { FileEdit } from './file-edit.ts';

const LOCK_FILE = '.kuflow/project.lock';

/** A planned addition with the edits to make and those to leave out. */
export interface ChosenEdits extends Pick<Addition, 'processes' | 'base'> {
  readonly made: readonly FileEdit[];
  readonly left: readonly PlannedEdit[];
}

/** A file of this tool's own that changes together with the edits. */
export interface StateEdit {
  readonly path: string;
  readonly before: Uint8Array | undefined;
  readonly after: Uint8Array;
}

/** The changes of the project record and of the archive of what was generated. */
export async function planStateEdits(project: WorkerProject, chosen: ChosenEdits): Promise<readonly StateEdit[]> {
  const record = Buffer.from(updatedRecordText(project, chosen.processes));
  const archive = await renderBaseFile(withoutLeftEdits(chosen));
  return [
    { path: RECORD_FILE, before: Buffer.from(project.recordText), after: record },
    { path: BASE_FILE, before: project.archive, after: archive.contents },
  ].filter(({ before, after }) => before === undefined || Buffer.compare(before, after) !== 0);
}

/** The base if some of the edits are not made: those files are merged with their previous version again. */
function withoutLeftEdits({ base, left }: ChosenEdits): ProjectBase {
  const [generated, merged] = [new Map(base.generated), new Map(base.merged)];
  for (const { path, base: text } of left) {
    const file = generated.get(path);
    if (file === undefined) continue;
    if (text === undefined) generated.delete(path);
    else if (text !== textOf(file)) merged.set(path, { ...file, contents: Buffer.from(text) });
  }
  return { ...base, generated, merged };
}

/**
 * Writes the edits and the state of the project. All or nothing: a failure rolls back everything. Fails if a file changed after it was read,
 * or if another process is writing to the project. Rejects with a KnownError.
 */
export async function writeEdits(
  project: WorkerProject,
  edits: readonly FileEdit[],
  state: readonly StateEdit[],
  options: WriteOptions = {},
): Promise<void> {
  const toBytes = (text: string | undefined): Uint8Array | undefined =>
    text === undefined ? undefined : Buffer.from(text);
  // If this process is killed, the same addition completes its work: the names in the record are written before the code, and the archive
  // comes last.
  const all: readonly StateEdit[] = [
    ...state.filter(({ path }) => path !== BASE_FILE),
    ...edits.map(({ path, before, after }) => ({ path, before: toBytes(before), after: Buffer.from(after) })),
    ...state.filter(({ path }) => path === BASE_FILE),
  ];
  const files = all.map(({ path, before, after }): ComparedFile => {
    if (before === undefined) return { path, contents: after, mode: 0o644, action: 'create' };
    return { path, contents: after, mode: fileMode(project.folder, path), action: 'overwrite', original: before };
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

async function rejectChangedFile(folder: string, path: string, before: Uint8Array | undefined): Promise<void> {
  const at = join(folder, path);
  const current = await readRegularFile(at).catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  });
  if (before === undefined ? current === undefined : current instanceof Buffer && current.equals(before)) return;
  throw new KnownError({
    message: 'Could not write the project',
    tried: `write ${at}`,
    seen: 'the file changed after it was read; nothing was written',
  });
}

async function readRegularFile(path: string): Promise<Buffer | false> {
  return (await lstat(path)).isFile() ? readFile(path) : false;
}

function fileMode(folder: string, path: string): ComparedFile['mode'] {
  const { mode } = lstatSync(join(folder, path));
  if ((mode & 0o100) !== 0) return 0o755;
  return (mode & 0o044) === 0 ? 0o600 : 0o644;
}

function updatedRecordText(project: WorkerProject, processes: WorkerProject['processes']): string {
  const { raw } = project.record;
  const recorded = recordedProcesses(toProjectSpec(project, processes)).processes ?? {};
  const kept = project.removedProcesses.flatMap(({ layout: { definitionFile }, remainingFiles }) =>
    recorded[definitionFile] === undefined && remainingFiles.length > 0 && isRecord(raw['processes'])
      ? [[definitionFile, raw['processes'][definitionFile]] as const]
      : [],
  );
  const rest = Object.entries(raw).filter(([key]) => key !== 'processes');
  const all = { ...recorded, ...Object.fromEntries(kept) };
  const updated = {
    ...Object.fromEntries(rest),
    ...(Object.keys(all).length === 0 ? {} : { processes: all }),
  };
  return `${printableJson(updated, true)}\n`;
}
