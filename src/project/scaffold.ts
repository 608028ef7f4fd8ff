import { README, type ProjectSpec } from '../languages/project-spec.ts';
import type { InstallResult } from '../languages/run-project-tool.ts';
import { languageOf } from '../languages/registry.ts';
import { isProject } from '../process/find-project.ts';
import { readRecordIfValid } from './commands.ts';
import { comparePlan, listFileActions, type PlanComparison, type ReportedFile } from './existing-files.ts';
import { isInRepository } from './join/find-root.ts';
import { freeWorkflowPath, WORKFLOW, type MovedFiles } from './join/moved-files.ts';
import { startRepository, type GitResult } from './git.ts';
import { planProject } from './plan.ts';
import { writeFiles } from './write-files.ts';

export type ScaffoldEvent =
  | { readonly kind: 'writing'; readonly files: number; readonly folder: string }
  | { readonly kind: 'written'; readonly files: number; readonly identical: number }
  | { readonly kind: 'installing'; readonly packageManager: string }
  | { readonly kind: 'install-line'; readonly line: string }
  | { readonly kind: 'install-ended'; readonly result: InstallResult }
  | { readonly kind: 'git-started' }
  | { readonly kind: 'git-ended'; readonly result: GitResult };

export interface PrepareRequest extends Pick<PlanComparison, 'outside'> {
  /** Absolute. */
  readonly folder: string;
  readonly spec: ProjectSpec;
  /** Paths of planned files that may be overwritten. */
  readonly overwrite: readonly string[];
  /** Version of the template, which is the version of this package. */
  readonly version: string;
  /** Repeats the run; stored in the project record. */
  readonly command: string;
}

/** A planned project, compared with the folder. */
export interface PreparedProject {
  readonly spec: ProjectSpec;
  readonly comparison: PlanComparison;
}

/** Plans the project and compares it with the folder. Writes nothing. Conflicts are part of the result. */
export async function prepareProject(request: PrepareRequest): Promise<PreparedProject> {
  const { folder, version, command } = request;
  const compare = async (spec: ProjectSpec): Promise<PlanComparison> =>
    comparePlan(folder, await planProject(spec, { version, command }), request.overwrite);
  const record = await readRecordIfValid(folder);
  let spec = record === undefined ? request.spec : { ...request.spec, movedFiles: record.movedFiles };
  let comparison = await compare(spec);
  const movedFiles = isProject(folder) ? {} : chooseMovedFiles(comparison, spec.name);
  if (Object.keys(movedFiles).length > 0) {
    spec = { ...spec, movedFiles };
    comparison = await compare(spec);
  }
  return { spec, comparison: request.outside === undefined ? comparison : { ...comparison, outside: request.outside } };
}

/** New paths for the files of the template that conflict with files of the folder and may have another path. */
function chooseMovedFiles({ folder, conflicts }: PlanComparison, name: string): MovedFiles {
  const differs = (path: string): boolean =>
    conflicts.some((conflict) => conflict.path === path && conflict.reason === 'differs');
  return {
    ...(differs(README) ? { [README]: 'WORKER.md' } : {}),
    ...(differs(WORKFLOW) ? { [WORKFLOW]: freeWorkflowPath(folder, name) } : {}),
  };
}

export interface WriteProjectOptions {
  readonly install: boolean;
  readonly git: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  readonly report?: ((event: ScaffoldEvent) => void) | undefined;
}

export interface WriteResult {
  readonly files: readonly ReportedFile[];
  readonly install: InstallResult | { readonly kind: 'skipped' };
  readonly git: GitResult;
}

/**
 * Writes the project, installs its dependencies and then creates its repository, so that the first commit includes the lock file.
 * Rejects only when the files cannot be written, and then removes what it wrote. Every later outcome is part of the result.
 */
export async function writeProject(project: PreparedProject, options: WriteProjectOptions): Promise<WriteResult> {
  const { comparison, spec } = project;
  const { folder } = comparison;
  const { packageManager } = spec;
  const { tools } = languageOf(spec);
  const { env, signal } = options;
  const report = options.report ?? (() => undefined);
  const files = listFileActions(comparison);
  const changed = files.filter(({ action }) => action !== 'identical').length;
  report({ kind: 'writing', files: changed, folder });
  await writeFiles(comparison, { signal });
  report({ kind: 'written', files: changed, identical: files.length - changed });

  let install: WriteResult['install'] = { kind: 'skipped' };
  if (options.install) {
    report({ kind: 'installing', packageManager: tools.title(packageManager) });
    const onLine = (line: string): void => report({ kind: 'install-line', line });
    install = await tools.install({
      folder,
      packageManager,
      isMember: spec.workspace !== undefined,
      env,
      signal,
      onLine,
    });
    report({ kind: 'install-ended', result: install });
  }
  if (!options.git || install.kind === 'interrupted') {
    return { files, install, git: { kind: 'skipped', reason: options.git ? 'interrupted' : '--no-git' } };
  }
  if (spec.workspace !== undefined && !isInRepository(folder)) {
    const reason = 'the workspace is not in a repository';
    return { files, install, git: { kind: 'skipped', reason } };
  }
  report({ kind: 'git-started' });
  const paths = [...new Set([...files.map(({ path }) => path), ...tools.lockFiles(packageManager)])];
  const git = await startRepository({ folder, paths, env, signal });
  report({ kind: 'git-ended', result: git });
  return { files, install, git };
}
