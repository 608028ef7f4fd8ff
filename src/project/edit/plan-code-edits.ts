import { isDeepStrictEqual } from 'node:util';
import type { ProcessLayout } from '../../languages/language.ts';
import { readmeOf } from '../../languages/project-spec.ts';
import { languageOf } from '../../languages/registry.ts';
import type { WorkerDefinition } from '../../process/definition.ts';
import { textOf } from '../base-archive.ts';
import { renderProject } from '../render.ts';
import { mergeCleanly, planFileEdits, type FileEdits, type FileEditsRequest } from './plan-file-edits.ts';
import {
  mapProcesses,
  toProjectSpec,
  withDefinitionsInCode,
  type OpenedProcess,
  type WorkerProject,
} from './open-project.ts';
import { pinInputs } from './activity-names.ts';

type Processes = WorkerProject['processes'];

/**
 * Plans the edits of generated files when the processes of a project change to `after`. Definition files are not included: people edit them.
 * Changes that an earlier addition did not make are made too, in the files of the process with the layout `completed`, or in all files.
 */
export async function planCodeEdits(
  project: WorkerProject,
  after: Processes,
  completed: ProcessLayout | 'all' | undefined,
): Promise<FileEdits> {
  const removed = project.removedProcesses.flatMap(({ process }) => (process === undefined ? [] : [process]));
  // With a completely removed process, whose exports the change then removes.
  const before: Processes = [...withDefinitionsInCode(project.processes), ...removed];
  const [rendered, next] = await Promise.all([render(project, before), render(project, after)]);
  const hasEditedDefinition = project.processes.some(
    ({ definition, definitionInCode }) => !isDeepStrictEqual(definition, definitionInCode),
  );
  const completedFiles = completed === undefined || completed === 'all' ? [] : completed.code;
  const { hasDeclarationsOnly, isDefinitionCode } = languageOf(project.record).code;
  return planFileEdits({
    folder: project.folder,
    base: project.base,
    before: rendered,
    next,
    current: hasEditedDefinition ? await render(project, project.processes) : undefined,
    hasDeclarationsOnly,
    hasFunctions: (path) =>
      after.some(({ layout }) => layout.code.includes(path)) && !isDefinitionCode(path) && !path.endsWith('.json'),
    completes: (path) => completed === 'all' || completedFiles.includes(path),
    recreates: (path) => completedFiles.includes(path) && isDefinitionCode(path),
    readme: readmeOf(project.record.movedFiles),
    ignore: [...before, ...after].map(({ layout }) => layout.definitionFile),
    withTasksOf: addTasksOf(project, before, after),
  });
}

const render = (project: WorkerProject, processes: Processes) => renderProject(toProjectSpec(project, processes));

/** See `FileEditsRequest.withTasksOf`. A task was added by hand if the file has it, but its base does not. */
export function addTasksOf(
  project: WorkerProject,
  before: Processes,
  after: Processes,
): FileEditsRequest['withTasksOf'] {
  return async (path, base, mine) => {
    const changed = after.find(({ layout }) => layout.code.includes(path));
    const known = before.find(({ slug }) => slug === changed?.slug);
    if (changed === undefined || known === undefined) return base;
    const { findTasks, hasDeclarationsOnly } = languageOf(project.record).code;
    const process = { ...changed, place: project.record };
    const [inBase, inFile] = [findTasks(base, path, process), findTasks(mine, path, process)];
    const added = changed.definition.tasks.filter(({ code }) => inFile.has(code) && !inBase.has(code));
    if (added.length === 0) return base;
    const codes = new Set(added.map(({ code }) => code));
    const without = { ...known.definition, tasks: known.definition.tasks.filter(({ code }) => !codes.has(code)) };
    const file = async (definition: WorkerDefinition): Promise<string> => {
      // The data of these tasks is not passed to the system tasks that the code already has.
      const choices = pinInputs(without, definition, changed.choices);
      const files = await render(project, replaceProcess(before, { ...changed, definition, choices }));
      return textOf(files.find((one) => one.path === path)) ?? '';
    };
    const theirs = await file(insertTasks(without, changed.definition, codes));
    const options = { isOrderFree: hasDeclarationsOnly(path) };
    return mergeCleanly(path, { base: await file(without), mine: base, theirs }, options) ?? base;
  };
}

/** Adds the tasks of `source` with these codes, each after the task that it follows there. */
function insertTasks(
  definition: WorkerDefinition,
  source: WorkerDefinition,
  codes: ReadonlySet<string>,
): WorkerDefinition {
  const tasks = [...definition.tasks];
  let at = 0;
  for (const task of source.tasks) {
    const found = tasks.findIndex(({ code }) => code === task.code);
    if (found !== -1) at = found + 1;
    else if (codes.has(task.code)) tasks.splice(at++, 0, task);
  }
  return { ...definition, tasks };
}

/** The processes with one of them replaced. */
export function replaceProcess(processes: Processes, changed: OpenedProcess): Processes {
  return mapProcesses(processes, (process) => (process.slug === changed.slug ? changed : process));
}
