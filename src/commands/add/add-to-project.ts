import type { ExitStatus } from '../../base/exit-status.ts';
import { shellWord } from '../../base/shell.ts';
import { makeEdits, stepsForLeftFiles, type EditedFile, type EditsRequest } from '../../project/edit/make-edits.ts';
import { removedProcessNote, type OpenedProcess } from '../../project/edit/open-project.ts';
import { planAddition, type AdditionRequest } from '../../project/edit/plan-addition.ts';
import { workflowChangeHint, type NextStep } from '../../project/next-steps.ts';
import { languageOf } from '../../languages/all-languages.ts';

export interface AddRequest extends Omit<EditsRequest, 'planned'> {
  readonly addition: AdditionRequest;
  /** This command without `--edit`. */
  readonly command: string;
  readonly invocation: string;
}

/** The result, and what `kuflow add … --json` and `kuflow generate --json` print. */
export interface AddResult {
  /** Absolute folder of the project. */
  readonly project: string;
  readonly added:
    | { readonly kind: 'process'; readonly code: string; readonly definition: string }
    | { readonly kind: 'task' | 'action'; readonly code: string; readonly process: string }
    | { readonly kind: 'activity'; readonly name: string }
    | { readonly kind: 'code' };
  readonly dryRun: boolean;
  readonly files: readonly EditedFile[];
  /** What is uncertain about a definition that was read from instances, and which recorded processes no longer exist. */
  readonly notes: readonly string[];
  readonly next: readonly NextStep[];
  /** 3: a file was left unchanged, so something remains to be done by hand. */
  readonly status: ExitStatus;
}

/** Adds to a project: plans the edits, asks about files with local changes, then writes all of them or none. Rejects with a KnownError. */
export async function addToProject(request: AddRequest): Promise<AddResult> {
  const { project, addition } = request;
  const planned = await planAddition(project, addition, request);
  const { processes } = planned;
  const { files, left } = await makeEdits({ ...request, planned });
  return {
    project: project.folder,
    added: describeAddition(addition, processes),
    dryRun: request.dryRun,
    files,
    notes: [
      ...(addition.kind === 'process' ? (addition.notes ?? []) : []),
      ...project.notes,
      ...project.removedProcesses.map(removedProcessNote),
    ],
    next:
      request.dryRun || files.length === 0
        ? []
        : [
            ...stepsForLeftFiles(request.command, left),
            ...stepsAfterAddition(request, processes, changesDefinition(files)),
          ],
    status: left.length > 0 ? 3 : 0,
  };
}

/** False for a task or action that was already in the definition, so that only its code was updated. */
export const changesDefinition = (files: AddResult['files']): boolean => files.some(({ how }) => how === 'definition');

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
    case 'action':
      return { kind: 'action', code: addition.action.code, process: addition.process.definition.process.code };
    case 'activity':
      return { kind: 'activity', name: addition.name };
    case 'code':
      return { kind: 'code' };
  }
}

function stepsAfterAddition(
  { project, addition, invocation }: AddRequest,
  processes: readonly OpenedProcess[],
  isNew: boolean,
): readonly NextStep[] {
  const { commands, hints } = languageOf(project.record);
  const { verify: checks, simulated } = commands(project.record.packageManager, project.record);
  const simulation = (code: string): NextStep => ({
    command: `${invocation} dev simulate ${shellWord(code)} -- ${simulated}`,
    text: 'run one process end to end, and restart the local KuFlow if needed',
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
      const inApp = isNew
        ? `also add the task${others} in the KuFlow app`
        : `if the KuFlow app does not have the task${others} yet, add it there`;
      return [
        ...checks,
        simulation(code),
        { text: `${inApp}; if processes are already running, ${workflowChangeHint(project.record)}` },
      ];
    }
    case 'action': {
      const { action, process } = addition;
      const { code } = process.definition.process;
      const place = isNew
        ? `also add the action to ${code} in the KuFlow app`
        : `if ${code} in the KuFlow app does not have the action yet, add it there`;
      const workflow = 'workflow' in action ? action.workflow : undefined;
      const values = workflow === undefined ? '' : `: task queue ${workflow.taskQueue}, workflow type ${workflow.type}`;
      return [...checks, { text: `${place}${values}` }];
    }
    case 'activity':
      return [{ text: hints.callActivity(addition.name, project.record) }, ...checks.slice(0, 1)];
    case 'code':
      return [...checks, { text: `if processes are already running, ${workflowChangeHint(project.record)}` }];
  }
}
