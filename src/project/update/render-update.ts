import { isDeepStrictEqual } from 'node:util';
import { textOf, type PlannedFile } from '../../languages/planned-file.ts';
import { choiceOf, type ProjectSpec } from '../../languages/project-spec.ts';
import { languageOf } from '../../languages/all-languages.ts';
import type { TaskDefinition } from '../../process/definition.ts';
import { mergeRendered } from '../merge/merge-file.ts';
import { toProjectSpec, withDefinitionsInCode, type OpenedProcess, type WorkerProject } from '../edit/open-project.ts';
import { replaceProcess } from '../edit/plan-code-edits.ts';
import { renderProject } from '../render.ts';

type Processes = WorkerProject['processes'];
type Render = (processes: Processes) => Promise<readonly PlannedFile[]>;

/** What the templates render for the present definitions, with added activities. `changed`: what the update changes in the spec. */
export async function renderUpdate(
  project: WorkerProject,
  changed: Pick<ProjectSpec, 'cliPackage' | 'template'>,
): Promise<readonly PlannedFile[]> {
  const render: Render = (processes) => renderProject({ ...toProjectSpec(project, processes), ...changed });
  const files = await render(project.processes);
  const added = await findAddedActivities(project, files, render);
  if (added.size === 0) return files;
  const { activities } = languageOf(project.record).layout(project.record);
  const extended = new Map<string, PlannedFile>();
  for (const path of activities) {
    const rendered = files.find((file) => file.path === path);
    const last = project.base.generated.get(path);
    // Without system tasks, the templates may not have the file.
    if (rendered === undefined) {
      if (last !== undefined) extended.set(path, last);
      continue;
    }
    const text = await addActivities(project, path, added, render);
    extended.set(path, { ...rendered, contents: Buffer.from(text ?? textOf(last) ?? '') });
  }
  return [
    ...files.map((file) => extended.get(file.path) ?? file),
    ...[...extended.values()].filter(({ path }) => !files.some((file) => file.path === path)),
  ];
}

/** Activities that `kuflow add activity` generated, and the templates do not. */
async function findAddedActivities(
  project: WorkerProject,
  files: readonly PlannedFile[],
  render: Render,
): Promise<ReadonlySet<string>> {
  const names = generatedActivities(project);
  const rendered = renderedActivities(project, files);
  const added = names.filter((name) => !rendered.has(name));
  if (added.length === 0) return new Set();
  // Those of tasks that were removed from the definition are removed.
  const inCode = withDefinitionsInCode(project.processes);
  const ofTasks = isDeepStrictEqual(inCode, project.processes)
    ? rendered
    : renderedActivities(project, await render(inCode));
  return new Set(added.filter((name) => !ofTasks.has(name)));
}

/** The activities of the first process that were generated last, in their order. */
function generatedActivities(project: WorkerProject): readonly string[] {
  return [...renderedActivities(project, [...project.base.generated.values()])];
}

/** The activities of the first process in these files. */
function renderedActivities({ record }: WorkerProject, files: readonly PlannedFile[]): ReadonlySet<string> {
  const { layout, code } = languageOf(record);
  const texts = layout(record).activities.map((path) => textOf(files.find((file) => file.path === path)) ?? '');
  return new Set(texts.flatMap((text) => [...code.activityNames(text)]));
}

/**
 * A rendered file with activities that the templates do not have. Tasks that were added after them come after them, as they do in the base:
 * otherwise, all activities between would seem to have moved. Undefined if the templates no longer have a place for them.
 */
async function addActivities(
  project: WorkerProject,
  path: string,
  added: ReadonlySet<string>,
  render: Render,
): Promise<string | undefined> {
  const { code } = languageOf(project.record);
  const [first] = project.processes;
  const { tasks } = first.definition;
  const fileFor = async (codes: ReadonlySet<string>): Promise<string> => {
    const definition = { ...first.definition, tasks: tasks.filter((task) => codes.has(task.code)) };
    const files = await render(replaceProcess(project.processes, { ...first, definition }));
    return textOf(files.find((file) => file.path === path)) ?? '';
  };
  const names = generatedActivities(project);
  const later = names.slice(names.findIndex((name) => added.has(name)));
  const isLater = ({ code: task, kind }: TaskDefinition): boolean => {
    const name = activityOf(first, task);
    return kind === 'system' && (later.includes(name) || !names.includes(name));
  };
  let included = new Set(tasks.filter((task) => !isLater(task)).map((task) => task.code));
  let rendered = await fileFor(included);
  let text: string | undefined = rendered;
  const include = async (task: TaskDefinition, before: string): Promise<string | undefined> => {
    included = new Set([...included, task.code]);
    const [previous, next] = [rendered, await fileFor(included)];
    rendered = next;
    return mergeRendered(path, previous, before, next, code.hasDeclarationsOnly(path));
  };
  for (const name of later) {
    const task = tasks.find((one) => isLater(one) && activityOf(first, one.code) === name);
    if (added.has(name)) text = code.appendActivity(path, text, name);
    else if (task !== undefined) text = await include(task, text);
    if (text === undefined) return undefined;
  }
  for (const task of tasks.filter((one) => !included.has(one.code))) {
    text = await include(task, text);
    if (text === undefined) return undefined;
  }
  return text;
}

function activityOf({ choices }: OpenedProcess, code: string): string {
  const { activity, name = '' } = choiceOf(choices, code);
  return activity ?? name;
}
