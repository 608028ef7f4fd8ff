import { isDeepStrictEqual } from 'node:util';
import { usageError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near-match.ts';
import type { TaskDefinition } from '../../process/definition.ts';
import type { Addition, AdditionRequest } from './addition.ts';
import type { OpenedProcess, WorkerProject } from './open-project.ts';
import { planDefinitions } from './plan-definitions.ts';

/**
 * Plans a new task. A task that was added to the definition by hand is added to the code. For a task that already exists, plans what an
 * earlier run did not complete, and rejects if nothing is left.
 */
export async function planTask(
  project: WorkerProject,
  { process, task, after }: Extract<AdditionRequest, { kind: 'task' }>,
): Promise<Addition> {
  const { definition, layout } = process;
  const existing = definition.tasks.find(({ code }) => code === task.code);
  if (existing !== undefined) {
    rejectDifferentTask(process, existing, task);
    const remaining = await planDefinitions(project, [{ process, definition }], layout);
    if (remaining.edits.length > 0) return remaining;
    throw usageError(
      `Task ${task.code} (${existing.kind}) of ${definition.process.code} already exists, and its code is up to date`,
      [`To change it, edit ${layout.definitionFile}, then run the command again`],
    );
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

/** Rejects a task that differs from the existing one: existing tasks are changed in the definition file. */
function rejectDifferentTask(
  { definition, layout }: OpenedProcess,
  existing: TaskDefinition,
  requested: TaskDefinition,
): void {
  const { name = existing.name, data = existing.data } = requested;
  if (existing.kind === requested.kind && existing.name === name && isDeepStrictEqual(existing.data, data)) return;
  throw usageError(
    `Task ${existing.code} (${existing.kind}) of ${definition.process.code} already exists and differs from these options`,
    [`Change it in ${layout.definitionFile}`],
  );
}
