import { isDeepStrictEqual } from 'node:util';
import { isMap, isScalar, parseDocument, type Document, type Pair } from 'yaml';
import { KnownError } from '../base/errors.ts';
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

/** The library's own warnings and pretty errors quote the file. */
export const PARSING = { prettyErrors: false, logLevel: 'error' } as const;

/** A key by its path in the maps of a document, and what it is to say; undefined: it is not to be there. */
export interface YamlEdit {
  readonly path: readonly string[];
  readonly value: string | undefined;
}

export type YamlData = Readonly<Record<string, unknown>>;
const isData = (value: unknown): value is YamlData =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The text of one YAML document with these edits and every other byte as it was: comments, order, blanks, quotes, line ends. Flow maps
 * (`{a: 1}`, JSON too) are edited as they are written. `name` is what messages call the file; they never quote it. Throws a KnownError.
 */
export function editYaml(text: string, edits: readonly YamlEdit[], name: string, lineEnd: '\n' | '\r\n'): string {
  const wanted = edits.reduce<YamlData>(
    (data, { path, value }) => withValue(data, path, value),
    parseYamlMap(text, name),
  );
  let now = text;
  for (const edit of edits) now = applyEdit(now, edit, lineEnd) ?? throwUneditable(edit, name);
  if (isDeepStrictEqual(parseOrUndefined(now), wanted)) return now;
  return throwUneditable(edits[0], name);
}

/** What a document says; an empty one says nothing. Throws a KnownError for text that is no YAML map, or has a key twice. */
export function parseYamlMap(text: string, name: string): YamlData {
  const document = parseDocument(text, PARSING);
  const [broken] = document.errors;
  const nothing = isEmpty(document);
  if (broken === undefined && (nothing || isMap(document.contents))) return nothing ? {} : documentData(document);
  // The library's own words may quote the file, and with it a secret.
  const why =
    broken === undefined
      ? 'it holds no map'
      : broken.code === 'DUPLICATE_KEY'
        ? 'a key stands in it twice'
        : 'it is no valid YAML';
  const line = broken === undefined ? '' : `, line ${text.slice(0, broken.pos[0]).split('\n').length}`;
  throw new KnownError({
    message: `${name} can't be used: ${why}${line}`,
    next: ['Correct the file, or move it away'],
  });
}

/** The text that a path says, undefined for what is no text. */
export function getYamlText(data: YamlData, path: readonly string[]): string | undefined {
  const value = path.reduce<unknown>((at, key) => (isData(at) ? at[key] : undefined), data);
  return typeof value === 'string' ? value : undefined;
}

function throwUneditable(edit: YamlEdit | undefined, name: string): never {
  throw new KnownError({
    message: `${name} can't be edited: ${edit?.path.join('.') ?? 'a key'} stands in it in a way that leaves no place for a value (an anchor, a tag, a map, a list)`,
    next: ['Write it as a plain key, or move the file away'],
  });
}

function isEmpty({ contents }: Document): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

function documentData(document: Document): YamlData {
  const data: unknown = document.toJS();
  return isData(data) ? data : {};
}

function parseOrUndefined(text: string): YamlData | undefined {
  const document = parseDocument(text, PARSING);
  return document.errors.length > 0 ? undefined : documentData(document);
}

function withValue(data: YamlData, [key = '', ...rest]: readonly string[], value: string | undefined): YamlData {
  const inner = data[key];
  if (value === undefined && (rest.length > 0 ? !isData(inner) : !Object.hasOwn(data, key))) return data;
  if (rest.length > 0) return { ...data, [key]: withValue(isData(inner) ? inner : {}, rest, value) };
  return Object.fromEntries([
    ...Object.entries(data).filter(([name]) => name !== key),
    ...(value === undefined ? [] : [[key, value] as const]),
  ]);
}

/** Undefined where there is no place for the key. */
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
