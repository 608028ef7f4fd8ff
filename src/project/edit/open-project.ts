import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { KnownError, usageError } from '../../base/errors.ts';
import { didYouMean } from '../../base/near-match.ts';
import { choiceOf, type ProcessSpec, type ProjectSpec, type TaskChoices } from '../../languages/project-spec.ts';
import { textOf } from '../../languages/planned-file.ts';
import type { ProcessLayout } from '../../languages/language.ts';
import { languageOf } from '../../languages/all-languages.ts';
import { nameTasks } from '../../languages/task-names.ts';
import { requireWorkflow, type TaskDefinition, type WorkerDefinition } from '../../process/definition.ts';
import { DEFINITION_FILE, loadDefinition, parseDefinition } from '../../process/definition/file.ts';
import { missingDefinitionError, missingRecordError } from '../../process/definition/missing.ts';
import { findAbove, findProject, RECORD_FILE } from '../../process/find-project.ts';
import { BASE_FILE, mapParts, type ProjectBase } from '../base-archive.ts';
import { toLf } from '../merge/line-endings.ts';
import { readProjectRecord, type ProjectRecord } from '../record.ts';
import { renderProject } from '../render.ts';
import { fillBase, guessDefinitionInCode, readUsableBase } from './rebuild-base.ts';
import { readTextFile } from './file-edit.ts';
import { recoverAround, type RecoverOptions } from './journal.ts';
import { assignActivityNames, listActivityNames, pinInputs } from './activity-names.ts';
import type { Environment } from '../../settings/environment.ts';
import { resolveSettings } from '../../settings/precedence.ts';

/** A process of a project, as its definition file describes it now. */
export interface ProcessOnDisk extends ProcessSpec {
  readonly slug: string | undefined;
  readonly layout: ProcessLayout;
  readonly choices: TaskChoices;
}

export interface OpenedProcess extends ProcessOnDisk {
  /** The definition that the code was generated from: people edit the file afterwards. */
  readonly definitionInCode: WorkerDefinition;
}

/** A process in the record whose definition file no longer exists. */
export interface RemovedProcess extends DefinedWithout {
  /** Its code files that still exist. Without such files, the next change of the record drops the process. */
  readonly remainingFiles: readonly string[];
  /** The process as its code was generated, if nothing of it is left and it is known. */
  readonly process: OpenedProcess | undefined;
}

/** What a change of the project means for a process whose definition file no longer exists. */
export function removedProcessNote({ layout: place, remainingFiles: left }: RemovedProcess): string {
  return left.length === 0
    ? `${place.definitionFile} and its code were deleted, so the process is removed from ${RECORD_FILE}`
    : `${place.definitionFile} was deleted: restore it, or delete the process's other files (${left.join(', ')})`;
}

export interface WorkerProject {
  /** Absolute. */
  readonly folder: string;
  readonly record: ProjectRecord;
  readonly recordText: string;
  /** What was generated last. */
  readonly base: ProjectBase;
  /** The archive that `base` was read from; undefined if it does not exist. */
  readonly archive: Uint8Array | undefined;
  /** Starts with the first process of the project. */
  readonly processes: readonly [OpenedProcess, ...OpenedProcess[]];
  readonly removedProcesses: readonly RemovedProcess[];
  /** What is uncertain about the base. */
  readonly notes: readonly string[];
}

/** The process that `--process` names; optional if the project has only one. Throws a usage error. */
export function chooseProcess({ processes }: WorkerProject, code: string | undefined): OpenedProcess {
  if (code === undefined && processes.length === 1) return processes[0];
  const codes = processes.map(({ definition }) => definition.process.code);
  const found = processes.find(({ definition }) => definition.process.code === code);
  if (found !== undefined) return found;
  const next = [`Processes: ${codes.join(', ')}`];
  if (code === undefined) throw usageError('The project has several processes: choose one with --process', next);
  throw usageError(`--process ${code}: the project does not have this process${didYouMean(code, codes)}`, next);
}

export interface ProjectFiles extends Pick<WorkerProject, 'folder' | 'record' | 'recordText'> {
  readonly processes: readonly [ProcessOnDisk, ...ProcessOnDisk[]];
  readonly removedProcesses: readonly Omit<RemovedProcess, 'process'>[];
}

type DefinedWithout = Omit<ProcessOnDisk, 'definition'>;

/**
 * Reads the record and the definitions of the project that contains `cwd`. Rejects with a KnownError if there is no project, or one of these
 * files is not valid. `env` is for git, which is asked how a missing file can be restored.
 */
export async function readProject(cwd: string, env: Environment): Promise<ProjectFiles> {
  const folder = findProject(cwd);
  if (folder === undefined) {
    const without = findAbove(cwd, DEFINITION_FILE);
    if (without !== undefined) throw await missingRecordError(without, env);
    throw usageError(`No worker project here: neither ${cwd} nor any of its parent folders contains ${RECORD_FILE}`, [
      'Run the command in a project folder',
      'Or create one: npx create-kuflow-worker <folder>',
    ]);
  }
  const { record, recordText } = await readProjectRecord(folder);
  const exists = (path: string): boolean => existsSync(join(folder, path));
  const load = async (process: DefinedWithout): Promise<ProcessOnDisk> => ({
    ...process,
    definition: requireWorkflow(await loadDefinition(join(folder, process.layout.definitionFile))),
  });
  const withLayout = (process: ProjectRecord['processes'][number]): DefinedWithout => ({
    ...process,
    layout: languageOf(record).layout(record, process.slug),
  });
  const [recorded, ...additional] = record.processes;
  const first = withLayout(recorded);
  if (!exists(first.layout.definitionFile)) throw await missingDefinitionError(folder, env);
  const others = additional.map(withLayout);
  const isPresent = ({ layout }: DefinedWithout): boolean => exists(layout.definitionFile);
  const processes = [await load(first), ...(await Promise.all(others.filter(isPresent).map(load)))] as const;
  const removedProcesses = others
    .filter((process) => !isPresent(process))
    .map((process) => ({ ...process, remainingFiles: process.layout.code.filter(exists) }));
  return { folder, record, recordText, processes, removedProcesses };
}

/**
 * Opens the project that contains `cwd`, to change its code. Completes or undoes an interrupted change to the project, and writes nothing
 * else. Rejects with a KnownError as `readProject` does, and if what was generated last is unknown and this `version` cannot rebuild it.
 */
export async function openProject(
  cwd: string,
  env: Environment,
  version: string,
  options: RecoverOptions = {},
): Promise<WorkerProject> {
  await recoverAround(findProject(cwd) ?? cwd, options);
  const files = await readProject(cwd, env);
  const { folder, record, recordText } = files;
  const language = languageOf(record);
  const definitionFiles = files.processes.map(({ layout }) => layout.definitionFile);
  const { base, archive, problem } = await readUsableBase(files, definitionFiles, env, version);
  const definitionInBase = async ({ layout }: DefinedWithout): Promise<WorkerDefinition | undefined> => {
    const text = textOf(base.generated.get(layout.definitionFile));
    return text === undefined ? undefined : requireWorkflow(await parseDefinition(text, layout.definitionFile));
  };
  const open = async (process: ProcessOnDisk): Promise<OpenedProcess> => {
    const { definition, choices } = process;
    const definitionInCode =
      (await definitionInBase(process)) ??
      (await guessDefinitionInCode(folder, process.layout.tasks, definition, language.code));
    return {
      ...process,
      definitionInCode,
      choices: nameTasks(definition, pinInputs(definitionInCode, definition, choices), language.naming),
    };
  };
  const removedProcesses = await Promise.all(
    files.removedProcesses.map(async (removed): Promise<RemovedProcess> => {
      const { remainingFiles, ...process } = removed;
      const definition = remainingFiles.length > 0 ? undefined : await definitionInBase(removed);
      return { ...removed, process: definition && { ...process, definition, definitionInCode: definition } };
    }),
  );
  const removed = new Set(
    removedProcesses.flatMap(({ layout, remainingFiles }) =>
      remainingFiles.length > 0 ? [] : [layout.definitionFile, ...layout.code],
    ),
  );
  const project: WorkerProject = {
    ...{ folder, record, recordText, archive, removedProcesses },
    base: mapParts(base, (all) => new Map([...all].filter(([path]) => !removed.has(path)))),
    processes: [await open(files.processes[0]), ...(await Promise.all(files.processes.slice(1).map(open)))],
    notes: problem === undefined ? [] : [`${BASE_FILE} ${problem}. ${REBUILT}`],
  };
  const processes = await assignNewActivityNames(project);
  if (problem === undefined) return { ...project, processes };
  const [first, ...others] = withDefinitionsInCode(processes);
  const isInBase = ({ layout }: OpenedProcess): boolean => base.generated.has(layout.definitionFile);
  const [known, all] = await Promise.all([
    isInBase(first) ? renderProject(toProjectSpec(project, [first, ...others.filter(isInBase)])) : [],
    renderProject(toProjectSpec(project, [first, ...others])),
  ]);
  return { ...project, processes, base: fillBase(project.base, known, all, language.code) };
}

const REBUILT =
  'It is rebuilt from the definition as it is now, so the code of tasks that you removed from the definition since the last kuflow add stays: remove it yourself';

/** The processes as the code was generated from. */
export function withDefinitionsInCode(processes: WorkerProject['processes']): WorkerProject['processes'] {
  return mapProcesses(processes, (process) => ({ ...process, definition: process.definitionInCode }));
}

export function mapProcesses(
  [first, ...others]: WorkerProject['processes'],
  change: (process: OpenedProcess, index: number) => OpenedProcess,
): WorkerProject['processes'] {
  return [change(first, 0), ...others.map((process, index) => change(process, index + 1))];
}

/** Gives system tasks that the code does not have yet an activity name that is not in use. Existing activities keep their names. */
export async function assignNewActivityNames(project: WorkerProject): Promise<WorkerProject['processes']> {
  const { processes } = project;
  const { naming } = languageOf(project.record);
  // An addition records names before it writes code. If it was interrupted, its tasks keep their names.
  const isNamed = ({ slug, definitionInCode }: OpenedProcess, { code, kind }: TaskDefinition): boolean => {
    const inCode = definitionInCode.tasks.find((task) => task.code === code);
    if (inCode !== undefined) return inCode.kind === kind;
    const recorded = project.record.processes.find((process) => process.slug === slug);
    return choiceOf(recorded?.choices ?? {}, code).name !== undefined;
  };
  const inCode = processes.map((process) => {
    const { definition, definitionInCode, choices } = process;
    const { tasks } = definitionInCode;
    const isAdded = ({ code }: TaskDefinition): boolean => !tasks.some((task) => task.code === code);
    const added = definition.tasks.filter((task) => isAdded(task) && isNamed(process, task));
    return { definition: { ...definitionInCode, tasks: [...tasks, ...added] }, choices };
  });
  const assigned = assignActivityNames(inCode, naming);
  const taken = new Set([
    ...(await readExportedActivities(project)),
    ...listActivityNames(
      inCode.map((process, at) => ({ ...process, choices: assigned[at] ?? process.choices })),
      naming,
    ),
  ]);
  return mapProcesses(processes, (process, at) => {
    const choices = assigned[at] ?? process.choices;
    const newTasks = process.definition.tasks.filter((task) => !isNamed(process, task));
    if (newTasks.length === 0) return { ...process, choices };
    const definition = { ...process.definition, tasks: newTasks };
    const [newChoices = choices] = assignActivityNames([{ definition, choices }], naming, taken);
    for (const name of listActivityNames([{ definition, choices: newChoices }], naming)) taken.add(name);
    return { ...process, choices: newChoices };
  });
}

/**
 * How the code of the processes differs from what this version generates from their definitions: `edited` by hand, or generated from something
 * else (`stale`). Line endings do not count, because git may change them in a checkout.
 */
export async function compareCode(
  project: WorkerProject,
): Promise<readonly { readonly path: string; readonly state: 'missing' | 'edited' | 'stale' }[]> {
  const { isDefinitionCode } = languageOf(project.record).code;
  const files = await renderProject(toProjectSpec(project, project.processes));
  const compared = files
    .filter(({ path }) => isDefinitionCode(path))
    .map(async (file) => {
      const { path } = file;
      const text = await readTextFile(project.folder, path);
      if (text === undefined) return [{ path, state: 'missing' as const }];
      const mine = text === false ? undefined : toLf(text);
      if (mine === toLf(textOf(file))) return [];
      const generated = [project.base.generated, project.base.regenerated].map((files) => textOf(files.get(path)));
      const isStale = mine !== undefined && generated.includes(mine);
      return [{ path, state: isStale ? ('stale' as const) : ('edited' as const) }];
    });
  return (await Promise.all(compared)).flat();
}

export function toProjectSpec(project: WorkerProject, processes: WorkerProject['processes']): ProjectSpec {
  const { template, ...answers } = project.record;
  return {
    ...answers,
    template: template === undefined ? undefined : { origin: template, files: project.base.template },
    processes,
  };
}

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

/** The workflow types or activities in the code of the project, by file. */
export async function readExportedNames(
  { folder, record, processes, removedProcesses }: WorkerProject,
  part: 'workflows' | 'activities',
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const { code } = languageOf(record);
  const exported = new Map<string, ReadonlySet<string>>();
  for (const { layout } of [...processes, ...removedProcesses])
    for (const path of part === 'activities' ? layout.activities : [layout.workflow]) {
      const text = await readTextFile(folder, path);
      if (typeof text === 'string')
        exported.set(path, part === 'activities' ? code.activityNames(text) : code.workflowTypes(text));
    }
  return exported;
}

/** The only queue that the worker of a project polls: from its application files, or else from the first definition. */
export async function projectTaskQueue({
  folder,
  processes,
}: Pick<WorkerProject, 'folder' | 'processes'>): Promise<string> {
  const { settings } = await resolveSettings({ env: {}, files: { dir: folder }, required: [], cwd: folder });
  return settings['temporal.kuflow-queue']?.value ?? processes[0].definition.workflow.taskQueue;
}
