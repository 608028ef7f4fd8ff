import { isDeepStrictEqual } from 'node:util';
import { sortByPath } from '../../base/sort-by-path.ts';
import type { ProcessLayout } from '../../languages/language.ts';
import { isLibraryFile } from '../../languages/worker-library.ts';
import { textOf, type PlannedFile } from '../../languages/planned-file.ts';
import { readmeOf } from '../../languages/project-spec.ts';
import { languageOf } from '../../languages/all-languages.ts';
import type { WorkerDefinition } from '../../process/definition.ts';
import type { ProjectBase } from '../base-archive.ts';
import { renderProject } from '../render.ts';
import { toLf, withLineEndingsOf } from '../merge/line-endings.ts';
import { mergeCleanly, mergeRendered } from '../merge/merge-file.ts';
import { createNewFile, editExistingFile, readTextFile, type EditConflict, type PlannedEdit } from './file-edit.ts';
import { unifiedDiff } from './unified-diff.ts';
import {
  mapProcesses,
  toProjectSpec,
  withDefinitionsInCode,
  type OpenedProcess,
  type WorkerProject,
} from './open-project.ts';
import { pinInputs } from './activity-names.ts';
import { isMergedInPlace, placeLines } from './placed-lines.ts';

type Processes = WorkerProject['processes'];

export interface Addition {
  readonly processes: Processes;
  /** In the order to report them. */
  readonly edits: readonly PlannedEdit[];
  readonly base: ProjectBase;
}

/**
 * Plans the edits of generated files when the processes of a project change to `after`: one for each file that changes. Definition files are not
 * included: people edit them. A file without local changes is replaced. Any other file is merged three ways, and is a conflict if that fails.
 * Files that are no longer generated are left alone. Changes that an earlier addition did not make are made too, in the files of the process
 * with the layout `completed`, or in all files. Reads the project and writes nothing.
 */
export async function planCodeEdits(
  project: WorkerProject,
  after: Processes,
  completed: ProcessLayout | 'all' | undefined,
): Promise<Pick<Addition, 'edits' | 'base'>> {
  const removed = project.removedProcesses.flatMap(({ process }) => (process === undefined ? [] : [process]));
  // With a completely removed process, whose exports the change then removes.
  const before: Processes = [...withDefinitionsInCode(project.processes), ...removed];
  const hasEditedDefinition = project.processes.some(
    ({ definition, definitionInCode }) => !isDeepStrictEqual(definition, definitionInCode),
  );
  const [known, current, next] = await Promise.all([
    render(project, before).then(byPath),
    hasEditedDefinition ? render(project, project.processes).then(byPath) : new Map<string, PlannedFile>(),
    render(project, after),
  ]);
  const completedFiles = completed === undefined || completed === 'all' ? [] : completed.code;
  const { hasDeclarationsOnly, isDefinitionCode } = languageOf(project.record).code;
  const recreates = (path: string): boolean => completedFiles.includes(path) && isDefinitionCode(path);
  const definitionFiles = [...before, ...after].map(({ layout }) => layout.definitionFile);
  const withTasksOf = addTasksOf(project, before, after);
  const [generated, merged] = [new Map(project.base.generated), new Map(project.base.merged)];
  const regenerated = new Map(project.base.regenerated);
  const edits: PlannedEdit[] = [];
  for (const file of next) {
    const { path } = file;
    // Only an update changes the library.
    if (definitionFiles.includes(path) || isLibraryFile(path)) continue;
    const last = textOf(generated.get(path));
    const rendered = textOf(file);
    const change = mergeRendered(path, textOf(known.get(path)), last, rendered, hasDeclarationsOnly(path));
    const base = textOf(merged.get(path)) ?? last;
    const isPending = base !== last && (completed === 'all' || completedFiles.includes(path));
    if (change === last && !isPending) {
      if (recreates(path) && (await readTextFile(project.folder, path)) === undefined)
        edits.push(createNewFile(path, rendered));
      continue;
    }
    const edit = await planFileEdit(project, {
      ...{ path, base, withTasksOf },
      next: change ?? rendered,
      isMergeable: change !== undefined,
      written: [base, last, textOf(current.get(path)), textOf(regenerated.get(path))],
      isRecreated: recreates(path),
      hasFunctions:
        after.some(({ layout }) => layout.code.includes(path)) && !isDefinitionCode(path) && !path.endsWith('.json'),
    });
    if (edit !== undefined) edits.push(edit);
    generated.set(path, { ...file, contents: Buffer.from(change ?? rendered) });
    merged.delete(path);
    regenerated.delete(path);
  }
  return { edits: sortByPath(edits), base: { ...project.base, generated, merged, regenerated } };
}

const render = (project: WorkerProject, processes: Processes) => renderProject(toProjectSpec(project, processes));

function byPath(files: readonly PlannedFile[]): ReadonlyMap<string, PlannedFile> {
  return new Map(files.map((file) => [file.path, file]));
}

interface FileChange {
  readonly path: string;
  readonly base: string | undefined;
  readonly next: string;
  /** Whether `next` contains what other templates generated. */
  readonly isMergeable: boolean;
  /** Texts of a file without local changes. */
  readonly written: readonly (string | undefined)[];
  /** Whether the file is created if it is missing, although it was generated before. */
  readonly isRecreated: boolean;
  /** Whether the file has functions, so that lines can be merged into the wrong one. */
  readonly hasFunctions: boolean;
  readonly withTasksOf: TaskAdder;
}

async function planFileEdit(
  project: WorkerProject,
  { path, base, next, isMergeable, written, isRecreated, hasFunctions, withTasksOf }: FileChange,
): Promise<PlannedEdit | undefined> {
  const conflict = (reason: EditConflict['reason'], from = base): EditConflict => ({
    path,
    how: 'conflict',
    reason,
    base,
    diff: unifiedDiff(path, from, next),
  });
  const current = await readTextFile(project.folder, path);
  if (current === false) return conflict('is not a regular text file');
  if (current === undefined) {
    return base === undefined || isRecreated ? createNewFile(path, next) : conflict('no longer exists');
  }
  const mine = toLf(current);
  if (mine === next) return undefined;
  if (base === undefined) return conflict('already exists');
  if (!isMergeable) return conflict('was generated by another kuflow version, and the lines to change differ');
  if (written.includes(mine)) return editExistingFile(path, current, withLineEndingsOf(current, next), mine);
  // Merging an edited README would cause a prompt or a conflict for each new task.
  if (path === readmeOf(project.record.movedFiles)) return undefined;
  const from = await withTasksOf(path, base, mine);
  const isOrderFree = languageOf(project.record).code.hasDeclarationsOnly(path);
  const merged = mergeCleanly(path, { base: from, mine: current, theirs: next }, isOrderFree);
  const paste = hasFunctions ? placeLines(from, next, mine) : undefined;
  if (merged === undefined) return { ...conflict('has local changes in the same place', from), paste };
  if (hasFunctions && !isMergedInPlace({ base: from, next, mine, merged: toLf(merged) }))
    return { ...conflict('has local changes, and the place for the change is not certain', from), paste };
  return merged === current ? undefined : editExistingFile(path, current, merged, base);
}

/** The base of a file with what the templates add to it for the tasks that somebody added to `mine` by hand. */
type TaskAdder = (path: string, base: string, mine: string) => Promise<string>;

/** A task was added by hand if the file has it, but its base does not. */
export function addTasksOf(project: WorkerProject, before: Processes, after: Processes): TaskAdder {
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
    const texts = { base: await file(without), mine: base, theirs };
    return mergeCleanly(path, texts, hasDeclarationsOnly(path)) ?? base;
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

export function replaceProcess(processes: Processes, changed: OpenedProcess): Processes {
  return mapProcesses(processes, (process) => (process.slug === changed.slug ? changed : process));
}
