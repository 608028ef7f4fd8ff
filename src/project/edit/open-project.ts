import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import { findProject } from '../find-project.ts';
import { loadDefinition } from '../../process/definition/file.ts';
import { tsString } from '../../languages/typescript/literals.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { ProjectSpec, DefinitionSource, TaskChoices } from '../../languages/project-spec.ts';
import { RECORD_FILE } from '../find-project.ts';
import { readProjectRecord, type ProjectRecord } from '../record.ts';
import { listCodeFiles, type ProcessLayout, processLayout } from '../../languages/typescript/layout.ts';
import { exportedNames } from '../../languages/typescript/exports.ts';
import { isUnedited, readTextFile } from './file-edit.ts';
import { listActivityNames, pinInputs, assignActivityNames } from './task-choices.ts';

/** A process of a project, as its definition file says now. */
export interface OpenedProcess {
  /** Undefined for the first one. */
  readonly slug: string | undefined;
  readonly layout: ProcessLayout;
  readonly definition: ProcessDefinition;
  /** The definition with those tasks only that the code has: somebody may have written more into the file since. */
  readonly definitionInCode: ProcessDefinition;
  readonly source: DefinitionSource;
  readonly choices: TaskChoices;
}

/** A process that the record names and that has no definition file any more. */
export interface RemovedProcess {
  readonly slug: string;
  readonly layout: ProcessLayout;
  /** Files of its code that are there; the next change of the record leaves out a process without any. */
  readonly remainingFiles: readonly string[];
}

export interface WorkerProject {
  /** Absolute. */
  readonly folder: string;
  readonly record: ProjectRecord;
  /** The text of the record, as read. */
  readonly recordText: string;
  /** The first one first. */
  readonly processes: readonly [OpenedProcess, ...OpenedProcess[]];
  readonly removedProcesses: readonly RemovedProcess[];
}

/** Reads the project that `cwd` is in. Rejects with a KnownError: no project, a record of a newer form, a definition with mistakes. */
export async function openProject(cwd: string): Promise<WorkerProject> {
  const folder = findProject(cwd);
  if (folder === undefined) {
    throw usageError(`${cwd} is no worker project, nor is it in one: there is no ${RECORD_FILE}`, [
      'Go to the folder of a project',
      'Or make one: npx create-kuflow-worker',
    ]);
  }
  const { record, recordText } = await readProjectRecord(folder);
  const read = async (
    slug: string | undefined,
    source: DefinitionSource,
    choices: TaskChoices,
  ): Promise<OpenedProcess> => {
    const place = processLayout(slug);
    const definition = await loadDefinition(join(folder, place.definitionFile));
    const inCode = await keepTasksInCode(folder, place, definition, record.hashes);
    return {
      slug,
      layout: place,
      source,
      definition,
      definitionInCode: inCode,
      choices: pinInputs(inCode, definition, choices),
    };
  };
  if (!existsSync(join(folder, processLayout().definitionFile))) {
    throw new KnownError({
      message: `There is no definition file ${processLayout().definitionFile}, which a project has for its first process`,
      tried: folder,
      next: [`Take it back from version control: git checkout ${processLayout().definitionFile}`],
    });
  }
  const isThere = ({ slug }: { readonly slug: string }): boolean =>
    existsSync(join(folder, processLayout(slug).definitionFile));
  const first = await read(undefined, record.definitionSource, record.choices);
  const further = await Promise.all(
    record.additionalProcesses.filter(isThere).map(({ slug, source, choices }) => read(slug, source, choices)),
  );
  const removedProcesses = record.additionalProcesses
    .filter((process) => !isThere(process))
    .map(({ slug }): RemovedProcess => {
      const place = processLayout(slug);
      return {
        slug,
        layout: place,
        remainingFiles: listCodeFiles(place).filter((path) => existsSync(join(folder, path))),
      };
    });
  const project = { folder, record, recordText, removedProcesses, processes: [first, ...further] as const };
  return { ...project, processes: await assignNewActivityNames(project) };
}

/** The processes with names for the system tasks that somebody wrote into a definition: none that is in use. */
async function assignNewActivityNames(project: WorkerProject): Promise<WorkerProject['processes']> {
  const { processes } = project;
  const inCode = processes.map(({ definitionInCode: definition, choices }) => ({ definition, choices }));
  const exported = [...(await readExportedNames(project, 'activities')).values()].flatMap((names) => [...names]);
  const known = assignActivityNames(inCode);
  const taken = new Set([
    ...exported,
    ...listActivityNames(inCode.map((one, at) => ({ ...one, choices: known[at] ?? one.choices }))),
  ]);
  const [first, ...further] = processes.map((process, at): OpenedProcess => {
    const choices = known[at] ?? process.choices;
    const written = process.definition.tasks.filter(({ code }) => !hasTask(process.definitionInCode, code));
    if (written.length === 0) return { ...process, choices };
    const definition = { ...process.definition, tasks: written };
    const [more = choices] = assignActivityNames([{ definition, choices }], taken);
    for (const name of listActivityNames([{ definition, choices: more }])) taken.add(name);
    return { ...process, choices: more };
  });
  return [first ?? processes[0], ...further];
}

export function hasTask({ tasks }: ProcessDefinition, code: string): boolean {
  return tasks.some((task) => task.code === code);
}

/** The definition without the tasks that `tasks.ts` does not have, as far as that file is this tool's own and so can tell. */
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

/** What renders a project that has these processes. */
export function toProjectSpec(project: WorkerProject, processes: WorkerProject['processes']): ProjectSpec {
  const [first, ...further] = processes;
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
    additionalProcesses: further.map(({ slug = '', definition, source, choices }) => ({
      slug,
      definition,
      source,
      choices,
    })),
  };
}

/** The text of a definition file of the project. */
export async function readDefinitionText(project: WorkerProject, { layout: place }: OpenedProcess): Promise<string> {
  const text = await readTextFile(project.folder, place.definitionFile);
  if (typeof text === 'string') return text;
  throw new KnownError({
    message: `${place.definitionFile} is no regular file: it is not changed`,
    tried: project.folder,
  });
}

/** Names that the project's own files export, by file; what a process passes on is in that process's file. */
export async function readExportedNames(
  project: WorkerProject,
  part: 'workflows' | 'activities',
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const { layout: place } of [...project.processes, ...project.removedProcesses]) {
    const text = await readTextFile(project.folder, place[part]);
    if (typeof text === 'string') found.set(place[part], exportedNames(text));
  }
  return found;
}
