import { isDeepStrictEqual } from 'node:util';
import { isCollection, isMap, isNode, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml';
import { parseDefinition } from './file.ts';
import { renderTask } from './render.ts';
import type { ProcessDefinition, TaskDefinition } from '../definition.ts';
import { formatFlowItem, insertIntoFlowList } from './yaml-flow-item.ts';

export interface AddedTask {
  readonly text: string;
  readonly definition: ProcessDefinition;
}

/**
 * The text of a definition file with one task more, after the task `after` or at the end, in the style of the tasks beside it. Every other byte
 * stays as it is, but where there is no task yet: then the rest is written anew from the parsed document, with its comments, order and quoting. Rejects with a KnownError when the text is no definition; `after` has to be one of its tasks.
 */
export async function addTask(
  text: string,
  fileName: string,
  task: TaskDefinition,
  after?: string,
): Promise<AddedTask> {
  const before = await parseDefinition(text, fileName);
  const at = after === undefined ? before.tasks.length : before.tasks.findIndex(({ code }) => code === after) + 1;
  const wanted: ProcessDefinition = {
    ...before,
    tasks: [...before.tasks.slice(0, at), task, ...before.tasks.slice(at)],
  };
  const says = async (candidate: string): Promise<boolean> =>
    isDeepStrictEqual(await parseDefinition(candidate, fileName).catch(() => undefined), wanted);
  for (const spliced of [insertIntoBlockList(text, at, task), insertIntoFlowList(text, at, taskData(task))])
    if (spliced !== undefined && (await says(spliced))) return { text: spliced, definition: wanted };
  const rewritten = rewriteDocument(text, at, task);
  if (!(await says(rewritten))) throw new Error('The definition with the new task does not say what it should');
  return { text: rewritten, definition: wanted };
}

/** Writes the task between two items of a list in block style; undefined where there is none. */
function insertIntoBlockList(text: string, at: number, task: TaskDefinition): string | undefined {
  const document = parseDocument(text, { keepSourceTokens: true });
  const tasks: unknown = document.get('tasks');
  if (!isSeq(tasks) || tasks.flow === true || tasks.items.length === 0) return undefined;
  const token = tasks.srcToken;
  if (token?.type !== 'block-seq') return undefined;
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const start = startOfItem(tasks, at);
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

/** The item of a list whose neighbour stands between braces, without the indentation of the list. */
function formatInNeighborStyle(
  text: string,
  neighbour: unknown,
  indent: number,
  task: TaskDefinition,
): string | undefined {
  if (!isMap(neighbour) || neighbour.flow !== true || !Array.isArray(neighbour.range)) return undefined;
  const [first = '', ...more] = formatFlowItem(taskData(task), text, neighbour.range).split(/\r?\n/);
  return [`- ${first}`, ...more.map((line) => line.slice(indent))].join('\n');
}

function taskData(task: TaskDefinition): unknown {
  const list: unknown = parseDocument(renderTask(task)).toJS();
  return Array.isArray(list) ? list[0] : undefined;
}

/** Offset of the line on which the item begins, or of the comment right above it; undefined past the last one. */
function startOfItem(tasks: YAMLSeq, at: number): number | undefined {
  const token = tasks.srcToken;
  if (token?.type !== 'block-seq' || at >= tasks.items.length) return undefined;
  const marks = token.items[at]?.start ?? [];
  // What stands before the dash: blank lines and comments, which belong to the item that follows, then its indentation.
  let from = marks.findIndex(({ type }) => type === 'comment');
  if (from === -1) from = marks.findIndex(({ type }) => type === 'seq-item-ind');
  const first = marks[from];
  if (first === undefined) return undefined;
  const space = marks[from - 1];
  return space?.type === 'space' ? space.offset : first.offset - token.indent;
}

function endOfLast(text: string, tasks: YAMLSeq): number | undefined {
  const last = tasks.items.at(-1);
  const range = isNode(last) ? last.range : undefined;
  if (range === null || range === undefined) return undefined;
  // The value ends before the comments and blank lines that follow the list: they stay behind the new task.
  const end = endOfDeepestValue(last) ?? range[1];
  const line = text.indexOf('\n', Math.max(0, end - 1));
  return line === -1 ? text.length : line + 1;
}

/** Where the text of the deepest last value ends, its own line break left out. */
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

function rewriteDocument(text: string, at: number, task: TaskDefinition): string {
  const document: Document.Parsed = parseDocument(text);
  const item = document.createNode(taskData(task));
  const tasks: unknown = document.get('tasks');
  if (isSeq(tasks)) {
    if (tasks.items.length === 0) tasks.flow = false;
    tasks.items.splice(at, 0, item);
  } else document.set('tasks', document.createNode([taskData(task)]));
  return document.toString({ lineWidth: 0 });
}
