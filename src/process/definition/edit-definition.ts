import { isDeepStrictEqual } from 'node:util';
import { isCollection, isMap, isNode, isScalar, isSeq, parseDocument, YAMLSeq, type Document } from 'yaml';
import { KnownError } from '../../base/errors.ts';
import { isRecord } from '../../base/json.ts';
import { removeValue, rewriteYaml } from './rewrite-yaml.ts';
import type { ProcessDefinition, TaskDefinition } from '../definition.ts';
import { parseDefinition, toFile } from './file.ts';
import { renderTask, WRITING } from './render-definition.ts';

type ValuePath = readonly (string | number)[];

/** A change of one value of a YAML document. */
interface ValueEdit {
  readonly path: ValuePath;
  /** `set` adds or replaces the value of a key, `append` adds an item to a list, and `remove` removes a key or an item. */
  readonly action: 'set' | 'append' | 'remove';
  readonly value?: unknown;
}

/**
 * Changes the text of a definition file so that it describes `next`. Tasks that both have must be in the same order. Comments, quotes, order
 * and all lines that do not change stay. Rejects with a KnownError if the text is not a valid definition, or cannot be changed that way.
 */
export async function editDefinition(text: string, fileName: string, next: ProcessDefinition): Promise<string> {
  const before = await parseDefinition(text, fileName);
  if (isDeepStrictEqual(before, next)) return text;
  let cause: unknown;
  try {
    const edited = rewriteYaml(text, (document) => applyChanges(document, before, next), WRITING);
    if (isDeepStrictEqual(await parseDefinition(edited, fileName), next)) return edited;
  } catch (error) {
    // The place is behind an alias, or an alias refers to the anchor that would be removed.
    cause = error;
  }
  throw new KnownError({
    message: `${fileName} can't be changed automatically: it uses YAML syntax that can't be edited, such as an anchor`,
    seen: 'nothing was written',
    next: ['Make the changes in the file by hand'],
    cause,
  });
}

function applyChanges(document: Document.Parsed, before: ProcessDefinition, next: ProcessDefinition): void {
  for (const at of [...before.tasks.keys()].reverse())
    if (!hasTask(next, before.tasks[at]?.code)) removeValue(document, ['tasks', at]);
  // The tasks that both have, and everything else.
  const [old, now] = [onlyTasksOf(before, next), onlyTasksOf(next, before)];
  for (const edit of diffValues([], toFile(old), toFile(now))) applyEdit(document, edit);
  for (const [at, task] of next.tasks.entries()) if (!hasTask(before, task.code)) insertTask(document, task, at);
}

function hasTask({ tasks }: ProcessDefinition, code: string | undefined): boolean {
  return tasks.some((task) => task.code === code);
}

function onlyTasksOf(definition: ProcessDefinition, other: ProcessDefinition): ProcessDefinition {
  return { ...definition, tasks: definition.tasks.filter(({ code }) => hasTask(other, code)) };
}

/** The edits that turn one JSON value into another. */
function diffValues(path: ValuePath, before: unknown, next: unknown): readonly ValueEdit[] {
  if (isDeepStrictEqual(before, next)) return [];
  if (isRecord(before) && isRecord(next) && Object.keys(next).length > 0) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(next)])];
    return keys.flatMap((key): readonly ValueEdit[] => {
      if (!Object.hasOwn(next, key)) return [{ path: [...path, key], action: 'remove' }];
      if (!Object.hasOwn(before, key)) return [{ path: [...path, key], action: 'set', value: next[key] }];
      return diffValues([...path, key], before[key], next[key]);
    });
  }
  if (Array.isArray(before) && Array.isArray(next) && next.length > 0) {
    const [old, now] = [before as readonly unknown[], next as readonly unknown[]];
    if ((path.length === 1 && path[0] === 'tasks') || old.length === now.length)
      return old.flatMap((item, at) => diffValues([...path, at], item, now[at]));
    const kept = old.filter((item) => now.includes(item));
    if (isDeepStrictEqual(kept, now.slice(0, kept.length)) && kept.length > 0)
      return [
        ...old
          .flatMap((item, at): readonly ValueEdit[] =>
            now.includes(item) ? [] : [{ path: [...path, at], action: 'remove' }],
          )
          .toReversed(),
        ...now.slice(kept.length).map((value) => ({ path, action: 'append', value }) as const),
      ];
  }
  return [{ path, action: 'set', value: next }];
}

function applyEdit(document: Document.Parsed, { path, action, value }: ValueEdit): void {
  if (action === 'remove') removeValue(document, path);
  else if (action === 'append') document.addIn(path, document.createNode(value));
  else {
    const old: unknown = document.getIn(path, true);
    const node = document.createNode(value, { aliasDuplicateObjects: false });
    if (isNode(old) && isCollection(node)) {
      node.flow = isScalar(old) ? Array.isArray(value) : isCollection(old) && old.flow === true;
      node.comment = old.comment ?? null;
      node.commentBefore = old.commentBefore ?? null;
    }
    document.setIn(path, isScalar(node) ? value : node);
    if (old === undefined && path.length === 1) separateLastKey(document);
  }
}

/** Sets the section that was added last apart as the others are. */
function separateLastKey(document: Document.Parsed): void {
  const items = isMap(document.contents) ? document.contents.items : [];
  const last = items.at(-1);
  if (last === undefined || !items.some(({ key }) => isScalar(key) && key.spaceBefore === true)) return;
  const key = document.createNode(last.key);
  key.spaceBefore = true;
  last.key = key as typeof last.key;
}

/** Inserts a task at an index of the list of tasks, in the style of the others. */
function insertTask(document: Document.Parsed, task: TaskDefinition, at: number): void {
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
