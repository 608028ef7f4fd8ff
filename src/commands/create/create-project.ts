import { basename, relative, resolve } from 'node:path';
import { KnownError, worstExitStatus, type ExitStatus } from '../../base/errors.ts';
import type { CheckEvent } from '../../diagnostics/check.ts';
import type { ConnectionReport } from '../../diagnostics/report.ts';
import { npmNameProblem } from '../../languages/typescript/package-name.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { DiscoveryEvent } from '../../discovery/types.ts';
import type { ProjectSpec, DefinitionSource } from '../../languages/project-spec.ts';
import { nextSteps, overwriteCommand, type NextStep, type ReadWith } from '../../project/next-steps.ts';
import {
  writeProject,
  prepareProject,
  listFileActions,
  type WriteResult,
  type ReportedFile,
  type ScaffoldEvent,
} from '../../project/scaffold.ts';
import { findDefinition, type DefinitionRequest, type Discover } from './load-definition.ts';
import { projectCredentials, type ProjectCredentials } from './project-credentials.ts';

export interface CreateRequest {
  /** As given, relative to `cwd`. */
  readonly folder: string;
  readonly cwd: string;
  readonly answers: Omit<ProjectSpec, 'definition' | 'definitionSource'>;
  readonly definition: DefinitionRequest;
  readonly overwrite: readonly string[];
  readonly dryRun: boolean;
  readonly install: boolean;
  readonly git: boolean;
  readonly check: boolean;
  /** What gave the credentials that the process was read with, where the project does not get them. */
  readonly readWith?: ReadWith;
  /** Repeats this run without questions. */
  readonly command: string;
}

export type CheckOutcome =
  | { readonly kind: 'checked'; readonly report: ConnectionReport }
  | { readonly kind: 'not-run'; readonly reason: string }
  /** It was wanted and could not begin, for instance without a Temporal server for the local platform. */
  | { readonly kind: 'impossible'; readonly reason: string; readonly seen?: string; readonly next: readonly string[] };

export interface CheckedProject {
  /** Absolute. */
  readonly folder: string;
  /** The local platform is started for the check and stopped again. */
  readonly local: boolean;
  readonly definition: ProcessDefinition;
  readonly report: (event: CheckEvent) => void;
  readonly signal: AbortSignal;
}

/** The world as the flow meets it. */
export interface CreateDependencies {
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Reads a process from the API; rejects with a KnownError when nothing of it is visible. */
  readonly discover: Discover;
  /** Looks at the connection as the project in `folder` will have it. */
  readonly check: (project: CheckedProject) => Promise<CheckOutcome>;
  readonly report: {
    readonly scaffold: (event: ScaffoldEvent) => void;
    readonly check: (event: CheckEvent) => void;
    readonly discovery: (event: DiscoveryEvent) => void;
  };
  /** See `WriteOptions`; a test's way to make a write fail. */
  readonly onWrite?: (path: string, index: number) => void | Promise<void>;
}

export interface CreateResult {
  readonly folder: string;
  readonly name: string;
  readonly language: string;
  readonly process: { readonly code: string; readonly source: DefinitionSource; readonly tasks: number };
  /** Why the name is not the folder's, and what is uncertain about a definition that was read from instances. */
  readonly notes: readonly string[];
  readonly dryRun: boolean;
  /** `conflict` only in a dry run. */
  readonly files: readonly ReportedFile[];
  readonly install: WriteResult['install'];
  readonly git: WriteResult['git'];
  readonly check: CheckOutcome;
  readonly next: readonly NextStep[];
  readonly command: string;
  readonly status: ExitStatus;
}

/**
 * Makes a worker project: definition, plan, files, dependencies, repository, connectivity check. Rejects with a KnownError before or while
 * the files are written, and then nothing of them is left. After that the project stays whatever happens, and the result tells.
 */
export async function createProject(request: CreateRequest, deps: CreateDependencies): Promise<CreateResult> {
  const folder = resolve(request.cwd, request.folder);
  const {
    definition,
    source,
    notes: evidence,
  } = await findDefinition(request.definition, {
    cwd: request.cwd,
    discover: deps.discover,
    report: deps.report.discovery,
  });
  const answers: ProjectSpec = {
    ...request.answers,
    definition,
    definitionSource: source,
    ...(evidence.length === 0 ? {} : { definitionNotes: evidence }),
  };
  const prepared = await prepareProject({
    folder,
    spec: answers,
    overwrite: request.overwrite,
    version: deps.version,
    command: request.command,
    ...(request.dryRun ? { conflicts: 'keep' as const } : {}),
  });
  const about = {
    folder,
    name: answers.name,
    language: answers.language,
    process: { code: definition.process.code, source, tasks: definition.tasks.length },
    notes: [...namedOtherwise(basename(folder), answers.name), ...evidence],
    dryRun: request.dryRun,
    command: request.command,
  };
  if (request.dryRun) {
    const files = listFileActions(prepared.comparison);
    const next = stepsPastConflicts(files, request.command);
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
  const made = await writeProject(prepared, {
    install: request.install,
    git: request.git,
    env: deps.env,
    signal: deps.signal,
    report: deps.report.scaffold,
    ...(deps.onWrite === undefined ? {} : { onWrite: deps.onWrite }),
  });
  const credentials: ProjectCredentials = answers.local
    ? { from: 'none', shadowedBy: [] }
    : await projectCredentials(folder, deps.env);
  const check = await checkProject(request, { folder, definition, credentials }, deps);
  const passed = check.kind === 'checked' && check.report.status === 0;
  return {
    ...about,
    ...made,
    check,
    next: nextSteps({
      folder: relative(request.cwd, folder),
      packageManager: answers.packageManager,
      installed: made.install.kind === 'installed',
      managerMissing: made.install.kind === 'failed' && made.install.missing === true,
      ...(made.install.kind === 'failed' && made.install.registry !== undefined
        ? { registry: made.install.registry }
        : {}),
      local: answers.local,
      credentials: credentials.from,
      // What the environment says over files that were there before is how it was wanted.
      shadowedBy: answers.connection?.clientSecret === undefined ? [] : credentials.shadowedBy,
      ...(request.readWith === undefined ? {} : { readWith: request.readWith }),
      check: passed ? 'passed' : check.kind === 'checked' ? 'failed' : 'not-run',
      commitLeft: made.git.kind === 'initialised' || (made.git.kind === 'failed' && made.git.made),
      repositoryLeft:
        (made.git.kind === 'failed' && !made.git.made) ||
        (request.git && made.git.kind === 'skipped' && made.git.reason === 'interrupted'),
    }),
    status: worstExitStatus([
      deps.signal.aborted ? 130 : 0,
      made.install.kind === 'failed' ? 1 : 0,
      check.kind === 'checked' ? check.report.status : check.kind === 'impossible' ? 4 : 0,
    ]),
  };
}

function namedOtherwise(folder: string, name: string): readonly string[] {
  if (folder === name) return [];
  const why = npmNameProblem(folder);
  return why === undefined ? [] : [`Its package is named ${name}: the name of the folder ${why}, which npm refuses`];
}

function stepsPastConflicts(files: readonly ReportedFile[], command: string): readonly NextStep[] {
  const conflicts = files.filter((file) => file.action === 'conflict');
  const replaceable = conflicts.filter(({ reason }) => reason === 'differs').map(({ path }) => path);
  const others = replaceable.length < conflicts.length ? ', once the others are away' : '';
  return [
    ...(conflicts.length === 0 ? [] : [{ text: 'choose another folder, or move the files in conflict away' }]),
    ...(replaceable.length === 0
      ? []
      : [{ command: overwriteCommand(command, replaceable), text: `or replace what differs${others}` }]),
  ];
}

async function checkProject(
  request: CreateRequest,
  made: {
    readonly folder: string;
    readonly definition: ProcessDefinition;
    readonly credentials: ProjectCredentials;
  },
  deps: CreateDependencies,
): Promise<CheckOutcome> {
  const { folder, definition, credentials } = made;
  if (!request.check) return { kind: 'not-run', reason: 'not wanted' };
  const aborted = (): boolean => deps.signal.aborted;
  if (aborted()) return { kind: 'not-run', reason: 'interrupted' };
  if (!request.answers.local && credentials.from === 'none') {
    return { kind: 'not-run', reason: 'no client id and secret yet' };
  }
  const { local } = request.answers;
  try {
    return await deps.check({ folder, local, definition, report: deps.report.check, signal: deps.signal });
  } catch (error) {
    // The project is written by now: whatever keeps the check from being made is part of the result.
    if (aborted()) return { kind: 'not-run', reason: 'interrupted' };
    if (!(error instanceof KnownError)) throw error;
    const { message, seen, next } = error;
    return { kind: 'impossible', reason: message, next, ...(seen === undefined ? {} : { seen }) };
  }
}
