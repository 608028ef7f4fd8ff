import { isDeepStrictEqual } from 'node:util';
import { usageError } from '../../base/errors.ts';
import { nearMatch } from '../../text/near-match.ts';
import { isDefinitionCode } from '../../languages/typescript/layout.ts';
import { addTask } from '../../process/definition/add-task.ts';
import type { ProcessDefinition, TaskDefinition } from '../../process/definition.ts';
import {
  readDefinitionText,
  readExportedNames,
  hasTask,
  type OpenedProcess,
  type WorkerProject,
} from './open-project.ts';
import type { Addition } from './addition.ts';
import type { AdditionContext } from './addition.ts';
import type { AdditionRequest } from './addition.ts';
import { withDefinitionsInCode, planCodeEdits, replaceProcess } from './plan-code-edits.ts';
import { editExistingFile } from './file-edit.ts';
import { listActivityNames, pinInputs, assignActivityNames } from './task-choices.ts';

/**
 * A task more. One that somebody wrote into the definition comes into the code; one that is there already is gone on with: what an earlier run
 * left is planned, and an error when nothing is.
 */
export async function planTask(
  project: WorkerProject,
  { process, task, after }: Extract<AdditionRequest, { kind: 'task' }>,
  { version }: AdditionContext,
): Promise<Addition> {
  const { definition, definitionInCode: inCode, layout: place } = process;
  const there = definition.tasks.find(({ code }) => code === task.code);
  if (there !== undefined) {
    rejectDifferentTask(process, there, task);
    const left = hasTask(inCode, task.code)
      ? await planRemainingEdits(project, process, task.code, version)
      : await planProcessCode(project, process, project.processes, version);
    if (left.edits.length > 0) return left;
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
  const text = await readDefinitionText(project, process);
  const written = await addTask(text, place.definitionFile, task, after);
  const processes = await assignChoices(project, process, written.definition);
  const edit = editExistingFile(place.definitionFile, text, written.text, project.record.hashes);
  const { edits } = await planProcessCode(project, process, processes, version);
  return { processes, edits: [{ ...edit, how: 'definition' }, ...edits] };
}

/** Nothing of a task that is there is changed: its definition is where that is done. */
function rejectDifferentTask(
  { definition, layout: place }: OpenedProcess,
  there: TaskDefinition,
  wanted: TaskDefinition,
): void {
  const { name = there.name, data = there.data } = wanted;
  if (there.kind === wanted.kind && there.name === name && isDeepStrictEqual(there.data, data)) return;
  throw usageError(
    `There is a task ${there.code} of ${definition.process.code} already, of kind ${there.kind}, and not as these options say`,
    [`Change it in ${place.definitionFile}`],
  );
}

/** What brings the code of a process from the tasks that it has to those of `after`. */
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

/** The processes of the project with that definition, its new system tasks with activities that nobody else has. */
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
  const known = listActivityNames(project.processes);
  const exported = [...(await readExportedNames(project, 'activities')).values()].flatMap((names) => [...names]);
  // What is there keeps its name: only the new one has to look for a free one.
  const taken = new Set([...exported, ...known]);
  const before = new Set(process.definition.tasks.map(({ code }) => code));
  const added = { ...definition, tasks: definition.tasks.filter(({ code }) => !before.has(code)) };
  const [choices = {}] = assignActivityNames([{ definition: added, choices: {} }], taken);
  return replaceProcess(processes, { ...changed, choices: { ...changed.choices, ...choices } });
}

/** What a run before left to do about a task that the code has. */
async function planRemainingEdits(
  project: WorkerProject,
  process: OpenedProcess,
  code: string,
  version: string,
): Promise<Addition> {
  const without = {
    ...process.definitionInCode,
    tasks: process.definitionInCode.tasks.filter((task) => task.code !== code),
  };
  const before = replaceProcess(withDefinitionsInCode(project.processes), { ...process, definition: without });
  const after = replaceProcess(withDefinitionsInCode(project.processes), process);
  const edits = await planCodeEdits(project, before, after, {
    version,
    regenerate: process.layout,
    mayBeApplied: true,
  });
  // A file that is not there was thrown away, unless a task that is new to the code wants it.
  const isWhole = process.definitionInCode.tasks.length === process.definition.tasks.length;
  return {
    processes: project.processes,
    edits: edits.filter(({ how, path }) => !isWhole || how !== 'new' || isDefinitionCode(path)),
  };
}
