import { isDeepStrictEqual } from 'node:util';
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parse,
  parseDocument,
  stringify,
  type Document,
  type Pair,
  type Scalar,
  type YAMLMap,
} from 'yaml';
import { KnownError } from '../base/errors.ts';
import { isRecord, withTextAt } from '../base/json.ts';
import { cannotEditError, insertLines, lineAfter, splitTextFile, type KeyEdit } from './text-file.ts';

/** Without the library's warnings and pretty errors, because they quote the file. */
export const PARSING = { prettyErrors: false, logLevel: 'error' } as const;

export type YamlData = Readonly<Record<string, unknown>>;

/**
 * Edits keys of a YAML document and keeps every other byte: comments, order, spaces, quotes and line endings. Flow maps (`{a: 1}`, JSON too)
 * stay flow maps. `name` is the name of the file in messages, which never quote its content. Throws a KnownError.
 */
export function editYaml(text: string, edits: readonly KeyEdit[], name: string, lineEnd: '\n' | '\r\n'): string {
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

function throwUneditable(edit: KeyEdit | undefined, name: string): never {
  throw cannotEditError(
    name,
    `${edit?.path.join('.') ?? 'a key'} uses YAML syntax that can't be edited (an anchor, a tag, a map or a list)`,
    'Write it as a plain key and value, or move the file away',
  );
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
function applyEdit(text: string, { path, value }: KeyEdit, lineEnd: '\n' | '\r\n'): string | undefined {
  const document = parseDocument(text, PARSING);
  if (document.errors.length > 0) return undefined;
  let at: unknown = document.contents;
  // A block at the end of a file without a final line end would lose its last line end.
  const style = { step: detectIndentStep(text, at), lineEnd, literal: text === '' || text.endsWith('\n') };
  if (isEmpty(document))
    return value === undefined ? text : insertLines(text, text.length, blockOf(path, value, '', style), lineEnd);
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

/**
 * Appends `block`, YAML lines at the left margin, to the list or map below a top-level key of a YAML text, and keeps every other byte. A
 * missing key is added at the end of the text, and an empty text becomes one with only this key. A second parse confirms that nothing but the
 * new items changed. `name` is the name of the file in messages. Throws a KnownError.
 */
export function appendBelowYamlKey(text: string, key: string, block: string, name: string): string {
  const before = parseYamlMap(text, name);
  const added: unknown = parse(block);
  const { mark, text: body, lineEnd } = splitTextFile(text);
  const edited = insertBlock(body, key, block, added, lineEnd);
  const expected = { ...before, [key]: joined(before[key], added) };
  if (edited !== undefined && isDeepStrictEqual(parseDocument(edited, PARSING).toJS(), expected)) return mark + edited;
  const step = `Add to ${key} yourself: ${block.replaceAll('\n', ' ')}`;
  throw cannotEditError(name, `${key} uses YAML syntax that can't be edited`, step);
}

function joined(before: unknown, added: unknown): unknown {
  if (Array.isArray(added))
    return [...(Array.isArray(before) ? (before as readonly unknown[]) : []), ...(added as readonly unknown[])];
  return { ...(isRecord(before) ? before : {}), ...(isRecord(added) ? added : {}) };
}

function insertBlock(text: string, key: string, block: string, added: unknown, lineEnd: string): string | undefined {
  const document = parseDocument(text, PARSING);
  const { contents } = document;
  if (document.errors.length > 0) return undefined;
  const indented = (indent: string): string => block.replaceAll(/^(?=.)/gm, indent);
  const pair = isMap(contents)
    ? contents.items.find((item) => isScalar(item.key) && item.key.value === key)
    : undefined;
  if (pair === undefined) {
    if (isMap(contents) && contents.flow === true) return undefined;
    return insertLines(text, text.length, `${key}:\n${indented('  ')}`, lineEnd);
  }
  const { value } = pair;
  if (isScalar(value) && value.value === null)
    return value.range[0] === value.range[1]
      ? insertLines(text, lineAfter(text, endOf(pair.key)), indented('  '), lineEnd)
      : undefined;
  if (!isMap(value) && !isSeq(value)) return undefined;
  const last = value.items.at(-1);
  const [start, end] = value.range;
  if (value.flow === true) {
    const flow = JSON.stringify(added).slice(1, -1).replaceAll('":', '": ');
    if (last === undefined) return `${text.slice(0, end - 1)}${flow}${text.slice(end - 1)}`;
    return `${text.slice(0, endOf(last))}, ${flow}${text.slice(endOf(last))}`;
  }
  const indent = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  if (!/^ *$/.test(indent)) return undefined;
  return insertLines(text, lineAfter(text, endOf(last)), indented(indent), lineEnd);
}

/** The style of a file. `literal`: whether text of several lines can be written as a block. */
interface Style {
  readonly step: string;
  readonly lineEnd: '\n' | '\r\n';
  readonly literal: boolean;
}

/** Adds keys below a key without a value. Undefined if they can't be placed. */
function insertBelow(
  text: string,
  map: YAMLMap,
  pair: Pair,
  path: readonly string[],
  value: string,
  style: Style,
): string | undefined {
  const indent = indentOf(text, map);
  if (indent === undefined) return undefined;
  const block = blockOf(path, value, indent + style.step, style);
  return insertLines(text, lineAfter(text, endOf(pair)), block, style.lineEnd);
}

/** Adds a key at the end of a map. Undefined if it can't be placed. */
function appendKey(
  text: string,
  map: YAMLMap,
  path: readonly string[],
  value: string,
  style: Style,
): string | undefined {
  const { step, lineEnd } = style;
  const last = map.items.at(-1);
  if (map.flow === true) {
    const written = path.reduceRight((inner, key, depth) => {
      const pair = `${JSON.stringify(key)}: ${inner}`;
      return depth === 0 ? pair : `{ ${pair} }`;
    }, JSON.stringify(value));
    const start = map.range?.[0];
    if (last === undefined) {
      if (start === undefined) return undefined;
      const inner = /^\s*/.exec(text.slice(start + 1))?.[0] ?? '';
      return (
        text.slice(0, start + 1) +
        (inner.includes('\n') ? inner.trimEnd() + lineEnd + step : ' ') +
        written +
        (inner.includes('\n') ? inner : ' ') +
        text.slice(start + 1 + inner.length)
      );
    }
    const own = lineStartOf(text, last);
    const joint = own === undefined ? ', ' : `,${lineEnd}${own}`;
    const end = endOf(last);
    return text.slice(0, end) + joint + written + text.slice(end);
  }
  const indent = indentOf(text, map);
  if (indent === undefined || last === undefined) return undefined;
  return insertLines(text, lineAfter(text, endOf(last)), blockOf(path, value, indent, style), lineEnd);
}

/** The indentation of a key; undefined if it is not the first thing on its line. */
function lineStartOf(text: string, { key }: Pair): string | undefined {
  const start = isScalar(key) ? key.range?.[0] : undefined;
  if (start === undefined) return undefined;
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

function indentOf(text: string, map: YAMLMap): string | undefined {
  const [first] = map.items;
  return first === undefined ? undefined : lineStartOf(text, first);
}

function blockOf(path: readonly string[], value: string, indent: string, { step, literal }: Style): string {
  const lines = path.map((key, depth) => `${indent}${step.repeat(depth)}${key}:`);
  const { head, body } = scalarText(value, indent + step.repeat(path.length), literal);
  return `${lines.join('\n')} ${head}${body === '' ? '' : `\n${body}`}`;
}

/** The value as written after its key (`head`) and below it (`body`). Text of several lines, such as PEM, keeps its lines. */
function scalarText(value: string, indent: string, literal: boolean): { readonly head: string; readonly body: string } {
  if (literal && /^(?! )(?:[\x20-\x7e]+\n)+$/.test(value))
    return { head: '|', body: value.trimEnd().replaceAll(/^/gm, indent) };
  const plain = stringify(value, { lineWidth: 0 }).trimEnd();
  return { head: plain.includes('\n') ? JSON.stringify(value) : plain, body: '' };
}

/** The indentation of a level in this file: that of its first inner map. */
function detectIndentStep(text: string, contents: unknown): string {
  const maps = isMap(contents) ? contents.items.map(({ value }) => value) : [];
  const inner = maps.map((map) => (isMap(map) && map.flow !== true ? indentOf(text, map) : undefined));
  return inner.find((indent) => indent !== undefined && indent !== '') ?? '  ';
}

/** Whether nothing but a comment follows the key. */
function hasNoValue({ value }: Pair): boolean {
  return value === null || (isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1]);
}

/** Removes an explicit null after a key. Undefined if there is not one. */
function removeNull(text: string, { value }: Pair): string | undefined {
  if (!isScalar(value) || value.value !== null || value.anchor !== undefined || value.tag !== undefined)
    return undefined;
  const [start, end] = value.range ?? [0, 0];
  return end > start ? text.slice(0, start).trimEnd() + text.slice(end) : undefined;
}

/** Where a key or an item ends, without the comments and blank lines after it. */
function endOf(item: unknown): number {
  if (isPair(item)) {
    const end = hasNoValue(item) ? undefined : endOf(item.value);
    return end ?? endOf(item.key);
  }
  if ((isMap(item) || isSeq(item)) && item.flow !== true && item.items.length > 0) return endOf(item.items.at(-1));
  return isMap(item) || isSeq(item) || isScalar(item) || isAlias(item) ? (item.range?.[1] ?? 0) : 0;
}

const isBlock = (value: Scalar): boolean => value.type?.startsWith('BLOCK') === true;

function replaceValue(
  text: string,
  map: YAMLMap,
  pair: Pair,
  value: string,
  { step, lineEnd, literal }: Style,
): string | undefined {
  const indent = (indentOf(text, map) ?? '') + step;
  const { head, body } =
    map.flow === true ? { head: JSON.stringify(value), body: '' } : scalarText(value, indent, literal);
  const place = placeOfValue(text, pair);
  if (place === undefined) return undefined;
  const { start, end, after, next } = place;
  // A comment after the old value stays on the line of the new one.
  const line = text.slice(0, start) + (text[start - 1] === ':' ? ' ' : '') + head + text.slice(end, after);
  return body === '' ? line + text.slice(next) : insertLines(line + text.slice(next), line.length, body, lineEnd);
}

/** The place of a value: `start` to `end` on its first line, the rest of that line until `after`, and the following text from `next`. */
function placeOfValue(text: string, pair: Pair) {
  const { key, value } = pair;
  if (hasNoValue(pair)) {
    const from = isScalar(key) ? key.range?.[1] : undefined;
    const colon = from === undefined ? -1 : text.indexOf(':', from);
    if (colon === -1) return undefined;
    const after = lineAfter(text, colon + 1);
    return { start: colon + 1, end: colon + 1, after, next: after };
  }
  if (!isScalar(value) && !isAlias(value)) return undefined;
  const { range } = value;
  if (range === null || range === undefined) return undefined;
  if (isScalar(value) && (value.anchor !== undefined || value.tag !== undefined)) return undefined;
  const [start, end] = range;
  if (isScalar(value) && isBlock(value)) {
    const after = lineAfter(text, start);
    const header = /^[|>][-+0-9]*/.exec(text.slice(start))?.[0] ?? '|';
    return { start, end: start + header.length, after, next: endOfBlock(text, after, end) };
  }
  const after = lineAfter(text, end);
  return { start, end, after, next: after };
}

/** The end of a block, without the blank lines after its last line. */
function endOfBlock(text: string, from: number, end: number): number {
  const content = text.slice(from, end);
  return from + content.replace(/(?<=\n)(?:[ \t]*\r?\n)+$/, '').length;
}

function removeKey(text: string, map: YAMLMap, pair: Pair): string | undefined {
  const at = map.items.indexOf(pair);
  const start = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
  if (start === undefined) return undefined;
  if (map.flow === true) {
    const [before, after] = [map.items[at - 1], map.items[at + 1]];
    if (before !== undefined) return text.slice(0, endOf(before)) + text.slice(endOf(pair));
    const next = after !== undefined && isScalar(after.key) ? after.key.range?.[0] : undefined;
    return text.slice(0, start) + text.slice(next ?? endOf(pair));
  }
  const indent = lineStartOf(text, pair);
  if (indent === undefined) return undefined;
  const { value } = pair;
  const block = isScalar(value) && isBlock(value) ? value.range : undefined;
  const end = block ? endOfBlock(text, lineAfter(text, block[0]), block[1]) : lineAfter(text, endOf(pair));
  return text.slice(0, start - indent.length) + text.slice(end);
}
