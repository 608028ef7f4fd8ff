import { isDeepStrictEqual } from 'node:util';
import { isCollection, isMap, isNode, isSeq, parseDocument, type YAMLSeq } from 'yaml';
import { parseDefinition } from './file.ts';
import { renderTask } from './render.ts';
import { rewriteDocument } from './rewrite-document.ts';
import type { ProcessDefinition, TaskDefinition } from '../definition.ts';
import { formatFlowItem, insertIntoFlowList } from './flow-list.ts';

export interface AddedTask {
  readonly text: string;
  readonly definition: ProcessDefinition;
}

/**
 * Adds a task to the text of a definition file, after the task `after` or at the end, in the style of the neighboring tasks. Every other
 * byte stays the same. If the file has no tasks yet, it is rewritten from the parsed document, which keeps comments, order and quoting.
 * `after` must be an existing task. Rejects with a KnownError if the text is not a valid definition.
 */
export async function addTask(
  text: string,
  fileName: string,
  task: TaskDefinition,
  after?: string,
): Promise<AddedTask> {
  const { tasks } = await parseDefinition(text, fileName);
  return insertTask(
    text,
    fileName,
    task,
    after === undefined ? tasks.length : tasks.findIndex(({ code }) => code === after) + 1,
  );
}

/** Like `addTask`, at an index of the list of tasks. */
export async function insertTask(text: string, fileName: string, task: TaskDefinition, at: number): Promise<AddedTask> {
  const before = await parseDefinition(text, fileName);
  const expected: ProcessDefinition = {
    ...before,
    tasks: [...before.tasks.slice(0, at), task, ...before.tasks.slice(at)],
  };
  const isExpected = async (candidate: string): Promise<boolean> =>
    isDeepStrictEqual(await parseDefinition(candidate, fileName).catch(() => undefined), expected);
  for (const spliced of [insertIntoBlockList(text, at, task), insertIntoFlowList(text, at, taskData(task))])
    if (spliced !== undefined && (await isExpected(spliced))) return { text: spliced, definition: expected };
  const rewritten = addToDocument(text, at, task);
  if (!(await isExpected(rewritten)))
    throw new Error('The definition file with the new task does not parse to the expected definition');
  return { text: rewritten, definition: expected };
}

/** Inserts the task into a list in block style. Undefined if the file has no such list. */
function insertIntoBlockList(text: string, at: number, task: TaskDefinition): string | undefined {
  const document = parseDocument(text, { keepSourceTokens: true });
  const tasks: unknown = document.get('tasks');
  if (!isSeq(tasks) || tasks.flow === true || tasks.items.length === 0) return undefined;
  const token = tasks.srcToken;
  if (token?.type !== 'block-seq') return undefined;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const start = startOfItem(text, tasks, at);
  const end = start ?? endOfLast(text, tasks);
  if (end === undefined) return undefined;
  const indent = ' '.repeat(token.indent);
  const written =
    formatInNeighborStyle(text, tasks.items[Math.min(at, tasks.items.length - 1)], token.indent, task) ??
    renderTask(task);
  const lines = written
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line));
  const apart =
    tasks.items.length === 1 ||
    tasks.items.some((item, index) => index > 0 && isNode(item) && item.spaceBefore === true);
  const head = text.slice(0, end);
  const tail = text.slice(end);
  const block = lines.join(eol) + eol;
  if (start === undefined) {
    const joint = head.endsWith('\n') || head === '' ? '' : eol;
    return head + joint + (apart ? eol : '') + block + tail;
  }
  return head + block + (apart ? eol : '') + tail;
}

/** The new item in the style of a neighbor in braces, without the indentation of the list. Undefined for other neighbors. */
function formatInNeighborStyle(
  text: string,
  neighbor: unknown,
  indent: number,
  task: TaskDefinition,
): string | undefined {
  if (!isMap(neighbor) || neighbor.flow !== true || !Array.isArray(neighbor.range)) return undefined;
  const [first = '', ...more] = formatFlowItem(taskData(task), text, neighbor.range).split(/\r?\n/);
  return [`- ${first}`, ...more.map((line) => line.slice(indent))].join('\n');
}

function taskData(task: TaskDefinition): unknown {
  const list: unknown = parseDocument(renderTask(task)).toJS();
  return Array.isArray(list) ? list[0] : undefined;
}

/** Offset of the line on which an item begins, or of the comment right above it. Undefined after the last item. */
function startOfItem(text: string, tasks: YAMLSeq, at: number): number | undefined {
  const token = tasks.srcToken;
  if (token?.type !== 'block-seq' || at >= tasks.items.length) return undefined;
  const marks = token.items[at]?.start ?? [];
  // Before the dash: blank lines and comments, which belong to this item, then its indentation.
  let from = marks.findIndex(({ type }) => type === 'comment');
  if (from === -1) from = marks.findIndex(({ type }) => type === 'seq-item-ind');
  const first = marks[from];
  if (first === undefined) return undefined;
  const line = text.lastIndexOf('\n', first.offset - 1) + 1;
  // The comments above the first item are not in its token.
  return at > 0 ? line : text.slice(0, line).replace(/(?<=\n)(?:[ \t]*#[^\n]*\n)+$/, '').length;
}

function endOfLast(text: string, tasks: YAMLSeq): number | undefined {
  const last = tasks.items.at(-1);
  const range = isNode(last) ? last.range : undefined;
  if (range === null || range === undefined) return undefined;
  // The value ends before the comments and blank lines that follow the list, so they stay after the new task.
  const end = endOfDeepestValue(last) ?? range[1];
  const line = text.indexOf('\n', Math.max(0, end - 1));
  return line === -1 ? text.length : line + 1;
}

/** Where the text of the deepest last value ends, without its line break. */
function endOfDeepestValue(node: unknown): number | undefined {
  if (isCollection(node) && node.flow !== true && node.items.length > 0) {
    const last: unknown = node.items.at(-1);
    if (isMap(node)) {
      const pair = last as { readonly key: unknown; readonly value: unknown };
      return endOfDeepestValue(pair.value) ?? endOfDeepestValue(pair.key);
    }
    return endOfDeepestValue(last);
  }
  return isNode(node) ? (node.range?.[1] ?? undefined) : undefined;
}

function addToDocument(text: string, at: number, task: TaskDefinition): string {
  return rewriteDocument(text, (document) => {
    const item = document.createNode(taskData(task));
    const tasks: unknown = document.get('tasks');
    if (isSeq(tasks)) {
      if (tasks.items.length === 0) tasks.flow = false;
      tasks.items.splice(at, 0, item);
    } else document.set('tasks', document.createNode([taskData(task)]));
  });
}
