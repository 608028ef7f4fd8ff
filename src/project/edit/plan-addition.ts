import { isDeepStrictEqual } from 'node:util';
import { usageError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near-match.ts';
import type { ProcessLayout } from '../../languages/language.ts';
import type { ProcessSpec } from '../../languages/project-spec.ts';
import type { ActionDefinition, TaskDefinition } from '../../process/definition.ts';
import type { OpenedProcess, WorkerProject } from './open-project.ts';
import { planActivity } from './plan-activity.ts';
import type { Addition } from './plan-code-edits.ts';
import { planDefinitions } from './plan-definitions.ts';
import { planProcess, resumeProcess } from './plan-process.ts';
import { rejectUsedWorkflowType } from './process-collisions.ts';

export type AdditionRequest =
  | ({ readonly kind: 'process' } & Omit<ProcessSpec, 'slug' | 'choices'>)
  /** A process that was added before, but not completely. */
  | { readonly kind: 'resumed-process'; readonly process: OpenedProcess }
  | {
      readonly kind: 'task';
      readonly process: OpenedProcess;
      readonly task: TaskDefinition;
      /** Code of the task to insert it after. Default: the last task. */
      readonly after?: string | undefined;
    }
  | { readonly kind: 'action'; readonly process: OpenedProcess; readonly action: ActionDefinition }
  | { readonly kind: 'activity'; readonly name: string }
  /** The code for what people have changed in the definition files. */
  | { readonly kind: 'code' };

/** Plans an addition; writes nothing. Rejects with a usage error if the project already has all of it. `invocation`: how the user runs `kuflow`. */
export async function planAddition(
  project: WorkerProject,
  request: AdditionRequest,
  { invocation }: { readonly invocation: string },
): Promise<Addition> {
  switch (request.kind) {
    case 'process':
      return planProcess(project, request, invocation);
    case 'resumed-process':
      return resumeProcess(project, request.process, invocation);
    case 'task':
      return planTask(project, request, invocation);
    case 'action':
      return planAction(project, request, invocation);
    case 'activity':
      return planActivity(project, request.name);
    case 'code':
      return planDefinitions(
        project,
        project.processes.map((process) => ({ process, definition: process.definition })),
      );
  }
}

/** A task that was added to the definition by hand is added to the code. */
async function planTask(
  project: WorkerProject,
  { process, task, after }: Extract<AdditionRequest, { kind: 'task' }>,
  invocation: string,
): Promise<Addition> {
  const { definition, layout } = process;
  const existing = definition.tasks.find(({ code }) => code === task.code);
  if (existing !== undefined) {
    const { name = existing.name, data = existing.data } = task;
    const isSame = existing.kind === task.kind && existing.name === name && isDeepStrictEqual(existing.data, data);
    const what = `the ${existing.kind} task ${task.code}`;
    return planMissingCode(project, process, { what, isSame, completed: layout, invocation });
  }
  const codes = definition.tasks.map(({ code }) => code);
  if (after !== undefined && !codes.includes(after)) {
    throw usageError(
      `--after ${after}: ${definition.process.code} has no such task${didYouMean(after, codes)}`,
      codes.length === 0 ? [] : [`Its tasks: ${codes.join(', ')}`],
    );
  }
  const at = after === undefined ? codes.length : codes.indexOf(after) + 1;
  const changed = { ...definition, tasks: definition.tasks.toSpliced(at, 0, task) };
  return planDefinitions(project, [{ process, definition: changed }], layout);
}

async function planAction(
  project: WorkerProject,
  { process, action }: Extract<AdditionRequest, { kind: 'action' }>,
  invocation: string,
): Promise<Addition> {
  const { definition } = process;
  const { actions = [] } = definition;
  const existing = actions.find(({ code }) => code === action.code);
  if (existing !== undefined) {
    // What the options leave out is not compared, as with tasks.
    const isSame = isDeepStrictEqual(existing, { ...existing, ...action });
    return planMissingCode(project, process, {
      what: `the action ${action.code}`,
      isSame,
      completed: 'all',
      invocation,
    });
  }
  if ('workflow' in action) await rejectUsedWorkflowType(project, action.workflow.type, action.code);
  return planDefinitions(project, [{ process, definition: { ...definition, actions: [...actions, action] } }]);
}

interface ExistingPart {
  /** For use in a sentence. */
  readonly what: string;
  /** Whether it is as requested. What exists is changed in the definition file. */
  readonly isSame: boolean;
  readonly completed: ProcessLayout | 'all';
  readonly invocation: string;
}

/** Plans the code that a project does not have yet for a part of a definition. Rejects if it has all of it. */
async function planMissingCode(
  project: WorkerProject,
  process: OpenedProcess,
  { what, isSame, completed, invocation }: ExistingPart,
): Promise<Addition> {
  const { definition, layout } = process;
  const exists = `${definition.process.code} already has ${what}`;
  if (!isSame)
    throw usageError(`${exists}, which differs from these options`, [`Change it in ${layout.definitionFile}`]);
  const missing = await planDefinitions(project, [{ process, definition }], completed);
  if (missing.edits.length > 0) return missing;
  throw usageError(`${exists}, and its code is up to date`, [
    `To change it, edit ${layout.definitionFile}, then run ${invocation} generate`,
  ]);
}
