import { isDeepStrictEqual } from 'node:util';
import { isMap, isNode, isSeq, parseDocument, YAMLSeq, type Document } from 'yaml';
import { rewriteYaml } from './rewrite-yaml.ts';
import type { ProcessDefinition, TaskDefinition } from '../definition.ts';
import { parseDefinition } from './file.ts';
import { renderTask, WRITING } from './render.ts';

export interface AddedTask {
  readonly text: string;
  readonly definition: ProcessDefinition;
}

/**
 * Adds a task to the text of a definition file, after the task `after` or at the end. Comments and all other lines stay. `after` must be an
 * existing task. Rejects with a KnownError if the text is not a valid definition.
 */
export async function addTask(
  text: string,
  fileName: string,
  task: TaskDefinition,
  after?: string,
): Promise<AddedTask> {
  const before = await parseDefinition(text, fileName);
  const { tasks } = before;
  const at = after === undefined ? tasks.length : tasks.findIndex(({ code }) => code === after) + 1;
  const definition = { ...before, tasks: tasks.toSpliced(at, 0, task) };
  const edited = rewriteYaml(text, (document) => insertTask(document, task, at), WRITING);
  if (!isDeepStrictEqual(await parseDefinition(edited, fileName), definition))
    throw new Error('The definition file with the new task does not parse to the expected definition');
  return { text: edited, definition };
}

/** Inserts a task at an index of the list of tasks, in the style of the others. */
export function insertTask(document: Document.Parsed, task: TaskDefinition, at: number): void {
  const list: unknown = parseDocument(renderTask(task), WRITING).contents;
  const item: unknown = isSeq(list) ? list.items[0] : undefined;
  if (!isMap(item)) throw new Error('A rendered task is not a map');
  if (!isSeq(document.get('tasks'))) document.set('tasks', new YAMLSeq(document.schema));
  const tasks = document.get('tasks') as YAMLSeq;
  if (tasks.items.length === 0) tasks.flow = false;
  const [first] = tasks.items;
  item.flow = isMap(first) && first.flow === true;
  // The comment before the first task is that of the list.
  if (at === 0 && isNode(first) && tasks.commentBefore) {
    first.commentBefore = [tasks.commentBefore, ...(first.commentBefore ? [first.commentBefore] : [])].join('\n');
    tasks.commentBefore = null;
  }
  const isApart =
    !item.flow && (tasks.items.length === 1 || tasks.items.some((one) => isNode(one) && one.spaceBefore === true));
  tasks.items.splice(at, 0, item);
  for (const one of at === 0 ? [tasks.items[1]] : [item]) if (isNode(one) && isApart) one.spaceBefore = true;
}
