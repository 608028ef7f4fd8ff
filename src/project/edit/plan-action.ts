import { isDeepStrictEqual } from 'node:util';
import { usageError } from '../../base/errors.ts';
import type { Addition, AdditionContext, AdditionRequest } from './addition.ts';
import type { WorkerProject } from './open-project.ts';
import { planDefinitions } from './plan-definitions.ts';
import { rejectUsedWorkflowType } from './plan-process.ts';

/**
 * Plans a new user action and its code. For an action that already exists, plans the code that the project does not have yet, and rejects if
 * nothing is left.
 */
export async function planAction(
  project: WorkerProject,
  { process, action }: Extract<AdditionRequest, { kind: 'action' }>,
  { invocation }: AdditionContext,
): Promise<Addition> {
  const { definition, layout } = process;
  const { actions = [] } = definition;
  const where = `Action ${action.code} of ${definition.process.code} already exists`;
  const existing = actions.find(({ code }) => code === action.code);
  if (existing === undefined) {
    if ('workflow' in action) await rejectUsedWorkflowType(project, action.workflow.type, action.code);
    return planDefinitions(project, [{ process, definition: { ...definition, actions: [...actions, action] } }]);
  }
  // What the options leave out is not compared, as with tasks.
  if (!isDeepStrictEqual(existing, { ...existing, ...action }))
    throw usageError(`${where} and differs from these options`, [`Change it in ${layout.definitionFile}`]);
  const remaining = await planDefinitions(project, [{ process, definition }]);
  if (remaining.edits.length === 0)
    throw usageError(`${where}, and its code is up to date`, [
      `To change it, edit ${layout.definitionFile}, then run ${invocation} generate`,
    ]);
  return remaining;
}
