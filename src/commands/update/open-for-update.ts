import { existsSync } from 'node:fs';
import { join } from 'node:path';
import gt from 'semver/functions/gt.js';
import valid from 'semver/functions/valid.js';
import { KnownError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { PACKAGE_NAME } from '../../base/package-root.ts';
import { readIgnored, readWorkTree, restoreStep, type WorkTree } from '../../files/git.ts';
import { languageOf } from '../../languages/registry.ts';
import { findProject, RECORD_FILE } from '../../process/find-project.ts';
import { BASE_FILE } from '../../project/base-archive.ts';
import {
  openProject,
  recoverOrDescribe,
  type OpenOptions,
  type WorkerProject,
} from '../../project/edit/open-project.ts';
import { UNIGNORE_ADVICE } from '../../project/ignored-state.ts';
import { malformedRecordError, readProjectRecord } from '../../project/record.ts';
import { renamedPath } from '../../project/update/apply-migrations.ts';
import { PROJECT_MIGRATIONS, type Migration } from '../../project/update/migrations.ts';

export interface OpenUpdateRequest extends OpenOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Version of this tool. */
  readonly version: string;
  readonly migrations?: readonly Migration[] | undefined;
}

/** A project that this version can update. */
export interface UpdatableProject {
  readonly project: WorkerProject;
  readonly workTree: WorkTree;
}

/**
 * Opens the project that contains `cwd` for an update. Rejects with a KnownError if a newer version generated it, if the base archive is
 * missing or does not match the record, or if git is in the middle of a merge. Writes nothing, except to complete or undo an interrupted change.
 */
export async function openForUpdate(request: OpenUpdateRequest): Promise<UpdatableProject> {
  const { cwd, env, version, migrations = PROJECT_MIGRATIONS } = request;
  const folder = findProject(cwd);
  await recoverOrDescribe(folder, request);
  const workTree = folder === undefined ? ({ kind: 'none' } as const) : await readWorkTree(folder, env);
  if (folder !== undefined) await rejectUnusableProject(folder, workTree, request);
  const project = await openProject(cwd, env, version, { readOnly: true });
  if (project.notes.length > 0) throw await unknownBaseError(project, 'it does not contain all processes', env);
  rejectEditedRecord(project, migrations);
  const others = lockFilesIn(project).filter((path) => path.startsWith('../'));
  if (others.length === 0) return { project, workTree };
  return { project, workTree: await readWorkTree(project.folder, env, others) };
}

/** The lock files of the project, relative to it. Those of a workspace are outside of it. */
export function lockFilesIn({ record }: WorkerProject): readonly string[] {
  const names = languageOf(record).tools.lockFiles(record.packageManager);
  const { workspace } = record;
  return workspace === undefined ? names : names.map((name) => `${workspace.root}/${name}`);
}

async function rejectUnusableProject(
  folder: string,
  workTree: WorkTree,
  { env, version }: OpenUpdateRequest,
): Promise<void> {
  if (workTree.kind === 'work-tree' && workTree.unfinished !== undefined)
    throw unfinishedError(folder, workTree.unfinished);
  const { record } = await readProjectRecord(folder);
  if (valid(record.version) === null)
    throw malformedRecordError(join(folder, RECORD_FILE), '"template.version" is not a version');
  if (gt(record.version, version)) throw newerProjectError(folder, record.version, version);
  if (existsSync(join(folder, BASE_FILE))) return;
  const isIgnored = (await readIgnored(folder, [BASE_FILE], env)).length > 0;
  const seen = isIgnored ? 'it does not exist, and git ignores it' : 'it does not exist';
  throw await unknownBaseError({ folder, record }, seen, env, isIgnored ? [UNIGNORE_ADVICE] : []);
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
    message: `A git ${step} is in progress`,
    tried: folder,
    seen: 'nothing was written',
    next: [`Finish it, or abort it: git ${step} --abort`],
  });
}

function newerProjectError(folder: string, generatedBy: string, version: string): KnownError {
  const by = escapeForTerminal(generatedBy, 40);
  return new KnownError({
    message: `This project was generated by version ${by}, which is newer than this version (${version})`,
    tried: join(folder, RECORD_FILE),
    next: [`Use that version or a newer one: npx -p ${PACKAGE_NAME}@${by} kuflow update`],
  });
}

/** An archive that is in no commit is rebuilt by the version that generated the project, with its next addition; the user's own template is only in the archive. */
async function unknownBaseError(
  { folder, record }: Pick<WorkerProject, 'folder' | 'record'>,
  seen: string,
  env: OpenUpdateRequest['env'],
  first: readonly string[] = [],
): Promise<KnownError> {
  const restore = await restoreStep(folder, BASE_FILE, env);
  const addition = `npx -p ${PACKAGE_NAME}@${escapeForTerminal(record.version, 40)} kuflow add activity <name>`;
  return new KnownError({
    message: `${BASE_FILE} is required to tell your changes from those of the templates`,
    tried: join(folder, BASE_FILE),
    seen,
    next: [
      ...first,
      ...(restore === undefined
        ? [
            `Copy ${BASE_FILE} from the folder in which the project was created, and commit it`,
            ...(record.template === undefined
              ? [`Or rebuild it with the next addition to the project, for example: ${addition}`]
              : []),
          ]
        : [restore]),
    ],
  });
}
