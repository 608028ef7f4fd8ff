import { usageError } from '../../base/errors.ts';
import { nearMatch } from '../../base/near-match.ts';
import { addTask } from '../../process/edit/add-task.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { definitionText, exportsOf, type ProjectProcess, type WorkerProject } from './open-project.ts';
import type { Addition, AdditionRequest } from './plan-addition.ts';
import { planChange, withProcess } from './plan-change.ts';
import { editOf } from './plan-edits.ts';
import { activitiesOf, keepInputs, settleActivities } from './task-choices.ts';

/** A task more. One that is there already is gone on with: what an earlier run left is planned, and an error when nothing is. */
export async function planTask(
  project: WorkerProject,
  { process, task, after }: Extract<AdditionRequest, { kind: 'task' }>,
): Promise<Addition> {
  const { definition, place } = process;
  const there = definition.tasks.find(({ code }) => code === task.code);
  if (there !== undefined) {
    const left = there.kind === task.kind ? await resume(project, process, task.code) : undefined;
    if (left !== undefined && left.edits.length > 0) return left;
    throw usageError(`There is a task ${task.code} of ${definition.process.code} already, of kind ${there.kind}`, [
      `Look at it in ${place.definitionFile}`,
    ]);
  }
  const codes = definition.tasks.map(({ code }) => code);
  if (after !== undefined && !codes.includes(after)) {
    const near = nearMatch(after, codes);
    throw usageError(
      `--after ${after}: ${definition.process.code} has no such task${near === undefined ? '' : `, did you mean ${near}?`}`,
      codes.length === 0 ? [] : [`Its tasks: ${codes.join(', ')}`],
    );
  }
  const text = await definitionText(project, process);
  const written = await addTask(text, place.definitionFile, task, after);
  const processes = await chosen(project, process, written.definition);
  const edit = editOf(place.definitionFile, text, written.text, project.record.hashes);
  const changes = await planChange(project, project.processes, processes);
  return { processes, edits: [{ ...edit, how: 'definition' }, ...changes] };
}

/** The processes of the project with that definition, its new system tasks with activities that nobody else has. */
async function chosen(
  project: WorkerProject,
  process: ProjectProcess,
  definition: ProcessDefinition,
): Promise<WorkerProject['processes']> {
  const changed: ProjectProcess = {
    ...process,
    definition,
    choices: keepInputs(process.definition, definition, process.choices),
  };
  const processes = withProcess(project.processes, changed);
  const known = activitiesOf(project.processes);
  const exported = [...(await exportsOf(project, 'activities')).values()].flatMap((names) => [...names]);
  // What is there keeps its name: only the new one has to look for a free one.
  const taken = new Set([...exported, ...known]);
  const before = new Set(process.definition.tasks.map(({ code }) => code));
  const added = { ...definition, tasks: definition.tasks.filter(({ code }) => !before.has(code)) };
  const [choices = {}] = settleActivities([{ definition: added, choices: {} }], taken);
  return withProcess(processes, { ...changed, choices: { ...changed.choices, ...choices } });
}

async function resume(project: WorkerProject, process: ProjectProcess, code: string): Promise<Addition> {
  const { definition } = process;
  const without = { ...definition, tasks: definition.tasks.filter((task) => task.code !== code) };
  const before = withProcess(project.processes, { ...process, definition: without });
  const edits = await planChange(project, before, project.processes, { isRepeated: true });
  return { processes: project.processes, edits: edits.filter((edit) => edit.how !== 'new') };
}
