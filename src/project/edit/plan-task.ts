import { isDeepStrictEqual } from 'node:util';
import { usageError } from '../../base/errors.ts';
import { didYouMean } from '../../text/near-match.ts';
import { isDefinitionCode } from '../../languages/typescript/layout.ts';
import { nameTasks } from '../../languages/typescript/process-context.ts';
import { addTask } from '../../process/definition/add-task.ts';
import type { ProcessDefinition, TaskDefinition } from '../../process/definition.ts';
import {
  readDefinitionText,
  readExportedActivities,
  hasTask,
  type OpenedProcess,
  type WorkerProject,
} from './open-project.ts';
import type { Addition, AdditionContext, AdditionRequest } from './addition.ts';
import { withDefinitionsInCode, planCodeEdits, replaceProcess } from './plan-code-edits.ts';
import { editExistingFile } from './file-edit.ts';
import { listActivityNames, pinInputs, assignActivityNames } from './task-choices.ts';

/**
 * Plans a new task. A task that was added to the definition by hand is added to the code. For a task that already exists, plans what an
 * earlier run did not complete, and rejects if nothing is left.
 */
export async function planTask(
  project: WorkerProject,
  { process, task, after }: Extract<AdditionRequest, { kind: 'task' }>,
  { version }: AdditionContext,
): Promise<Addition> {
  const { definition, definitionInCode, layout } = process;
  const existing = definition.tasks.find(({ code }) => code === task.code);
  if (existing !== undefined) {
    rejectDifferentTask(process, existing, task);
    const remaining = hasTask(definitionInCode, task.code)
      ? await planRemainingEdits(project, process, task.code, version)
      : await planProcessCode(project, process, project.processes, version);
    if (remaining.edits.length > 0) return remaining;
    throw usageError(`Task ${task.code} (${existing.kind}) of ${definition.process.code} already exists`, [
      `See ${layout.definitionFile}`,
    ]);
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
  const processes = await assignChoices(project, process, written.definition);
  const edit = editExistingFile(layout.definitionFile, text, written.text, project.record.hashes);
  const { edits } = await planProcessCode(project, process, processes, version);
  return { processes, edits: [{ ...edit, how: 'definition' }, ...edits] };
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

/** Plans the edits that bring the code of a process to the tasks it has in `after`. */
async function planProcessCode(
  project: WorkerProject,
  process: OpenedProcess,
  after: WorkerProject['processes'],
  version: string,
): Promise<Addition> {
  const before = withDefinitionsInCode(project.processes);
  const changed = after.find(({ slug }) => slug === process.slug) ?? process;
  const edits = await planCodeEdits(project, before, replaceProcess(withDefinitionsInCode(after), changed), {
    version,
    regenerate: process.layout,
  });
  return { processes: after, edits };
}

/** The processes of the project with a new definition, whose new system tasks get unique activity names. */
async function assignChoices(
  project: WorkerProject,
  process: OpenedProcess,
  definition: ProcessDefinition,
): Promise<WorkerProject['processes']> {
  const changed: OpenedProcess = {
    ...process,
    definition,
    choices: pinInputs(process.definition, definition, process.choices),
  };
  const processes = replaceProcess(project.processes, changed);
  // Existing activities keep their names. Only the new ones need a free name.
  const taken = new Set([...(await readExportedActivities(project)), ...listActivityNames(project.processes)]);
  const before = new Set(process.definition.tasks.map(({ code }) => code));
  const added = { ...definition, tasks: definition.tasks.filter(({ code }) => !before.has(code)) };
  const named = nameTasks(definition, changed.choices);
  const [choices = named] = assignActivityNames([{ definition: added, choices: named }], taken);
  return replaceProcess(processes, { ...changed, choices });
}

/** Plans what an earlier run did not complete for a task that the code already has. */
async function planRemainingEdits(
  project: WorkerProject,
  process: OpenedProcess,
  code: string,
  version: string,
): Promise<Addition> {
  const definitionBefore = {
    ...process.definitionInCode,
    tasks: process.definitionInCode.tasks.filter((task) => task.code !== code),
  };
  const before = replaceProcess(withDefinitionsInCode(project.processes), { ...process, definition: definitionBefore });
  const after = replaceProcess(withDefinitionsInCode(project.processes), process);
  const edits = await planCodeEdits(project, before, after, {
    version,
    regenerate: process.layout,
    mayBeApplied: true,
  });
  // A missing file was deleted on purpose, unless a task that is new to the code requires it.
  const hasAllTasks = process.definitionInCode.tasks.length === process.definition.tasks.length;
  return {
    processes: project.processes,
    edits: edits.filter(({ how, path }) => !hasAllTasks || how !== 'new' || isDefinitionCode(path)),
  };
}
