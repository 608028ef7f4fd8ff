import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import {
  choiceOf,
  type DefinitionSource,
  type ProjectSpec,
  type TaskChoice,
  type TaskChoices,
} from '../../languages/project-spec.ts';
import { activityNames } from '../../languages/typescript/activities.ts';
import { exportedNames } from '../../languages/typescript/exports.ts';
import { listCodeFiles, processLayout, type ProcessLayout } from '../../languages/typescript/layout.ts';
import { isTsIdentifier, tsString } from '../../languages/typescript/literals.ts';
import { nameTasks } from '../../languages/typescript/process-context.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import { DEFINITION_FILE, loadDefinition } from '../../process/definition/file.ts';
import { missingDefinitionError, missingRecordError } from '../../process/definition/missing.ts';
import { capitalize } from '../../text/identifiers.ts';
import { findAbove, findProject, RECORD_FILE } from '../../process/find-project.ts';
import { readProjectRecord, type ProjectRecord } from '../record.ts';
import { isUnedited, readTextFile } from './file-edit.ts';
import { assignActivityNames, listActivityNames, pinInputs } from './task-choices.ts';

/** A process of a project, as its definition file describes it now. */
export interface OpenedProcess {
  /** Undefined for the first process. */
  readonly slug: string | undefined;
  readonly layout: ProcessLayout;
  readonly definition: ProcessDefinition;
  /** The definition with only those tasks that the code has: tasks may have been added to the file by hand. */
  readonly definitionInCode: ProcessDefinition;
  readonly source: DefinitionSource;
  readonly choices: TaskChoices;
}

/** A process in the record whose definition file no longer exists. */
export interface RemovedProcess {
  readonly slug: string;
  readonly layout: ProcessLayout;
  /** Its code files that still exist. Without such files, the next change of the record drops the process. */
  readonly remainingFiles: readonly string[];
}

export interface WorkerProject {
  /** Absolute. */
  readonly folder: string;
  readonly record: ProjectRecord;
  /** The text of the record, as read. */
  readonly recordText: string;
  /** Starts with the first process of the project. */
  readonly processes: readonly [OpenedProcess, ...OpenedProcess[]];
  readonly removedProcesses: readonly RemovedProcess[];
}

/**
 * Opens the project that contains `cwd`. Rejects with a KnownError if there is no project, or its record or a definition is not valid. `env` is
 * for git, which is asked how a missing file can be restored.
 */
export async function openProject(
  cwd: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<WorkerProject> {
  const folder = findProject(cwd);
  if (folder === undefined) {
    const without = findAbove(cwd, DEFINITION_FILE);
    if (without !== undefined) throw await missingRecordError(without, env);
    throw usageError(`${cwd} is not in a worker project: there is no ${RECORD_FILE}`, [
      'Go to the folder of a project',
      'Or create one: npx create-kuflow-worker',
    ]);
  }
  const { record, recordText } = await readProjectRecord(folder);
  const exists = (path: string): boolean => existsSync(join(folder, path));
  const open = async (
    slug: string | undefined,
    source: DefinitionSource,
    choices: TaskChoices,
  ): Promise<OpenedProcess> => {
    const layout = processLayout(slug);
    const definition = await loadDefinition(join(folder, layout.definitionFile));
    const definitionInCode = await keepTasksInCode(folder, layout, definition, record.hashes);
    const named = await readTaskNames(folder, layout, definitionInCode, choices);
    return {
      slug,
      layout,
      source,
      definition,
      definitionInCode,
      choices: nameTasks(definition, pinInputs(definitionInCode, definition, named)),
    };
  };
  const { definitionFile } = processLayout();
  if (!exists(definitionFile)) throw await missingDefinitionError(folder, env);
  const first = await open(undefined, record.definitionSource, record.choices);
  const additional = record.additionalProcesses.map((process) => ({ ...process, layout: processLayout(process.slug) }));
  const others = await Promise.all(
    additional
      .filter(({ layout }) => exists(layout.definitionFile))
      .map(({ slug, source, choices }) => open(slug, source, choices)),
  );
  const removedProcesses = additional
    .filter(({ layout }) => !exists(layout.definitionFile))
    .map(({ slug, layout }): RemovedProcess => ({
      slug,
      layout,
      remainingFiles: listCodeFiles(layout).filter(exists),
    }));
  const project = { folder, record, recordText, removedProcesses, processes: [first, ...others] as const };
  return { ...project, processes: await assignNewActivityNames(project) };
}

/** Gives system tasks that were added to a definition by hand an activity name that is not in use. */
async function assignNewActivityNames(project: WorkerProject): Promise<WorkerProject['processes']> {
  const { processes } = project;
  const inCode = processes.map(({ definitionInCode: definition, choices }) => ({ definition, choices }));
  const assigned = assignActivityNames(inCode);
  const taken = new Set([
    ...(await readExportedActivities(project)),
    ...listActivityNames(inCode.map((process, at) => ({ ...process, choices: assigned[at] ?? process.choices }))),
  ]);
  const [first, ...others] = processes.map((process, at): OpenedProcess => {
    const choices = assigned[at] ?? process.choices;
    const newTasks = process.definition.tasks.filter(({ code }) => !hasTask(process.definitionInCode, code));
    if (newTasks.length === 0) return { ...process, choices };
    const definition = { ...process.definition, tasks: newTasks };
    const [newChoices = choices] = assignActivityNames([{ definition, choices }], taken);
    for (const name of listActivityNames([{ definition, choices: newChoices }])) taken.add(name);
    return { ...process, choices: newChoices };
  });
  return [first ?? processes[0], ...others];
}

export function hasTask({ tasks }: ProcessDefinition, code: string): boolean {
  return tasks.some((task) => task.code === code);
}

/** The definition without the tasks that are missing in `tasks.ts`. If that file has local changes, all tasks are kept. */
async function keepTasksInCode(
  folder: string,
  { tasks: path }: ProcessLayout,
  definition: ProcessDefinition,
  hashes: ProjectRecord['hashes'],
): Promise<ProcessDefinition> {
  const text = await readTextFile(folder, path);
  if (typeof text !== 'string' || !isUnedited(path, text, hashes)) return definition;
  return { ...definition, tasks: definition.tasks.filter(({ code }) => text.includes(`(${tsString(code)}),`)) };
}

/** Adds the names that `tasks.ts` has for tasks without a recorded name: earlier versions did not record names. */
async function readTaskNames(
  folder: string,
  { tasks: path }: ProcessLayout,
  { tasks }: ProcessDefinition,
  choices: TaskChoices,
): Promise<TaskChoices> {
  if (tasks.every(({ code }) => choiceOf(choices, code).name !== undefined)) return choices;
  const text = await readTextFile(folder, path);
  const lines = typeof text === 'string' ? text.split(/\r?\n/) : [];
  const named = new Map<string, TaskChoice>(Object.entries(choices));
  for (const { code } of tasks) {
    const choice = choiceOf(choices, code);
    const line = lines.find((one) => one.endsWith(`(${tsString(code)}),`));
    const [, name = '', types = ''] = /^ {2}([^\s:]+): \w+(?:<(.*)>)?\(/.exec(line ?? '') ?? [];
    const [, type = capitalize(name)] = /([^\s<>,]+)(?:Data|Context)\b/.exec(types) ?? [];
    if (choice.name !== undefined || !isTsIdentifier(name) || !isTsIdentifier(type)) continue;
    named.set(code, { name, ...(type === capitalize(name) ? {} : { type }), ...choice });
  }
  return Object.fromEntries(named);
}

/** The spec to render a project with these processes. */
export function toProjectSpec(project: WorkerProject, processes: WorkerProject['processes']): ProjectSpec {
  const [first, ...others] = processes;
  const { name, local, packageManager, cliPackage } = project.record;
  return {
    name,
    language: 'typescript',
    local,
    packageManager,
    cliPackage,
    definition: first.definition,
    definitionSource: first.source,
    choices: first.choices,
    additionalProcesses: others.map(({ slug = '', definition, source, choices }) => ({
      slug,
      definition,
      source,
      choices,
    })),
  };
}

/** The text of the definition file of a process. */
export async function readDefinitionText(project: WorkerProject, { layout }: OpenedProcess): Promise<string> {
  const text = await readTextFile(project.folder, layout.definitionFile);
  if (typeof text === 'string') return text;
  throw new KnownError({
    message: `Could not change ${layout.definitionFile}: it is not a regular text file`,
    tried: project.folder,
  });
}

/** All names that the activity modules of the project export. */
export async function readExportedActivities(project: WorkerProject): Promise<ReadonlySet<string>> {
  const names = await readExportedNames(project, 'activities');
  return new Set([...names.values()].flatMap((exported) => [...exported]));
}

/** The workflows or activities in the modules of the project, by file. Does not follow `export *`. */
export async function readExportedNames(
  project: WorkerProject,
  part: 'workflows' | 'activities',
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const names = part === 'activities' ? activityNames : exportedNames;
  const exported = new Map<string, ReadonlySet<string>>();
  for (const { layout } of [...project.processes, ...project.removedProcesses]) {
    const text = await readTextFile(project.folder, layout[part]);
    if (typeof text === 'string') exported.set(layout[part], names(text));
  }
  return exported;
}
