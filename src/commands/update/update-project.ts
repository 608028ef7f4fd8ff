import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { countOf } from '../../base/count-of.ts';
import { amendError, KnownError, usageError } from '../../base/errors.ts';
import { escapeForTerminal } from '../../base/escape.ts';
import { worstExitStatus, type ExitStatus } from '../../base/exit-status.ts';
import { withoutUndefined } from '../../base/json.ts';
import { sortByPath } from '../../base/sort-by-path.ts';
import type { ProjectTemplate } from '../../languages/project-spec.ts';
import { languageOf } from '../../languages/all-languages.ts';
import type { InstallResult, ToolFailure } from '../../languages/run-project-tool.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import { BASE_FILE, isSameBase, isSamePart } from '../../project/base-archive.ts';
import { removedProcessNote } from '../../project/edit/open-project.ts';
import { planState, type StateEdit } from '../../project/edit/write-edits.ts';
import { writeChanges, type ChangedFile } from '../../project/write-files.ts';
import type { NextStep } from '../../project/next-steps.ts';
import { containsLibrary } from '../../languages/worker-library.ts';
import { locateProject } from '../../project/commands.ts';
import { writeSharedLibrary } from '../../project/join/plan-outside.ts';
import { fetchRecordedTemplate } from '../../project/template/fetch.ts';
import {
  changesBetween,
  PROJECT_MIGRATIONS,
  type ListedChange,
  type Migration,
} from '../../project/update/migrations.ts';
import {
  baseWithout,
  findMarkedFiles,
  planUpdate,
  type MarkedFile,
  type UpdateConflict,
  type UpdatedFile,
} from '../../project/update/plan-update.ts';
import { readTemplateTitle } from '../../project/view.ts';
import type { Progress } from '../../terminal/progress.ts';
import type { UpdatableProject } from './open-for-update.ts';
import { rejectDirtyTree, rejectIgnoredState, uncommittedPaths, undoCommand } from './uncommitted-changes.ts';

/** What to do with a file in conflict: write it with markers, keep the local lines, or leave it as it is. */
export type ConflictChoice = 'markers' | 'ours' | 'skip';

export interface UpdateRequest extends UpdatableProject {
  /** Version of this tool. */
  readonly version: string;
  /** Absolute. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly conflicts?: ConflictChoice | undefined;
  /** Asks about a conflict. Without it and without `conflicts`, nothing is written if there are conflicts. */
  readonly choose?: ((conflict: UpdateConflict) => Promise<ConflictChoice>) | undefined;
  readonly dryRun?: boolean | undefined;
  readonly allowDirty?: boolean | undefined;
  /** Use the copy of the user's own template in the project instead of reading its source again. */
  readonly keepTemplate?: boolean | undefined;
  /** Paths of the files of an interrupted change that was completed when the project was opened. Its dependencies and checks are left to do. */
  readonly recovered?: readonly string[] | undefined;
  /** False with --no-install. */
  readonly install: boolean;
  /** False with --no-verify. */
  readonly verify: boolean;
  /** This command without `--conflicts`. */
  readonly command: string;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: Progress | undefined;
  /** See `WriteOptions`. */
  readonly onWrite?: ((path: string, index: number) => void | Promise<void>) | undefined;
  readonly migrations?: readonly Migration[] | undefined;
}

type VerifyResult = { readonly command: string } & (
  | { readonly kind: 'passed'; readonly ms: number }
  | (Omit<ToolFailure, 'command'> & { readonly kind: 'failed' })
  | { readonly kind: 'interrupted' }
);

export interface UpdateResultFile {
  readonly path: string;
  /** The path before the update, if the templates renamed the file. */
  readonly from?: string;
  /** `state`: the project record or the base archive. */
  readonly how: UpdatedFile['how'] | 'conflict' | 'state';
  /**
   * `kept`: your version is the result. `left`: the file stays as it is until the next update. `unresolved`: nothing was written, because
   * there are conflicts without a decision; `how` says what the update would do.
   */
  readonly action: 'written' | 'would-write' | 'kept' | 'left' | 'unresolved';
  /** For a conflict that was decided. */
  readonly choice?: ConflictChoice;
  /** Why the file is in conflict, or why the templates no longer have it. */
  readonly reason?: string;
  /** Unified; empty for `state`. */
  readonly diff: string;
  /** The places in conflict; absent if the whole file is. `line`: of the file before the update. `key`: in a file that is merged by key. */
  readonly conflicts?: readonly { readonly line: number; readonly key?: string }[];
}

/** The result, and what `kuflow update --json` prints. */
export interface UpdateResult {
  /** Absolute folder of the project. */
  readonly project: string;
  /** The version that generated the project before, and this version. */
  readonly from: string;
  readonly to: string;
  /** `unresolved`: nothing was written, because of conflicts. */
  readonly result: 'up-to-date' | 'updated' | 'would-update' | 'unresolved';
  readonly changes: readonly ListedChange[];
  readonly files: readonly UpdateResultFile[];
  readonly notes: readonly string[];
  readonly install: InstallResult | { readonly kind: 'skipped'; readonly reason: string };
  /** The results of the project's own checks. Empty if they did not run: then `skipped` in `verify` says why. */
  readonly verify: { readonly skipped?: string; readonly checks: readonly VerifyResult[] };
  /** Undoes everything that was written. Absent if nothing was written, or if git cannot undo it. */
  readonly undo?: string;
  readonly next: readonly NextStep[];
  readonly status: ExitStatus;
}

interface StepsLeft {
  readonly isInstallLeft: boolean;
  readonly areChecksLeft: boolean;
}

interface Decision {
  readonly conflict: UpdateConflict;
  /** Undefined if nobody decided. */
  readonly choice: ConflictChoice | undefined;
  readonly changes: readonly ChangedFile[];
}

/**
 * Updates a project to the templates of this version: writes all files or none, then installs the dependencies if they changed, and runs the
 * project's own checks. Rejects with a KnownError before or while it writes, and then nothing changed.
 */
export async function updateProject(request: UpdateRequest): Promise<UpdateResult> {
  const { project, workTree, version, dryRun = false, recovered = [], migrations = PROJECT_MIGRATIONS } = request;
  const { record } = project;
  const about = {
    ...{ project: project.folder, from: record.version, to: version },
    changes: changesBetween(migrations, record.language, { from: record.version, to: version }),
    notes: project.removedProcesses.map(removedProcessNote),
  };
  const nothing = (reason: string) => ({
    install: { kind: 'skipped', reason } as const,
    verify: { skipped: reason, checks: [] },
  });
  const marked = await findMarkedFiles(project);
  if (marked.length > 0) return { ...about, ...nothing('conflict markers'), ...resultOfMarked(request, marked) };
  const ownTemplate = await readOwnTemplate(request);
  const plan = await planUpdate(project, { version, migrations, template: ownTemplate });
  const conflicts = plan.files.filter((file) => file.how === 'conflict');
  const updated = plan.files.filter((file) => file.how !== 'conflict');
  const template = { version, cliPackage: plan.cliPackage, origin: ownTemplate?.origin };
  const stateWithout = async (left: readonly UpdateConflict[]): Promise<readonly StateEdit[]> => {
    const base = baseWithout(project, plan.base, left);
    const state = await planState(project, { processes: project.processes, base, template });
    return state.filter(({ path, after }) => {
      if (path === BASE_FILE) return !isSameBase(base, project.base);
      return path !== RECORD_FILE || !isDeepStrictEqual(JSON.parse(Buffer.from(after).toString('utf8')), record.raw);
    });
  };
  // With the same files, the base alone only follows edits of the definition that no file depends on.
  const isUpToDate =
    plan.files.length === 0 &&
    isSamePart(plan.base.template, project.base.template) &&
    (await stateWithout([])).every(({ path }) => path === BASE_FILE);
  if (isUpToDate) {
    if (dryRun || recovered.length === 0)
      return { ...about, ...nothing('up to date'), result: 'up-to-date', files: [], next: [], status: 0 };
    const { end, stepsLeft } = await finishUpdate(request, { written: recovered, marked: [] });
    const next = stepsAfterUpdate(request, { ...stepsLeft, marked: [], left: [], undo: undefined });
    return { ...about, ...end, result: 'updated', files: [], next };
  }

  const dirty = uncommittedPaths(workTree);
  if (!dryRun && request.allowDirty !== true) {
    rejectDirtyTree(request, dirty);
    await rejectIgnoredState(request);
  }
  const decisions: Decision[] = [];
  for (const conflict of conflicts) decisions.push(await decide(request, conflict));
  request.signal?.throwIfAborted();
  const isUnresolved = decisions.some(({ choice }) => choice === undefined);
  const left = decisions.filter(({ choice }) => choice === undefined || choice === 'skip');
  const state = await stateWithout(left.map(({ conflict }) => conflict));
  const action = dryRun ? 'would-write' : 'written';
  const files = sortByPath<UpdateResultFile>([
    ...updated.map((file) => resultRow(file, isUnresolved && !dryRun ? 'unresolved' : action)),
    ...decisions.map((decision) => conflictRow(decision, action, isUnresolved && !dryRun)),
  ]);
  const remaining = decisions.some(({ choice }) => choice !== 'ours') ? 3 : 0;
  if (isUnresolved && !dryRun) {
    return {
      ...about,
      ...nothing('conflicts'),
      ...{ result: 'unresolved', files, next: stepsForConflicts(request, decisions), status: 2 },
    };
  }
  const stateRows = state.map(({ path }) => ({ path, how: 'state', action, diff: '' }) as const);
  if (dryRun) {
    const next = isUnresolved ? stepsForConflicts(request, decisions) : [];
    return {
      ...about,
      ...nothing('dry run'),
      ...{ result: 'would-update', files: [...files, ...stateRows], next, status: isUnresolved ? 2 : remaining },
    };
  }

  const changes = [...updated, ...decisions].flatMap((file) => file.changes);
  if (changes.length + state.length === 0) {
    const nothingDone = { marked: [], left, isInstallLeft: false, areChecksLeft: false, undo: undefined };
    const next = stepsAfterUpdate(request, nothingDone);
    return { ...about, ...nothing('nothing was written'), result: 'unresolved', files, next, status: remaining };
  }
  const shared = await updateSharedLibrary(request);
  await writeChanges(project.folder, changes, state, { signal: request.signal, onWrite: request.onWrite });
  request.progress?.end('done', `Wrote ${countOf(changes.length + state.length, 'file')}`);
  const written = [...changes.map(({ path }) => path), ...recovered];
  const withMarkers = decisions.filter(({ choice }) => choice === 'markers').map(({ conflict }) => conflict.path);
  const { end, stepsLeft } = await finishUpdate(request, { written, marked: withMarkers });
  const undo = await undoCommand(request, dirty, {
    changes: [...changes, ...state],
    shared,
    isInstalled: end.install.kind !== 'skipped',
  });
  return {
    ...about,
    ...end,
    ...{ result: 'updated', files: [...files, ...stateRows] },
    ...(undo === undefined ? {} : { undo }),
    next: stepsAfterUpdate(request, { ...stepsLeft, marked: withMarkers, left, undo }),
    status: worstExitStatus([end.status, remaining]),
  };
}

/**
 * Gives the root of the workspace the library of this version. It has another name than that of other versions, so it changes nothing for
 * members that were not updated, or if the update fails later. Resolves to the changes, with paths relative to the project.
 */
async function updateSharedLibrary({ project, signal }: UpdateRequest): Promise<readonly ChangedFile[]> {
  const { record, folder } = project;
  if (record.workspace === undefined || !containsLibrary(record)) return [];
  const { root } = record.workspace;
  const files = await writeSharedLibrary(join(folder, root), record.language, { signal });
  return files.map(({ path, contents, original }) => ({ path: `${root}/${path}`, before: original, after: contents }));
}

/** Installs the dependencies and runs the checks after these files were written, those in `marked` with conflict markers. */
async function finishUpdate(
  request: UpdateRequest,
  { written, marked }: { readonly written: readonly string[]; readonly marked: readonly string[] },
): Promise<{ readonly end: Pick<UpdateResult, 'install' | 'verify' | 'status'>; readonly stepsLeft: StepsLeft }> {
  const dependencies = await dependencyState(request, written);
  const install = await installDependencies(request, dependencies, marked);
  const verify = await runChecks(request, { dependencies, install, marked });
  const hasFailed = install.kind === 'failed' || verify.checks.some(({ kind }) => kind === 'failed');
  const status = worstExitStatus([request.signal?.aborted === true ? 130 : 0, hasFailed ? 1 : 0]);
  return {
    end: { install, verify, status },
    stepsLeft: {
      isInstallLeft: install.kind !== 'installed' && dependencies !== 'installed',
      areChecksLeft: verify.skipped !== undefined,
    },
  };
}

/** The user's own template, read again from its source. Undefined if the project does not have one, or with `--keep-template`. */
async function readOwnTemplate(request: UpdateRequest): Promise<ProjectTemplate | undefined> {
  const { project, keepTemplate = false, command, progress } = request;
  const { template, language } = project.record;
  if (template === undefined && keepTemplate)
    throw usageError('--keep-template: the project was created without --template');
  if (template === undefined || keepTemplate) return undefined;
  progress?.begin(`Reading the template ${escapeForTerminal(template.source, 300)}…`);
  try {
    const read = await fetchRecordedTemplate(template, { folder: project.folder, language }, request);
    progress?.end('done', readTemplateTitle(read.origin));
    return read;
  } catch (error) {
    if (!(error instanceof KnownError)) throw error;
    throw amendError(error, { next: [`Or use the copy of the template in the project: ${command} --keep-template`] });
  }
}

/** The result if files still have the conflict markers of an earlier update, on which nothing can be merged. */
function resultOfMarked(
  { command }: UpdateRequest,
  marked: readonly MarkedFile[],
): Pick<UpdateResult, 'result' | 'files' | 'next' | 'status'> {
  const files = marked.map(({ path, lines }): UpdateResultFile => {
    const conflicts = lines.map((line) => ({ line }));
    return {
      path,
      how: 'conflict',
      action: 'unresolved',
      reason: 'has unresolved conflict markers',
      diff: '',
      conflicts,
    };
  });
  const next = [
    { text: `resolve the conflicts in ${marked.map(({ path }) => path).join(', ')}` },
    { command, text: 'update the project' },
  ];
  return { result: 'unresolved', files, next, status: 3 };
}

async function decide(request: UpdateRequest, conflict: UpdateConflict): Promise<Decision> {
  const { conflicts, choose, dryRun } = request;
  const wanted = conflicts ?? (dryRun === true ? undefined : await choose?.(conflict));
  // A file that cannot have markers stays as it is, and is asked about again.
  const choice = wanted === 'markers' && conflict.markers === undefined ? 'skip' : wanted;
  const changes = choice === 'markers' ? conflict.markers : choice === 'ours' ? conflict.ours : undefined;
  return { conflict, choice, changes: changes ?? [] };
}

function resultRow(file: UpdatedFile, action: UpdateResultFile['action']): UpdateResultFile {
  const { path, from, how, why, diff } = file;
  return withoutUndefined({ path, from, how, action, reason: why, diff });
}

function conflictRow(
  { conflict, choice, changes }: Decision,
  action: UpdateResultFile['action'],
  isRefused: boolean,
): UpdateResultFile {
  const { path, from, reason, why, diff, places } = conflict;
  const isUnresolved = isRefused || choice === undefined;
  const conflicts = places.map(({ line, key }) => withoutUndefined({ line, key }));
  return withoutUndefined({
    ...{ path, from, how: 'conflict' as const, choice, diff },
    action: isUnresolved ? 'unresolved' : changes.length > 0 ? action : choice === 'ours' ? 'kept' : 'left',
    reason: why === undefined ? reason : `${reason}: it ${why}`,
    conflicts: conflicts.length === 0 ? undefined : conflicts,
  });
}

type DependencyState = 'installed' | 'missing' | 'outdated';

/** The state of the dependencies after these files were written. */
async function dependencyState(
  { project: { folder, record }, env }: UpdateRequest,
  written: readonly string[],
): Promise<DependencyState> {
  const { diagnosis, tools } = languageOf(record);
  const { temporalSdk } = await diagnosis();
  const sdk = await temporalSdk(locateProject(folder, record, env));
  if (sdk.kind === 'problem' && sdk.code === 'sdk-not-installed') return 'missing';
  const isChanged = [tools.manifest, ...tools.lockFiles(record.packageManager)].some((path) => written.includes(path));
  return isChanged || (sdk.kind === 'problem' && sdk.code === 'sdk-install-outdated') ? 'outdated' : 'installed';
}

async function installDependencies(
  { project, install, env, signal, progress }: UpdateRequest,
  dependencies: DependencyState,
  marked: readonly string[],
): Promise<UpdateResult['install']> {
  const { tools } = languageOf(project.record);
  const { packageManager, workspace } = project.record;
  const skipped = (reason: string) => ({ kind: 'skipped', reason }) as const;
  if (dependencies === 'installed') return skipped(`${tools.manifest} did not change`);
  if (!install) return skipped('--no-install');
  if (marked.includes(tools.manifest)) return skipped(`${tools.manifest} has conflicts`);
  if (signal?.aborted === true) return { kind: 'interrupted' };
  progress?.begin(`Installing dependencies with ${tools.title(packageManager)}…`);
  const result = await tools.install({
    folder: project.folder,
    packageManager,
    isMember: workspace !== undefined,
    env,
    signal,
    onLine: (line) => progress?.detail(line),
  });
  if (result.kind === 'installed') progress?.end('done', 'Installed dependencies');
  else if (result.kind === 'interrupted') progress?.end('warning', 'Installation interrupted');
  else progress?.end('failed', `Could not install dependencies: ${result.seen}`);
  return result;
}

async function runChecks(
  { project, verify, env, signal, progress }: UpdateRequest,
  after: {
    readonly dependencies: DependencyState;
    readonly install: UpdateResult['install'];
    readonly marked: readonly string[];
  },
): Promise<UpdateResult['verify']> {
  const { tools, commands } = languageOf(project.record);
  const { dependencies, install, marked } = after;
  const isInstallLeft = install.kind === 'skipped' && dependencies !== 'installed' && !tools.checksInstall;
  const reason = !verify
    ? '--no-verify'
    : marked.length > 0
      ? 'conflicts'
      : install.kind === 'failed'
        ? 'the dependencies were not installed'
        : isInstallLeft
          ? `the dependencies are ${dependencies}`
          : undefined;
  if (reason !== undefined) return { skipped: reason, checks: [] };
  const checks: VerifyResult[] = [];
  for (const { command } of commands(project.record.packageManager, project.record).verify) {
    if (signal?.aborted === true) break;
    progress?.begin(`Running ${command}…`);
    const onLine = (line: string): void => progress?.detail(line);
    const outcome = await tools.run(command, { folder: project.folder, env, signal, onLine });
    const result: VerifyResult =
      outcome.kind === 'succeeded' ? { command, kind: 'passed', ms: outcome.ms } : { ...outcome, command };
    checks.push(result);
    if (result.kind === 'passed') progress?.end('done', `${command} passed`);
    else if (result.kind === 'interrupted') progress?.end('warning', `${command} interrupted`);
    else progress?.end('failed', `${command} failed: ${result.seen}`);
  }
  return signal?.aborted === true ? { skipped: 'interrupted', checks } : { checks };
}

function stepsForConflicts({ command }: UpdateRequest, decisions: readonly Decision[]): readonly NextStep[] {
  const withMarkers = decisions.some(({ conflict }) => conflict.markers !== undefined);
  const step = (choice: ConflictChoice, text: string): NextStep => ({
    command: `${command} --conflicts ${choice}`,
    text,
  });
  return [
    ...(withMarkers ? [step('markers', 'write conflict markers, and resolve them by hand')] : []),
    step('ours', 'keep your version where the changes conflict'),
    step('skip', 'leave these files as they are until the next update'),
  ];
}

function stepsAfterUpdate(
  request: UpdateRequest,
  outcome: StepsLeft & {
    readonly marked: readonly string[];
    readonly left: readonly Decision[];
    readonly undo: string | undefined;
  },
): readonly NextStep[] {
  const { project, command } = request;
  const { marked, left, isInstallLeft, areChecksLeft, undo } = outcome;
  const { commands, hints } = languageOf(project.record);
  const { install, verify } = commands(project.record.packageManager, project.record);
  return [
    ...(marked.length === 0 ? [] : [{ text: `resolve the conflicts in ${marked.join(', ')}` }]),
    ...left.map(({ conflict: { path, reason } }) => ({
      text: `${path} ${reason}: change it by hand, or run ${command} --conflicts ours to keep your version`,
    })),
    ...(isInstallLeft ? [{ command: install, text: hints.install }] : []),
    ...(areChecksLeft ? verify : []),
    ...(undo === undefined ? [] : [{ command: undo, text: 'undo the update' }]),
  ];
}
