import { isDeepStrictEqual } from 'node:util';
import { isCollection, isMap, isNode, isSeq, parseDocument, type Document, type YAMLSeq } from 'yaml';
import { parseDefinition } from '../definition/definition-file.ts';
import { renderTask } from '../definition/definition-render.ts';
import type { ProcessDefinition, TaskDefinition } from '../definition.ts';

export interface AddedTask {
  readonly text: string;
  readonly definition: ProcessDefinition;
}

/**
 * The text of a definition file with one task more, after the task `after` or at the end. Where the tasks are a list in block style,
 * every other byte stays as it is; elsewhere (a list in flow style, JSON, no list yet) the rest is written anew from the parsed document, with
 * its comments, order and quoting. Rejects with a KnownError when the text is no definition; `after` has to be one of its tasks.
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
  const spliced = splice(text, at, task);
  if (spliced !== undefined && (await says(spliced))) return { text: spliced, definition: wanted };
  const rewritten = rewrite(text, at, task);
  if (!(await says(rewritten))) throw new Error('The definition with the new task does not say what it should');
  return { text: rewritten, definition: wanted };
}

/** Writes the task between two items of a list in block style; undefined where there is none. */
function splice(text: string, at: number, task: TaskDefinition): string | undefined {
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
  const lines = renderTask(task)
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
  const end = deepEnd(last) ?? range[1];
  const line = text.indexOf('\n', Math.max(0, end - 1));
  return line === -1 ? text.length : line + 1;
}

/** Where the text of the deepest last value ends, its own line break left out. */
function deepEnd(node: unknown): number | undefined {
  if (isCollection(node) && node.flow !== true && node.items.length > 0) {
    const last: unknown = node.items.at(-1);
    if (isMap(node)) {
      const pair = last as { readonly key: unknown; readonly value: unknown };
      return deepEnd(pair.value) ?? deepEnd(pair.key);
    }
    return deepEnd(last);
  }
  return isNode(node) ? (node.range?.[1] ?? undefined) : undefined;
}

function rewrite(text: string, at: number, task: TaskDefinition): string {
  const document: Document.Parsed = parseDocument(text);
  const node = parseDocument(renderTask(task)).get(0);
  const tasks: unknown = document.get('tasks');
  if (isSeq(tasks)) {
    const item = document.createNode(isNode(node) ? node.toJSON() : node);
    if (tasks.flow === true && isCollection(item)) item.flow = true;
    tasks.items.splice(at, 0, item);
  } else document.set('tasks', document.createNode([isNode(node) ? node.toJSON() : node]));
  return document.toString({ lineWidth: 0 });
}
