import { isDeepStrictEqual } from 'node:util';
import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  parseDocument,
  stringify,
  type Document,
  type Pair,
  type YAMLMap,
} from 'yaml';
import { KnownError } from '../../base/errors.ts';
import { localSettingsText } from '../../settings/files/local-settings.ts';
import type { SettingName } from '../../settings/keys.ts';
import { LOCAL_SETTINGS } from './layout.ts';

export type SettingTexts = Readonly<Partial<Record<SettingName, string>>>;

/**
 * The text of an application file with these values and every other byte as it was: comments, order, blanks, quotes, byte order mark, line
 * endings. Where the file is written in a way that has no such place for a key (flow maps), its layout is that of the YAML library.
 * Throws a KnownError for text that is no YAML map, or has a key twice.
 */
export function editSettings(existing: string | undefined, values: SettingTexts): string {
  if (existing === undefined || existing.trim() === '') return localSettingsText(values);
  const mark = existing.startsWith('\ufeff') ? '\ufeff' : '';
  const text = existing.slice(mark.length);
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? '\n';
  const wanted = changed(asData(parsed(text)), values);
  const inPlace = spliceAll(text, values, lineEnd);
  if (inPlace !== undefined && says(inPlace, wanted)) return mark + inPlace;
  const rewritten = localSettingsText(values, text.replaceAll('\r\n', '\n')).replaceAll('\n', lineEnd);
  if (says(rewritten, wanted)) return mark + rewritten;
  throw new KnownError({
    message:
      "application-local.yaml is written in a way in which keys can't be set (an anchor or a tag where a value goes)",
    next: ['Write temporal.mutual-tls and temporal.namespace as plain keys, and try again'],
  });
}

/** The values that the text of an application file gives to these keys; absent for one that is no text. Throws as `editSettings` does. */
export function settingTexts(text: string, names: readonly SettingName[], file: string = LOCAL_SETTINGS): SettingTexts {
  const data = asData(parsed(text.replace(/^\ufeff/, ''), file));
  const at = (name: string): unknown =>
    name.split('.').reduce<unknown>((value, key) => (isData(value) ? value[key] : undefined), data);
  const found = names.map((name) => [name, at(name)] as const);
  return Object.fromEntries(found.filter(([, value]) => typeof value === 'string' && value.trim() !== ''));
}

type Data = Record<string, unknown>;
const isData = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value);

function parsed(text: string, file: string = LOCAL_SETTINGS): Document {
  const document = parseDocument(text, { prettyErrors: false });
  const { contents } = document;
  const empty = contents === null || (isScalar(contents) && contents.value === null);
  const [broken] = document.errors;
  if (broken === undefined && (empty || isMap(contents))) return document;
  // The library's own words may quote the file, and with it a secret.
  const why =
    broken === undefined
      ? 'it holds no map'
      : broken.code === 'DUPLICATE_KEY'
        ? 'a key stands in it twice'
        : 'it is no valid YAML';
  const line = broken === undefined ? '' : `, line ${text.slice(0, broken.pos[0]).split('\n').length}`;
  throw new KnownError({
    message: `${file} can't be used: ${why}${line}`,
    next: ['Correct the file, or move it away'],
  });
}

function asData(document: Document): Data {
  const data: unknown = document.toJS();
  return isData(data) ? data : {};
}

function changed(data: Data, values: SettingTexts): Data {
  const copy = structuredClone(data);
  for (const [name, value] of Object.entries(values)) {
    const steps = name.split('.');
    let at = copy;
    for (const step of steps.slice(0, -1)) {
      const next = isData(at[step]) ? at[step] : {};
      at[step] = next;
      at = next;
    }
    at[steps.at(-1) ?? ''] = value;
  }
  return copy;
}

function says(text: string, wanted: Data): boolean {
  try {
    return isDeepStrictEqual(asData(parsed(text)), wanted);
  } catch {
    return false;
  }
}

function spliceAll(text: string, values: SettingTexts, lineEnd: string): string | undefined {
  let now: string | undefined = text;
  for (const [name, value] of Object.entries(values)) {
    if (now === undefined) return undefined;
    now = splice(now, name.split('.'), value, lineEnd);
  }
  return now;
}

/** One key set in the text; undefined where there is no place for it that a splice finds. */
function splice(text: string, path: readonly string[], value: string, lineEnd: string): string | undefined {
  const document = parseDocument(text, { prettyErrors: false });
  if (document.errors.length > 0) return undefined;
  const step = stepOf(text, document.contents);
  const lines = (keys: readonly string[], indent: string): readonly string[] =>
    keys.map((key, depth) => {
      const line = `${indent}${step.repeat(depth)}${key}:`;
      return depth === keys.length - 1 ? `${line} ${scalarText(value)}` : line;
    });
  let at: unknown = document.contents;
  if (!isMap(at)) return insertLines(text, text.length, lines(path, ''), lineEnd);
  for (let depth = 0; depth < path.length; depth++) {
    if (!isMap(at) || at.flow === true) return undefined;
    const indent = indentOf(text, at);
    const last = at.items.at(-1);
    if (indent === undefined || last === undefined) return undefined;
    const rest = path.slice(depth);
    const pair: Pair | undefined = at.items.find(({ key }) => isScalar(key) && key.value === path[depth]);
    if (pair === undefined) return insertLines(text, lineAfter(text, endOf(last)), lines(rest, indent), lineEnd);
    if (rest.length === 1) return replaceValue(text, pair, scalarText(value));
    if (isNothing(pair))
      return insertLines(text, lineAfter(text, endOf(pair)), lines(rest.slice(1), indent + step), lineEnd);
    at = pair.value;
  }
  return undefined;
}

function scalarText(value: string): string {
  return stringify(value, { lineWidth: 0 }).trimEnd();
}

/** How far this file indents a level: as its first inner map does. */
function stepOf(text: string, contents: unknown): string {
  const maps = isMap(contents) ? contents.items.map(({ value }) => value) : [];
  const inner = maps.map((map) => (isMap(map) && map.flow !== true ? indentOf(text, map) : undefined));
  return inner.find((indent) => indent !== undefined && indent !== '') ?? '  ';
}

/** The blanks before the keys of a map; undefined when something else stands there. */
function indentOf(text: string, map: YAMLMap): string | undefined {
  const key = map.items[0]?.key;
  const start = isScalar(key) ? key.range?.[0] : undefined;
  if (start === undefined) return undefined;
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return /^ *$/.test(before) ? before : undefined;
}

/** A key with nothing after it but a comment. */
function isNothing({ value }: Pair): boolean {
  return value === null || (isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1]);
}

/** Where the last thing of a key or an item ends, comments after it left out. */
function endOf(item: unknown): number {
  if (isPair(item)) {
    const end = isNothing(item) ? undefined : endOf(item.value);
    return end ?? endOf(item.key);
  }
  if ((isMap(item) || isSeq(item)) && item.flow !== true && item.items.length > 0) return endOf(item.items.at(-1));
  return isMap(item) || isSeq(item) || isScalar(item) || isAlias(item) ? (item.range?.[1] ?? 0) : 0;
}

/** The start of the line after this place; the place itself where a line starts, the end where no line follows. */
function lineAfter(text: string, place: number): number {
  if (text[place - 1] === '\n') return place;
  const next = text.indexOf('\n', place);
  return next === -1 ? text.length : next + 1;
}

function insertLines(text: string, place: number, lines: readonly string[], lineEnd: string): string {
  const before = text.slice(0, place);
  const block = lines.join(lineEnd);
  // A file without a line end at its end stays one.
  if (before !== '' && !before.endsWith('\n')) return before + lineEnd + block + text.slice(place);
  return before + block + lineEnd + text.slice(place);
}

function replaceValue(text: string, pair: Pair, written: string): string | undefined {
  const { key, value } = pair;
  if (isNothing(pair)) {
    const from = isScalar(key) ? key.range?.[1] : undefined;
    const colon = from === undefined ? -1 : text.indexOf(':', from);
    return colon === -1 ? undefined : `${text.slice(0, colon + 1)} ${written}${text.slice(colon + 1)}`;
  }
  if (!isScalar(value) && !isAlias(value)) return undefined;
  const { range } = value;
  const special = isScalar(value) && (value.anchor !== undefined || value.type?.startsWith('BLOCK') === true);
  if (range === null || range === undefined || special) return undefined;
  return text.slice(0, range[0]) + written + text.slice(range[1]);
}
