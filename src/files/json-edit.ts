import { isDeepStrictEqual } from 'node:util';
import { applyEdits, findNodeAtLocation, modify, parseTree, type Node, type ParseError } from 'jsonc-parser';
import { KnownError } from '../base/errors.ts';
import { isRecord, parseJsonText, withListItem } from '../base/json.ts';
import { cannotEditError, splitTextFile } from './text-file.ts';

/** Parses a JSON object, with or without a byte order mark. `name` is the name of the file in messages. Throws a KnownError. */
export function parseJsonObject(text: string, name: string): Readonly<Record<string, unknown>> {
  const data = parseJsonText(splitTextFile(text).text);
  if (isRecord(data)) return data;
  // The parser's messages may quote the file.
  throw new KnownError({
    message: `${name} can't be used: ${data === undefined ? `it is not valid JSON, line ${firstBrokenLine(text)}` : 'it is not a JSON object'}`,
    next: [
      data === undefined
        ? `Correct the JSON syntax in ${name}, then try again`
        : `Write a JSON object to ${name}, then try again`,
    ],
  });
}

/** Appends a text to the array at a path, adding missing keys. Throws a KnownError for anything but a JSON object, or if a value is in the way. */
export function appendToJsonArray(text: string, path: readonly string[], item: string, name: string): string {
  const before = parseJsonObject(text, name);
  const { mark, text: body, lineEnd } = splitTextFile(text);
  const array = findValue(body, path);
  if (array === undefined || array.type === 'array') {
    const at = [...path, array?.children?.length ?? 0];
    const edited = editJson(body, at, item, { isArrayInsertion: array !== undefined, lineEnd });
    if (isDeepStrictEqual(parseJsonText(edited), withListItem(before, path, item))) return mark + edited;
  }
  const key = path.join('.');
  throw cannotEditError(name, `${key} is not an array`, `Add ${JSON.stringify(item)} to ${key} yourself`);
}

/** The line of the first syntax error, counted from 1. */
function firstBrokenLine(text: string): number {
  const errors: ParseError[] = [];
  parseTree(splitTextFile(text).text, errors, { disallowComments: true });
  return text.slice(0, errors[0]?.offset ?? 0).split('\n').length;
}

interface JsonEdit {
  readonly lineEnd?: '\n' | '\r\n';
  readonly isArrayInsertion?: boolean;
  /** Where a new key is added among those of its object. At the end by default. */
  readonly getInsertionIndex?: (keys: readonly string[]) => number;
}

/** Sets or removes a value, in the indentation of the document. What is on one line stays on one line. Missing objects are added. */
export function editJson(text: string, path: JsonPath, value: unknown, edit: JsonEdit = {}): string {
  const {
    lineEnd: eol = '\n',
    isArrayInsertion = false,
    getInsertionIndex = (keys: readonly string[]) => keys.length,
  } = edit;
  const parent = findValue(text, path.slice(0, -1));
  const isLine = parent !== undefined && !text.slice(parent.offset, parent.offset + parent.length).includes('\n');
  const isOnOneLine = isLine && (parent.type === 'array' || parent.children?.length !== 0);
  const indent = /\n([ \t]+)/.exec(text)?.[1] ?? '  ';
  const insertSpaces = !indent.startsWith('\t');
  const edits = modify(text, [...path], value, {
    ...(isOnOneLine ? {} : { formattingOptions: { insertSpaces, tabSize: insertSpaces ? indent.length : 1, eol } }),
    isArrayInsertion,
    getInsertionIndex,
  });
  const spaced = (content: string): string => content.replace(/^,(?=\S)|,$/, ', ');
  return applyEdits(text, isOnOneLine ? edits.map((one) => ({ ...one, content: spaced(one.content) })) : edits);
}

type JsonPath = readonly (string | number)[];

/** The node of the value at a path. Undefined if the document does not have one. */
export function findValue(text: string, path: JsonPath): Node | undefined {
  const tree = parseTree(text);
  return tree && findNodeAtLocation(tree, [...path]);
}
