import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { copyError, KnownError } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { readPlainFile } from '../../files/read.ts';
import { printableJson } from '../../base/escape.ts';
import { relativePath } from '../../files/relative-path.ts';
import { hasJournal, StagedWriteError, writeStaged, type StagedChange } from '../../files/staged-write.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import type { PlannedFile } from '../../languages/planned-file.ts';
import type { TemplateOrigin } from '../../languages/project-spec.ts';
import { recordedProcesses } from '../record.ts';
import { WRITE_FAILED, writeError, type WriteOptions } from '../write-files.ts';
import { BASE_FILE, renderBaseFile } from '../base-archive.ts';
import { toProjectSpec, type WorkerProject } from './open-project.ts';
import type { Addition } from './addition.ts';
import type { FileEdit } from './file-edit.ts';
import { JOURNAL_FOLDER, lockProject, projectStaging } from './staging.ts';

export interface ChangedFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  /** The bytes on disk; undefined if the file does not exist. */
  readonly before: Uint8Array | undefined;
  /** Undefined if the file is deleted. */
  readonly after: Uint8Array | undefined;
  /** Default: the permissions of the file, or 0o644 for a new one. */
  readonly mode?: PlannedFile['mode'] | undefined;
}

/** A file of this tool's own that changes together with the edits. */
export interface StateEdit extends ChangedFile {
  readonly after: Uint8Array;
}

/** The state of a project after a change. `template`: the templates that generated it, if they change. */
export interface ProjectState extends Pick<Addition, 'processes' | 'base'> {
  readonly template?:
    | { readonly version: string; readonly cliPackage: string; readonly origin: TemplateOrigin | undefined }
    | undefined;
}

export async function planState(
  project: WorkerProject,
  { processes, base, template }: ProjectState,
): Promise<readonly StateEdit[]> {
  const record = Buffer.from(updatedRecordText(project, processes, template));
  const archive = await renderBaseFile(base);
  return [
    { path: RECORD_FILE, before: Buffer.from(project.recordText), after: record },
    { path: BASE_FILE, before: project.archive, after: archive.contents },
  ].filter(({ before, after }) => before === undefined || Buffer.compare(before, after) !== 0);
}

/**
 * Writes the edits and the state of the project. All or nothing: a failure rolls back everything, and an interruption is completed or undone by
 * the next command that opens the project. Fails if a file changed after it was read, or if another process is writing to the project. Rejects
 * with a KnownError.
 */
export async function writeEdits(
  project: WorkerProject,
  edits: readonly FileEdit[],
  state: readonly StateEdit[],
  options: WriteOptions = {},
): Promise<void> {
  const changes = edits.map(({ path, before, after }): StateEdit => {
    return { path, before: before === undefined ? undefined : Buffer.from(before), after: Buffer.from(after) };
  });
  await writeChanges(project.folder, changes, state, options);
}

/** Writes changes of files and of the state of the project as `writeEdits` does. */
export async function writeChanges(
  folder: string,
  changes: readonly ChangedFile[],
  state: readonly StateEdit[],
  options: WriteOptions = {},
): Promise<void> {
  // The archive comes last: while any other file is not written yet, neither is the archive.
  const all: readonly ChangedFile[] = [
    ...state.filter(({ path }) => path !== BASE_FILE),
    ...changes,
    ...state.filter(({ path }) => path === BASE_FILE),
  ];
  const target = projectStaging(folder, options.files);
  const release = lockProject(folder, WRITE_FAILED);
  try {
    if (hasJournal(target)) throw unfinishedError(folder);
    // The lock is required: two concurrent writers would both pass this check, and a rollback would undo the other's changes.
    for (const { path, before } of all) await rejectChangedFile(folder, path, before);
    const staged = all.map((change): StagedChange => {
      const current = change.before === undefined ? 0o644 : lstatSync(join(folder, change.path)).mode & 0o777;
      return { ...change, mode: change.mode ?? current };
    });
    await writeStaged(target, staged, options);
  } catch (error) {
    throw options.signal?.aborted === true && error === options.signal.reason ? error : withRetryAdvice(folder, error);
  } finally {
    release();
  }
}

/** The same error with advice for an existing project. */
function withRetryAdvice(folder: string, failure: unknown): unknown {
  const error =
    failure instanceof StagedWriteError
      ? writeError(
          failure.at,
          failure.cause,
          failure.remaining.map((path) => relativeIn(folder, path)),
        )
      : failure;
  if (!(error instanceof KnownError)) return error;
  return copyError(error, { next: ['Fix the problem, then run the command again'], status: 1 });
}

function relativeIn(folder: string, path: string): string {
  return path.startsWith(join(folder, '/')) ? relativePath(folder, path) : path;
}

function unfinishedError(folder: string): KnownError {
  return new KnownError({
    message: WRITE_FAILED,
    tried: `create ${join(folder, JOURNAL_FOLDER)}`,
    seen: 'another process was interrupted while it changed the project; nothing was written',
  });
}

async function rejectChangedFile(folder: string, path: string, before: Uint8Array | undefined): Promise<void> {
  const at = join(folder, path);
  const current = await readPlainFile(at);
  const isExpected =
    current !== undefined && current !== false && before !== undefined && current.contents.equals(before);
  if (isExpected || (before === undefined && current === undefined)) return;
  throw new KnownError({
    message: WRITE_FAILED,
    tried: `write ${at}`,
    seen: 'the file changed after it was read; nothing was written',
  });
}

function updatedRecordText(
  project: WorkerProject,
  processes: WorkerProject['processes'],
  template: ProjectState['template'],
): string {
  const { raw } = project.record;
  const recorded = recordedProcesses(toProjectSpec(project, processes)) ?? {};
  const kept = project.removedProcesses.flatMap(({ layout: { definitionFile }, remainingFiles }) =>
    recorded[definitionFile] === undefined && remainingFiles.length > 0 && isRecord(raw['processes'])
      ? [[definitionFile, raw['processes'][definitionFile]] as const]
      : [],
  );
  const rest = Object.entries(raw)
    .filter(([key]) => key !== 'processes')
    .map(([key, value]) => {
      if (template === undefined || !isRecord(value)) return [key, value] as const;
      if (key === 'template') return [key, { ...value, version: template.version }] as const;
      if (key !== 'answers') return [key, value] as const;
      const { cliPackage, origin } = template;
      return [key, { ...value, cliPackage, ...(origin === undefined ? {} : { template: origin }) }] as const;
    });
  const all = { ...recorded, ...Object.fromEntries(kept) };
  const updated = {
    ...Object.fromEntries(rest),
    ...(Object.keys(all).length === 0 ? {} : { processes: all }),
  };
  return `${printableJson(updated, true)}\n`;
}
