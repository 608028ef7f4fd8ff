import { isDeepStrictEqual } from 'node:util';
import { usageError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near-match.ts';
import { languageOf } from '../../languages/registry.ts';
import { nameTasks } from '../../languages/task-names.ts';
import { addTask } from '../../process/definition/add-task.ts';
import { requireWorkflow, type TaskDefinition, type WorkerDefinition } from '../../process/definition.ts';
import {
  readDefinitionText,
  withDefinitionsInCode,
  readExportedActivities,
  type OpenedProcess,
  type WorkerProject,
} from './open-project.ts';
import { withGenerated } from '../base-archive.ts';
import type { Addition, AdditionContext, AdditionRequest } from './addition.ts';
import { planCodeEdits, replaceProcess } from './plan-code-edits.ts';
import { editExistingFile } from './file-edit.ts';
import { listActivityNames, pinInputs, assignActivityNames } from './activity-names.ts';

/**
 * Plans a new task. A task that was added to the definition by hand is added to the code. For a task that already exists, plans what an
 * earlier run did not complete, and rejects if nothing is left.
 */
export async function planTask(
  project: WorkerProject,
  { process, task, after }: Extract<AdditionRequest, { kind: 'task' }>,
  { invocation }: AdditionContext,
): Promise<Addition> {
  const { definition, layout } = process;
  const existing = definition.tasks.find(({ code }) => code === task.code);
  if (existing !== undefined) {
    rejectDifferentTask(process, existing, task);
    const text = await readDefinitionText(project, process);
    const remaining = await planProcessCode(project, process, project.processes, text);
    if (remaining.edits.length > 0) return remaining;
    throw usageError(
      `Task ${task.code} (${existing.kind}) of ${definition.process.code} already exists, and its code is up to date`,
      [`To change it, edit ${layout.definitionFile}, then run ${invocation} generate`],
    );
  }
  const codes = definition.tasks.map(({ code }) => code);
  if (after !== undefined && !codes.includes(after)) {
    throw usageError(
      `--after ${after}: ${definition.process.code} has no such task${didYouMean(after, codes)}`,
      codes.length === 0 ? [] : [`Its tasks: ${codes.join(', ')}`],
    );
  }
  const text = await readDefinitionText(project, process);
  const written = await addTask(text, layout.definitionFile, task, after);
  const processes = await assignChoices(project, process, requireWorkflow(written.definition));
  const edit = editExistingFile(layout.definitionFile, text, written.text, undefined);
  const { edits, base } = await planProcessCode(project, process, processes, written.text);
  return { processes, edits: [{ ...edit, how: 'definition' }, ...edits], base };
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

/** Plans the edits that bring the code of a process to the tasks it has in `after`, where its definition file has the text `definition`. */
async function planProcessCode(
  project: WorkerProject,
  process: OpenedProcess,
  after: WorkerProject['processes'],
  definition: string,
): Promise<Addition> {
  const { layout, slug } = process;
  const changed = after.find((one) => one.slug === slug) ?? process;
  const processes = replaceProcess(withDefinitionsInCode(after), changed);
  const { edits, base } = await planCodeEdits(project, processes, layout);
  const file = { path: layout.definitionFile, contents: Buffer.from(definition), mode: 0o644 } as const;
  return { processes: after, edits, base: withGenerated(base, file) };
}

/** The processes of the project with a new definition of one of them, whose new system tasks get unique activity names. */
export async function assignChoices(
  project: WorkerProject,
  process: OpenedProcess,
  definition: WorkerDefinition,
): Promise<WorkerProject['processes']> {
  const changed: OpenedProcess = {
    ...process,
    definition,
    choices: pinInputs(process.definition, definition, process.choices),
  };
  const processes = replaceProcess(project.processes, changed);
  // Existing activities keep their names. Only the new ones need a free name.
  const { naming } = languageOf(project.record);
  const taken = new Set([...(await readExportedActivities(project)), ...listActivityNames(project.processes, naming)]);
  const { tasks } = process.definition;
  const isKnown = ({ code, kind }: TaskDefinition): boolean =>
    tasks.some((task) => task.code === code && task.kind === kind);
  const added = { ...definition, tasks: definition.tasks.filter((task) => !isKnown(task)) };
  const named = nameTasks(definition, changed.choices, naming);
  const [choices = named] = assignActivityNames([{ definition: added, choices: named }], naming, taken);
  return replaceProcess(processes, { ...changed, choices });
}
