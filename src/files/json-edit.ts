import { isDeepStrictEqual } from 'node:util';
import { isMap, isNode, isPair, isScalar, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from 'yaml';
import { KnownError } from '../base/errors.ts';
import { isRecord, withListItem } from '../base/json.ts';
import { indentAt, splitTextFile } from './text-file.ts';

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
  if (edited !== undefined && isDeepStrictEqual(parseOrUndefined(edited), withListItem(before, path, item)))
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

/** Parses JSON as YAML, which includes it, because `JSON.parse` does not report positions. */
function insertItem(text: string, path: readonly string[], item: string, lineEnd: string): string | undefined {
  let node: unknown = parseDocument(text, { logLevel: 'silent', uniqueKeys: false }).contents;
  for (const [depth, key] of path.entries()) {
    if (!isMap(node)) return undefined;
    const pair = node.items.findLast((one) => isScalar(one.key) && one.key.value === key);
    if (pair === undefined) {
      const added = path
        .slice(depth + 1)
        .reduceRight((inner, name) => `{ ${JSON.stringify(name)}: ${inner} }`, `[${JSON.stringify(item)}]`);
      return insertInto(text, node, `${JSON.stringify(key)}: ${added}`, lineEnd);
    }
    node = pair.value;
  }
  return isSeq(node) ? insertInto(text, node, JSON.stringify(item), lineEnd) : undefined;
}

/** Adds an element or a member at the end, on a separate line if the last one is. */
function insertInto(text: string, node: YAMLMap | YAMLSeq, added: string, lineEnd: string): string | undefined {
  const last: unknown = node.items.at(-1);
  const [range, first, end] = [
    rangeOf(node),
    rangeOf(isPair(last) ? last.key : last),
    rangeOf(isPair(last) ? last.value : last),
  ];
  if (range === undefined) return undefined;
  const close = range[1] - 1;
  if (first === undefined || end === undefined) {
    const inner = text.slice(range[0] + 1, close);
    const indent = inner.includes('\n') ? `${indentAt(text, close)}  ` : '';
    const [before, after] = inner.includes('\n')
      ? [lineEnd + indent, inner.slice(inner.lastIndexOf('\n') - (inner.includes('\r\n') ? 1 : 0))]
      : ['', ''];
    return text.slice(0, range[0] + 1) + before + added + after + text.slice(close);
  }
  const joint = text.slice(end[1], close).includes('\n') ? `,${lineEnd}${indentAt(text, first[0])}` : ', ';
  return text.slice(0, end[1]) + joint + added + text.slice(end[1]);
}

function rangeOf(node: unknown): readonly [number, number, number] | undefined {
  return isNode(node) ? (node.range ?? undefined) : undefined;
}
