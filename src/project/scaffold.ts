import type { ProjectSpec } from '../languages/project-spec.ts';
import { conflictError, comparePlan, type Conflict, type PlanComparison, type FileAction } from './conflicts.ts';
import type { GitResult } from './git.ts';
import type { InstallResult } from '../languages/typescript/install.ts';
import { lockFiles, programOf } from '../languages/typescript/package-manager.ts';
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

export interface PrepareRequest {
  /** Absolute. */
  readonly folder: string;
  readonly answers: ProjectSpec;
  /** Paths of the plan that may be replaced. */
  readonly overwrite: readonly string[];
  /** Version of the template: this package's. */
  readonly version: string;
  /** Repeats the run; goes into the project's record and into the advice about conflicts. */
  readonly command: string;
  /** `keep` leaves conflicts in the result, for a dry run; they are refused otherwise. */
  readonly conflicts?: 'keep';
}

/** What becomes of a file, or why it is in the way. */
export type ReportedFile =
  | { readonly path: string; readonly action: FileAction }
  | { readonly path: string; readonly action: 'conflict'; readonly reason: Conflict['reason'] };

/** A project that may be written: planned, compared with the folder, without conflicts unless they were to be kept. */
export interface PreparedProject {
  readonly answers: ProjectSpec;
  readonly decision: PlanComparison;
}

/** Plans the project and compares it with the folder. Writes nothing; throws a KnownError that lists every conflict, unless they are kept. */
export async function prepareProject(request: PrepareRequest): Promise<PreparedProject> {
  const plan = await planProject(request.answers, { version: request.version, command: request.command });
  const decision = await comparePlan(request.folder, plan, request.overwrite);
  if (decision.conflicts.length > 0 && request.conflicts !== 'keep') throw conflictError(decision, request.command);
  return { answers: request.answers, decision };
}

/** Every file of the plan by path, conflicts among them. */
export function reportedFiles({ files, conflicts }: PlanComparison): readonly ReportedFile[] {
  const rows: readonly ReportedFile[] = [
    ...files.map(({ path, action }) => ({ path, action })),
    ...conflicts.map(({ path, reason }) => ({ path, action: 'conflict' as const, reason })),
  ];
  return rows.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

export interface WriteProjectOptions {
  readonly install: boolean;
  readonly git: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
  readonly report?: (event: ScaffoldEvent) => void;
  /** See `WriteOptions`. */
  readonly onWrite?: (path: string, index: number) => void | Promise<void>;
}

export interface WriteResult {
  readonly files: readonly { readonly path: string; readonly action: FileAction }[];
  readonly install: InstallResult | { readonly kind: 'skipped' };
  readonly git: GitResult;
}

/**
 * Writes the project, installs its dependencies and starts its repository, so that the first commit holds the lock file.
 * Rejects only when the files can't be written, and then nothing of them is left; from there on every outcome is in the result.
 */
export async function writeProject(project: PreparedProject, options: WriteProjectOptions): Promise<WriteResult> {
  const { decision, answers } = project;
  const report = options.report ?? (() => undefined);
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const files = decision.files.map(({ path, action }) => ({ path, action }));
  const changed = files.filter(({ action }) => action !== 'identical').length;
  report({ kind: 'writing', files: changed, folder: decision.folder });
  await writeFiles(decision, { ...signal, ...(options.onWrite === undefined ? {} : { onWrite: options.onWrite }) });
  report({ kind: 'written', files: changed, identical: files.length - changed });

  const { packageManager } = answers;
  let install: WriteResult['install'] = { kind: 'skipped' };
  if (options.install) {
    report({ kind: 'installing', packageManager: programOf(packageManager) });
    // Loaded only when wanted, as is git's part below: running other programs takes a large package.
    const { installDependencies } = await import('../languages/typescript/install.ts');
    install = await installDependencies({
      folder: decision.folder,
      packageManager,
      env: options.env,
      ...signal,
      onLine: (line) => report({ kind: 'install-line', line }),
    });
    report({ kind: 'install-ended', result: install });
  }
  if (!options.git || install.kind === 'interrupted') {
    return { files, install, git: { kind: 'skipped', reason: options.git ? 'interrupted' : 'not wanted' } };
  }
  report({ kind: 'git-started' });
  const { startRepository } = await import('./git.ts');
  const paths = [...files.map(({ path }) => path), ...lockFiles(packageManager)];
  const git = await startRepository({ folder: decision.folder, paths, env: options.env, ...signal });
  report({ kind: 'git-ended', result: git });
  return { files, install, git };
}
