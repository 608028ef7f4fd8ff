import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, parseDocument, type Document, type Pair } from 'yaml';
import { KnownError } from '../base/errors.ts';
import { isRecord, withTextAt } from '../base/json.ts';
import {
  appendKey,
  startDocument,
  insertBelow,
  hasNoValue,
  removeKey,
  replaceValue,
  detectStyle,
  removeNull,
} from './yaml-lines.ts';

/** Without the library's warnings and pretty errors, because they quote the file. */
export const PARSING = { prettyErrors: false, logLevel: 'error' } as const;

/** The path of a key in a document, and its new value. Undefined removes the key. */
export interface YamlEdit {
  readonly path: readonly string[];
  readonly value: string | undefined;
}

export type YamlData = Readonly<Record<string, unknown>>;

/**
 * Edits keys of a YAML document and keeps every other byte: comments, order, spaces, quotes and line endings. Flow maps (`{a: 1}`, JSON too)
 * stay flow maps. `name` is the name of the file in messages, which never quote its content. Throws a KnownError.
 */
export function editYaml(text: string, edits: readonly YamlEdit[], name: string, lineEnd: '\n' | '\r\n'): string {
  const expected = edits.reduce<YamlData>(
    (data, { path, value }) => withTextAt(data, path, value),
    parseYamlMap(text, name),
  );
  let edited = text;
  for (const edit of edits) edited = applyEdit(edited, edit, lineEnd) ?? throwUneditable(edit, name);
  if (isDeepStrictEqual(parseOrUndefined(edited), expected)) return edited;
  return throwUneditable(edits[0], name);
}

/** Parses a YAML document. Throws a KnownError if it is not a map or contains a key twice. An empty document counts as an empty map. */
export function parseYamlMap(text: string, name: string): YamlData {
  const document = parseDocument(text, PARSING);
  const [broken] = document.errors;
  const nothing = isEmpty(document);
  if (broken === undefined && (nothing || isMap(document.contents))) return nothing ? {} : documentData(document);
  // The library's messages may quote the file, and with it a secret.
  const why =
    broken === undefined
      ? 'it is not a YAML map'
      : broken.code === 'DUPLICATE_KEY'
        ? 'it contains a key twice'
        : 'it is not valid YAML';
  const line = broken === undefined ? '' : `, line ${text.slice(0, broken.pos[0]).split('\n').length}`;
  throw new KnownError({
    message: `${name} can't be used: ${why}${line}`,
    next: [
      broken === undefined
        ? `Write ${name} as keys and values, then try again`
        : `Correct the YAML syntax in ${name}, then try again`,
    ],
    status: 2,
  });
}

function throwUneditable(edit: YamlEdit | undefined, name: string): never {
  throw new KnownError({
    message: `${name} can't be edited: ${edit?.path.join('.') ?? 'a key'} uses YAML syntax that can't be edited (an anchor, a tag, a map or a list)`,
    next: ['Write it as a plain key and value, or move the file away'],
  });
}

function isEmpty({ contents }: Document): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function documentData(document: Document): YamlData {
  const data: unknown = document.toJS();
  return isRecord(data) ? data : {};
}

function parseOrUndefined(text: string): YamlData | undefined {
  const document = parseDocument(text, PARSING);
  return document.errors.length > 0 ? undefined : documentData(document);
}

/** Undefined if the key can't be placed. */
function applyEdit(text: string, { path, value }: YamlEdit, lineEnd: '\n' | '\r\n'): string | undefined {
  const document = parseDocument(text, PARSING);
  if (document.errors.length > 0) return undefined;
  let at: unknown = document.contents;
  const style = detectStyle(text, at, lineEnd);
  if (isEmpty(document)) return value === undefined ? text : startDocument(text, path, value, style);
  for (let depth = 0; depth < path.length; depth++) {
    if (!isMap(at)) return undefined;
    const pair: Pair | undefined = at.items.find(({ key }) => isScalar(key) && key.value === path[depth]);
    const rest = path.slice(depth);
    if (pair === undefined) return value === undefined ? text : appendKey(text, at, rest, value, style);
    if (rest.length === 1) {
      if (value === undefined) return removeKey(text, at, pair);
      if (isScalar(pair.value) && pair.value.value === value) return text;
      return replaceValue(text, at, pair, value, style);
    }
    const written = removeNull(text, pair);
    if (written !== undefined && at.flow !== true)
      return value === undefined ? text : applyEdit(written, { path, value }, lineEnd);
    if (hasNoValue(pair) && at.flow !== true)
      return value === undefined ? text : insertBelow(text, at, pair, rest.slice(1), value, style);
    at = pair.value;
  }
  return undefined;
}
