import { existsSync } from 'node:fs';
import { join } from 'node:path';
import gt from 'semver/functions/gt.js';
import valid from 'semver/functions/valid.js';
import { KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import { readWorkTree, type WorkTree } from '../../files/git.ts';
import { findProject, RECORD_FILE } from '../../process/find-project.ts';
import { BASE_FILE } from '../../project/base-archive.ts';
import { openProject, type OpenOptions, type WorkerProject } from '../../project/edit/open-project.ts';
import { recoverProject } from '../../project/edit/recover-project.ts';
import { malformedRecordError, readProjectRecord } from '../../project/record.ts';
import { renamedPath } from '../../project/update/apply-migrations.ts';
import { PROJECT_MIGRATIONS, type Migration } from '../../project/update/migrations.ts';

export interface OpenUpdateRequest {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Version of this tool. */
  readonly version: string;
  readonly onRecovered?: OpenOptions['onRecovered'];
  readonly migrations?: readonly Migration[] | undefined;
}

/** A project that this version can update. */
export interface UpdatableProject {
  readonly project: WorkerProject;
  readonly workTree: WorkTree;
}

/**
 * Opens the project that contains `cwd` for an update. Rejects with a KnownError if a newer version generated it, if what was generated last is
 * not known, if the record does not fit to it, or if a merge in git is not finished. Writes nothing, except to complete an interrupted change.
 */
export async function openForUpdate(request: OpenUpdateRequest): Promise<UpdatableProject> {
  const { cwd, env, version, onRecovered, migrations = PROJECT_MIGRATIONS } = request;
  const folder = findProject(cwd);
  const recovery = folder === undefined ? undefined : await recoverProject(folder);
  if (recovery !== undefined) onRecovered?.(recovery);
  const workTree = folder === undefined ? ({ kind: 'none' } as const) : await readWorkTree(folder, env);
  if (folder !== undefined) await rejectUnusableProject(folder, workTree, version);
  const project = await openProject(cwd, env, version);
  if (project.notes.length > 0) throw unknownBaseError(project.folder, 'it does not contain all processes');
  rejectEditedRecord(project, migrations);
  return { project, workTree };
}

async function rejectUnusableProject(folder: string, workTree: WorkTree, version: string): Promise<void> {
  if (workTree.kind === 'work-tree' && workTree.unfinished !== undefined)
    throw unfinishedError(folder, workTree.unfinished);
  const { record } = await readProjectRecord(folder);
  if (valid(record.version) === null)
    throw malformedRecordError(join(folder, RECORD_FILE), '"template.version" is not a version');
  if (gt(record.version, version)) throw newerProjectError(folder, record.version, version);
  if (!existsSync(join(folder, BASE_FILE))) throw unknownBaseError(folder, 'it does not exist');
}

/** Rejects a record whose answers were edited so that the code would be at other paths. */
function rejectEditedRecord(
  { folder, record, base, processes }: WorkerProject,
  migrations: readonly Migration[],
): void {
  const now = (path: string): string => renamedPath(migrations, record.language, path);
  const known = new Set([...base.generated.keys()].map(now));
  const paths = processes.flatMap(({ layout }) => [layout.tasks, layout.workflow]);
  const missing = paths.find((path) => !known.has(now(path)));
  if (missing === undefined) return;
  throw new KnownError({
    message: `${RECORD_FILE} does not match the generated code`,
    tried: join(folder, RECORD_FILE),
    seen: `${BASE_FILE} does not contain ${missing}`,
    next: [`Restore both from version control: git checkout HEAD -- ${RECORD_FILE} ${BASE_FILE}`],
  });
}

function unfinishedError(folder: string, step: string): KnownError {
  return new KnownError({
    message: `A ${step} in git is not finished`,
    tried: folder,
    seen: 'nothing was written',
    next: [`Finish it, or cancel it: git ${step} --abort`],
  });
}

function newerProjectError(folder: string, generatedBy: string, version: string): KnownError {
  const by = escapeForTerminal(generatedBy, 40);
  return new KnownError({
    message: `Version ${by} generated this project, which is newer than this version (${version})`,
    tried: join(folder, RECORD_FILE),
    next: [`Use that version or a newer one: npx -p ${PACKAGE_NAME}@${by} kuflow update`],
  });
}

function unknownBaseError(folder: string, seen: string): KnownError {
  return new KnownError({
    message: `${BASE_FILE} is required to tell your changes from those of the templates`,
    tried: join(folder, BASE_FILE),
    seen,
    next: [`Restore it from version control: git checkout HEAD -- ${BASE_FILE}`],
  });
}
