import { relative, resolve, sep } from 'node:path';
import { usageError, type ExitStatus } from '../../base/errors.ts';
import { didYouMean } from '../../text/near-match.ts';
import { RECORD_FILE } from '../../process/find-project.ts';
import { shellWord } from '../../text/shell.ts';
import { planStateEdits, writeEdits } from '../../project/edit/write-edits.ts';
import type { RemovedProcess, OpenedProcess, WorkerProject } from '../../project/edit/open-project.ts';
import { planAddition } from '../../project/edit/plan-addition.ts';
import { type AdditionRequest } from '../../project/edit/addition.ts';
import type { PlannedEdit } from '../../project/edit/conflicts.ts';
import type { FileEdit } from '../../project/edit/file-edit.ts';
import type { NextStep } from '../../project/next-steps.ts';
import { languageOf } from '../../languages/registry.ts';

export interface AddRequest {
  readonly project: WorkerProject;
  readonly addition: AdditionRequest;
  /** Absolute; paths of `edit` may be relative to it. */
  readonly cwd: string;
  /** Files with local changes that may be changed, relative to the project or to `cwd`. */
  readonly edit: readonly string[];
  readonly dryRun: boolean;
  /** Asks whether to change a file with local changes. Without it, only files named in `edit` are changed. */
  readonly approve?: ((edit: FileEdit) => Promise<boolean>) | undefined;
  /** This command without `--edit`. */
  readonly command: string;
  /** How a person starts `kuflow`. */
  readonly invocation: string;
  readonly signal?: AbortSignal | undefined;
  /** See `WriteOptions`; a test's way to make a write fail. */
  readonly onWrite?: ((path: string, index: number) => void | Promise<void>) | undefined;
}

export interface AddedFile {
  readonly path: string;
  /** `state`: the project record, or the archive of what was generated. */
  readonly how: PlannedEdit['how'] | 'state';
  /** `left`: the file is unchanged, and `diff` remains to be applied by hand or by another run. */
  readonly action: 'written' | 'would-write' | 'left';
  /** Why it was left. */
  readonly reason?: string;
  /** Unified; empty for `state`. */
  readonly diff: string;
}

/** The result, and what `kuflow add … --json` prints. */
export interface AddResult {
  /** Absolute folder of the project. */
  readonly project: string;
  readonly added:
    | { readonly kind: 'process'; readonly code: string; readonly definition: string }
    | { readonly kind: 'task'; readonly code: string; readonly process: string }
    | { readonly kind: 'activity'; readonly name: string };
  readonly dryRun: boolean;
  readonly files: readonly AddedFile[];
  /** What is uncertain about a definition that was read from instances, and which recorded processes no longer exist. */
  readonly notes: readonly string[];
  readonly next: readonly NextStep[];
  /** 3: a file was left unchanged, so something remains to be done by hand. */
  readonly status: ExitStatus;
}

/** Adds to a project: plans the edits, asks about files with local changes, then writes all of them or none. Rejects with a KnownError. */
export async function addToProject(request: AddRequest): Promise<AddResult> {
  const { project, addition } = request;
  const { processes, edits, base } = await planAddition(project, addition, request);
  const named = resolveEditPaths(request, edits);
  const files: AddedFile[] = [];
  const made: FileEdit[] = [];
  const left: PlannedEdit[] = [];
  for (const edit of edits) {
    const reason = await reasonToLeave(request, edit, named);
    request.signal?.throwIfAborted();
    const about = { path: edit.path, how: edit.how, diff: edit.diff };
    if (edit.how !== 'conflict' && reason === undefined) {
      made.push(edit);
      files.push({ ...about, action: request.dryRun ? 'would-write' : 'written' });
    } else {
      left.push(edit);
      files.push({ ...about, action: 'left', ...(reason === undefined ? {} : { reason }) });
    }
  }
  const state = made.length === 0 ? [] : await planStateEdits(project, { processes, base, made, left });
  const action = request.dryRun ? 'would-write' : 'written';
  files.push(...state.map(({ path }) => ({ path, how: 'state', action, diff: '' }) as const));
  if (!request.dryRun && made.length > 0)
    await writeEdits(project, made, state, { signal: request.signal, onWrite: request.onWrite });
  return {
    project: project.folder,
    added: describeAddition(addition, processes),
    dryRun: request.dryRun,
    files,
    notes: [
      ...(addition.kind === 'process' ? addition.notes : []),
      ...project.notes,
      ...project.removedProcesses.map(removedProcessNote),
    ],
    next: request.dryRun ? [] : [...stepsForLeftFiles(request, left), ...stepsAfterAddition(request, processes)],
    status: left.length > 0 ? 3 : 0,
  };
}

function removedProcessNote({ layout: place, remainingFiles: left }: RemovedProcess): string {
  return left.length === 0
    ? `${place.definitionFile} and its code were deleted, so the process is removed from ${RECORD_FILE}`
    : `${place.definitionFile} was deleted: restore it, or delete the other files of the process (${left.join(', ')})`;
}

function resolveEditPaths({ edit, project, cwd }: AddRequest, edits: readonly PlannedEdit[]): ReadonlySet<string> {
  const paths = edits.map(({ path }) => path);
  return new Set(
    edit.map((given) => {
      const plain = given.replaceAll('\\', '/').replace(/^(?:\.\/)+/, '');
      const fromCwd = relative(project.folder, resolve(cwd, given)).split(sep).join('/');
      const path = [plain, fromCwd].find((one) => paths.includes(one));
      if (path !== undefined) return path;
      throw usageError(
        `--edit ${given}: this file does not need a change${didYouMean(plain, paths)}`,
        paths.length === 0 ? [] : [`Files that need a change: ${paths.join(', ')}`],
      );
    }),
  );
}

async function reasonToLeave(
  request: AddRequest,
  edit: PlannedEdit,
  named: ReadonlySet<string>,
): Promise<string | undefined> {
  if (edit.how === 'conflict') return edit.reason;
  if (edit.how !== 'edited-by-hand' || named.has(edit.path)) return undefined;
  if (request.approve !== undefined && !request.dryRun) {
    return (await request.approve(edit)) ? undefined : 'has local changes, and you declined the change';
  }
  return 'has local changes';
}

function describeAddition(addition: AdditionRequest, processes: readonly OpenedProcess[]): AddResult['added'] {
  switch (addition.kind) {
    case 'process':
    case 'resumed-process': {
      const { code } = addition.kind === 'process' ? addition.definition.process : addition.process.definition.process;
      const place = processes.find(({ definition }) => definition.process.code === code)?.layout;
      return { kind: 'process', code, definition: place?.definitionFile ?? '' };
    }
    case 'task':
      return { kind: 'task', code: addition.task.code, process: addition.process.definition.process.code };
    case 'activity':
      return { kind: 'activity', name: addition.name };
  }
}

function stepsForLeftFiles(request: AddRequest, left: readonly PlannedEdit[]): readonly NextStep[] {
  const mergeable = left.filter(({ how }) => how === 'edited-by-hand').map(({ path }) => `--edit ${path}`);
  const others = left.filter(({ how }) => how === 'conflict').map(({ path }) => path);
  return [
    ...(mergeable.length === 0
      ? []
      : [
          {
            command: [request.command, ...mergeable].join(' '),
            text: 'merge the change with yours, or make it by hand',
          },
        ]),
    ...(others.length === 0 ? [] : [{ text: `apply the diff by hand in ${others.join(', ')}` }]),
  ];
}

function stepsAfterAddition(
  { project, addition, invocation }: AddRequest,
  processes: readonly OpenedProcess[],
): readonly NextStep[] {
  const { commands, hints } = languageOf(project.record);
  const { verify: checks, simulated } = commands(project.record.packageManager, project.record);
  const simulation = (code: string): NextStep => ({
    command: `${invocation} dev simulate ${shellWord(code)} -- ${simulated}`,
    text: 'run one process to completion on the local KuFlow, which is restarted if it is running',
  });
  switch (addition.kind) {
    case 'process':
    case 'resumed-process': {
      const { process, workflow } = addition.kind === 'process' ? addition.definition : addition.process.definition;
      return [
        ...checks,
        simulation(process.code),
        {
          text: `in the KuFlow app, set these values in the process definition ${process.code}: task queue ${workflow.taskQueue}, workflow type ${workflow.type}`,
        },
      ];
    }
    case 'task': {
      const { code } = addition.process.definition.process;
      const others = processes.length > 1 ? ` of ${code}` : '';
      return [
        ...checks,
        simulation(code),
        {
          text: `also add the task${others} in the KuFlow app; if processes are already running, ${hints.changeWorkflow}`,
        },
      ];
    }
    case 'activity':
      return [{ text: hints.callActivity(addition.name, project.record) }, ...checks.slice(0, 1)];
  }
}
