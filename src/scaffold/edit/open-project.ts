import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import { loadDefinition } from '../../process/definition/definition-file.ts';
import type { ProcessDefinition } from '../../process/definition.ts';
import type { Answers, DefinitionSource, TaskChoices } from '../answers.ts';
import { RECORD_FILE } from '../record.ts';
import { FIRST_PLACE, furtherPlace, type ProcessPlace } from '../render/process-place.ts';
import { exportedNames } from './module-exports.ts';
import { readText } from './plan-edits.ts';
import { readRecord, type ReadRecord } from './read-record.ts';
import { settleActivities } from './task-choices.ts';

/** A process of a project, as its definition file says now. */
export interface ProjectProcess {
  /** Undefined for the first one. */
  readonly slug: string | undefined;
  readonly place: ProcessPlace;
  readonly definition: ProcessDefinition;
  readonly source: DefinitionSource;
  readonly choices: TaskChoices;
}

export interface WorkerProject {
  /** Absolute. */
  readonly folder: string;
  readonly record: ReadRecord;
  /** The text of the record, as read. */
  readonly recordText: string;
  /** The first one first. */
  readonly processes: readonly [ProjectProcess, ...ProjectProcess[]];
}

/** The folder of the project that `cwd` is in, or undefined. */
export function findProject(cwd: string): string | undefined {
  for (let at = cwd; ; at = dirname(at)) {
    if (existsSync(join(at, RECORD_FILE))) return at;
    if (dirname(at) === at) return undefined;
  }
}

/** What the record of a project says, checked, and its text. Rejects with a KnownError as `openProject`, and where the file can't be read. */
export async function openRecord(folder: string): Promise<Pick<WorkerProject, 'record' | 'recordText'>> {
  const path = join(folder, RECORD_FILE);
  const recordText = await readFile(path, 'utf8');
  return { recordText, record: readRecord(recordText, path) };
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
  const { record, recordText } = await openRecord(folder);
  const read = async (
    slug: string | undefined,
    source: DefinitionSource,
    choices: TaskChoices,
  ): Promise<ProjectProcess> => {
    const place = slug === undefined ? FIRST_PLACE : furtherPlace(slug);
    return { slug, place, source, choices, definition: await loadDefinition(join(folder, place.definitionFile)) };
  };
  const first = await read(undefined, record.definitionSource, record.choices);
  const further = await Promise.all(record.further.map(({ slug, source, choices }) => read(slug, source, choices)));
  const processes = [first, ...further];
  // A system task that somebody wrote into a definition has had no name chosen yet.
  const settled = settleActivities(processes).map((choices, at) => ({ ...(processes[at] ?? first), choices }));
  return { folder, record, recordText, processes: [settled[0] ?? first, ...settled.slice(1)] };
}

/** What renders a project that has these processes. */
export function answersOf(project: WorkerProject, processes: WorkerProject['processes']): Answers {
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
    further: further.map(({ slug = '', definition, source, choices }) => ({ slug, definition, source, choices })),
  };
}

/** The text of a definition file of the project. */
export async function definitionText(project: WorkerProject, { place }: ProjectProcess): Promise<string> {
  const text = await readText(project.folder, place.definitionFile);
  if (typeof text === 'string') return text;
  throw new KnownError({
    message: `${place.definitionFile} is no regular file: it is not changed`,
    tried: project.folder,
  });
}

/** Names that the project's own files export, by file; what a process passes on is in that process's file. */
export async function exportsOf(
  project: WorkerProject,
  part: 'workflows' | 'activities',
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const found = new Map<string, ReadonlySet<string>>();
  for (const { place } of project.processes) {
    const text = await readText(project.folder, place[part]);
    if (typeof text === 'string') found.set(place[part], exportedNames(text));
  }
  return found;
}
