import { isDeepStrictEqual } from 'node:util';
import { KnownError } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import { splitTextFile } from './text-file.ts';

/** A value in a JSON text: `[start, end)` of its text. */
interface JsonNode {
  readonly start: number;
  readonly end: number;
  /** Elements of an array, or values of an object. */
  readonly items: readonly JsonNode[];
  /** Keys of an object, in the order of `items`. */
  readonly keys: readonly string[];
}

/** Parses a JSON object, with or without a byte order mark. `name` is the name of the file in messages. Throws a KnownError. */
export function parseJsonObject(text: string, name: string): Readonly<Record<string, unknown>> {
  const data = parseOrUndefined(splitTextFile(text).text);
  if (isRecord(data)) return data;
  // The parser's messages may quote the file.
  throw new KnownError({
    message: `${name} can't be used: ${data === undefined ? 'it is not valid JSON' : 'it is not a JSON object'}`,
    next: ['Fix the file'],
  });
}

/**
 * Appends a text to the array at a path of a JSON object and keeps every other byte. Missing keys are added at the end of their object.
 * Throws a KnownError if the text is not a JSON object, or another value is in the way.
 */
export function appendToJsonArray(text: string, path: readonly string[], item: string, name: string): string {
  const before = parseJsonObject(text, name);
  const { mark, text: body, lineEnd } = splitTextFile(text);
  const edited = insertItem(body, path, item, lineEnd);
  if (edited !== undefined && isDeepStrictEqual(parseOrUndefined(edited), withItem(before, path, item)))
    return mark + edited;
  throw new KnownError({
    message: `${name} can't be edited: ${path.join('.')} is not an array`,
    next: [`Add ${JSON.stringify(item)} to ${path.join('.')} yourself`],
  });
}

function parseOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function withItem(data: unknown, [key, ...rest]: readonly string[], item: string): unknown {
  if (key === undefined) return [...(Array.isArray(data) ? (data as readonly unknown[]) : []), item];
  const object = isRecord(data) ? data : {};
  return { ...object, [key]: withItem(object[key], rest, item) };
}

function insertItem(text: string, path: readonly string[], item: string, lineEnd: string): string | undefined {
  let node = readNode(text, skipSpace(text, 0));
  for (const [depth, key] of path.entries()) {
    if (text[node.start] !== '{') return undefined;
    const at = node.keys.lastIndexOf(key);
    const value = at === -1 ? undefined : node.items[at];
    if (value === undefined) {
      const added = path
        .slice(depth + 1)
        .reduceRight((inner, name) => `{ ${JSON.stringify(name)}: ${inner} }`, `[${JSON.stringify(item)}]`);
      return insertInto(text, node, `${JSON.stringify(key)}: ${added}`, lineEnd);
    }
    node = value;
  }
  return text[node.start] === '[' ? insertInto(text, node, JSON.stringify(item), lineEnd) : undefined;
}

/** Adds an element or a member at the end, on a separate line if the last one is. */
function insertInto(text: string, node: JsonNode, added: string, lineEnd: string): string {
  const last = node.items.at(-1);
  if (last === undefined) {
    const inner = text.slice(node.start + 1, node.end - 1);
    const indent = inner.includes('\n') ? `${indentAt(text, node.end - 1)}  ` : '';
    const [before, after] = inner.includes('\n')
      ? [lineEnd + indent, inner.slice(inner.lastIndexOf('\n') - (inner.includes('\r\n') ? 1 : 0))]
      : ['', ''];
    return text.slice(0, node.start + 1) + before + added + after + text.slice(node.end - 1);
  }
  const tail = text.slice(last.end, node.end - 1);
  const joint = tail.includes('\n') ? `,${lineEnd}${indentAt(text, last.start)}` : ', ';
  return text.slice(0, last.end) + joint + added + text.slice(last.end);
}

/** The white space at the start of the line. */
function indentAt(text: string, place: number): string {
  return /^[ \t]*/.exec(text.slice(text.lastIndexOf('\n', place - 1) + 1))?.[0] ?? '';
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (/\s/.test(text[next] ?? '')) next++;
  return next;
}

/** The value that starts at a place of a text that is valid JSON. */
function readNode(text: string, start: number): JsonNode {
  const open = text[start];
  const scalar = /^(?:"(?:[^"\\]|\\.)*"|[^\s,\]}]+)/s;
  if (open !== '{' && open !== '[')
    return { start, end: start + (scalar.exec(text.slice(start))?.[0].length ?? 0), items: [], keys: [] };
  const items: JsonNode[] = [];
  const keys: string[] = [];
  let at = skipSpace(text, start + 1);
  while (at < text.length && text[at] !== '}' && text[at] !== ']') {
    if (open === '{') {
      const key = readNode(text, at);
      keys.push(JSON.parse(text.slice(key.start, key.end)) as string);
      at = skipSpace(text, skipSpace(text, key.end) + 1);
    }
    const value = readNode(text, at);
    items.push(value);
    at = skipSpace(text, value.end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return { start, end: at + 1, items, keys };
}
