import { basename, relative } from 'node:path';
import { worstExitStatus, type ExitStatus } from '../../base/exit-status.ts';
import type { ConnectionReport } from '../../diagnostics/report-and-exit-status.ts';
import { relativePath } from '../../files/relative-path.ts';
import type { DefinitionSource, TemplateOrigin } from '../../languages/project-spec.ts';
import { projectNameProblem } from '../../languages/project-name.ts';
import { conflictSteps, listFileActions, type ReportedFile } from '../../project/existing-files.ts';
import { describeOutside, type OutsideChange } from '../../project/join/plan-outside.ts';
import { INTERRUPTED, UNIGNORE_ADVICE } from '../../project/first-commit.ts';
import { hasCiWorkflow, nextSteps, type NextStep } from '../../project/next-steps.ts';
import type { PreparedProject } from '../../project/plan.ts';
import { findAbove } from '../../process/find-project.ts';
import type { ProjectCredentials } from './project-credentials.ts';
import type { CreatePlan } from './plan-create.ts';
import type { WriteResult } from './write-project.ts';

export type CheckOutcome =
  | { readonly kind: 'checked'; readonly report: ConnectionReport }
  | { readonly kind: 'not-run'; readonly reason: string }
  /** It was wanted and could not start, for example without a Temporal server for the local KuFlow. */
  | { readonly kind: 'impossible'; readonly reason: string; readonly seen?: string; readonly next: readonly string[] };

export interface CreateResult {
  /** Absolute. */
  readonly folder: string;
  readonly name: string;
  readonly language: string;
  readonly process: { readonly code: string; readonly source: DefinitionSource; readonly tasks: number };
  /** The user's own template, as the project records it; absent without one. */
  readonly template?: TemplateOrigin;
  /** Why the name is not the folder's, what is uncertain about a definition that was read from instances, and which files git must not ignore. */
  readonly notes: readonly string[];
  readonly dryRun: boolean;
  /** `conflict` only in a dry run. */
  readonly files: readonly ReportedFile[];
  /** The workspace whose member the project is; `file` has the list of members. Absent if it does not belong to one. */
  readonly workspace?: { readonly root: string; readonly file: string };
  readonly outside: readonly OutsideChange[];
  readonly install: WriteResult['install'];
  readonly git: WriteResult['git'];
  readonly check: CheckOutcome;
  readonly next: readonly NextStep[];
  readonly command: string;
  readonly status: ExitStatus;
}

/** What happened after the project was planned; only files in a dry run. */
export type CreateOutcome =
  | { readonly kind: 'dry-run' }
  | {
      readonly kind: 'written';
      readonly written: WriteResult;
      readonly credentials: ProjectCredentials;
      readonly check: CheckOutcome;
      /** Files that every clone needs, but git ignores. */
      readonly ignoredState: readonly string[];
      readonly interrupted: boolean;
      /** Absolute; where the user is. */
      readonly cwd: string;
    };

export function createResult(
  plan: CreatePlan,
  { spec, comparison }: PreparedProject,
  outcome: CreateOutcome,
): CreateResult {
  const { folder, project, command, placement } = plan;
  const { definition, source, notes = [] } = spec.processes[0];
  const about = {
    folder,
    name: project.name,
    language: project.language,
    process: { code: definition.process.code, source, tasks: definition.tasks.length },
    ...(spec.template === undefined ? {} : { template: spec.template.origin }),
    notes: [
      ...renamedNotes(basename(folder), project.name),
      ...Object.entries(spec.movedFiles ?? {}).map(
        ([from, to]) => `${from} is unchanged; the worker uses ${to} instead`,
      ),
      ...comparison.files.flatMap(({ path, action }) =>
        action === 'merge' ? [`${path} keeps its lines; those of the worker are added`] : [],
      ),
      ...(outcome.kind === 'dry-run' ? [] : ignoredNotes(outcome.ignoredState)),
      ...notes,
    ],
    ...(placement.kind === 'member'
      ? { workspace: { root: placement.found.root, file: placement.found.workspace.file } }
      : {}),
    outside: describeOutside(comparison.outside ?? []),
    dryRun: plan.dryRun,
    command,
  };
  if (outcome.kind === 'dry-run') {
    const files = listFileActions(comparison);
    const next = conflictSteps(comparison, command);
    const reason = 'dry run';
    return {
      ...about,
      files,
      install: { kind: 'skipped' },
      git: { kind: 'skipped', reason },
      check: { kind: 'not-run', reason },
      next,
      // The run itself would be refused.
      status: next.length === 0 ? 0 : 1,
    };
  }
  const { written, credentials, check } = outcome;
  const { install, git } = written;
  const passed = check.kind === 'checked' && check.report.status === 0;
  return {
    ...about,
    ...written,
    check,
    next: nextSteps({
      folder: relative(outcome.cwd, folder),
      name: project.name,
      language: project.language,
      packageName: project.packageName,
      packageManager: project.packageManager,
      workspace: spec.workspace,
      installed: install.kind === 'installed',
      registry: install.kind === 'failed' ? install.registry : undefined,
      recreate: install.kind === 'failed' && install.unpublished === true ? command : undefined,
      local: project.local,
      credentials: credentials.from,
      // Where no credentials were written, variables that override the files of the project are intended.
      shadowedBy: project.connection['kuflow.api.client-secret'] === undefined ? [] : credentials.shadowedBy,
      readWith: plan.readWith,
      check: passed ? 'passed' : check.kind === 'checked' ? 'failed' : 'not-run',
      workflow:
        placement.kind === 'separate' && plan.git && hasCiWorkflow(written.files)
          ? misplacedWorkflow(folder)
          : undefined,
      commitLeft: git.kind === 'initialised' || (git.kind === 'failed' && git.made),
      repositoryLeft:
        (git.kind === 'failed' && !git.made) || (plan.git && git.kind === 'skipped' && git.reason === INTERRUPTED),
    }),
    status: worstExitStatus([
      outcome.interrupted ? 130 : 0,
      install.kind === 'failed' ? 1 : 0,
      check.kind === 'checked' ? check.report.status : check.kind === 'impossible' ? 4 : 0,
    ]),
  };
}

/** The result as `--json` prints it. A check that ran becomes `{ kind: 'checked', status, results, next }`. */
export function createResultJson(result: CreateResult): object {
  const { check } = result;
  if (check.kind !== 'checked') return result;
  const { status, results, next } = check.report;
  return { ...result, check: { kind: check.kind, status, results, next } };
}

/** The workflow of a project that is not in the root of its repository. */
function misplacedWorkflow(folder: string): { readonly folder: string } | undefined {
  const repository = findAbove(folder, '.git');
  return repository === undefined || repository === folder ? undefined : { folder: relativePath(repository, folder) };
}

function ignoredNotes(ignored: readonly string[]): readonly string[] {
  if (ignored.length === 0) return [];
  return [`git ignores ${ignored.join(' and ')}, which kuflow update needs in every clone. ${UNIGNORE_ADVICE}`];
}

function renamedNotes(folder: string, name: string): readonly string[] {
  if (folder === name) return [];
  const why = projectNameProblem(folder);
  return why === undefined ? [] : [`The project is named ${name}, because the folder name ${why}`];
}
