import { isAlias, isMap, isPair, isScalar, isSeq, stringify, type Pair, type Scalar, type YAMLMap } from 'yaml';
import { insertLines, lineAfter } from './text-file.ts';

/** The style of a file. `literal`: whether text of several lines can be written as a block. */
export interface Style {
  readonly step: string;
  readonly lineEnd: '\n' | '\r\n';
  readonly literal: boolean;
}

export function detectStyle(text: string, contents: unknown, lineEnd: Style['lineEnd']): Style {
  // A block at the end of a file without a final line end would lose its last line end.
  return { step: detectIndentStep(text, contents), lineEnd, literal: text === '' || text.endsWith('\n') };
}

/** Adds the first key at the end of an empty document. */
export function startDocument(text: string, path: readonly string[], value: string, style: Style): string {
  return insertLines(text, text.length, blockOf(path, value, '', style), style.lineEnd);
}

/** Adds keys below a key without a value. Undefined if they can't be placed. */
export function insertBelow(
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
export function appendKey(
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
export function hasNoValue({ value }: Pair): boolean {
  return value === null || (isScalar(value) && value.value === null && value.range?.[0] === value.range?.[1]);
}

/** Removes an explicit null after a key. Undefined if there is not one. */
export function removeNull(text: string, { value }: Pair): string | undefined {
  if (!isScalar(value) || value.value !== null || value.anchor !== undefined || value.tag !== undefined)
    return undefined;
  const [start, end] = value.range ?? [0, 0];
  return end > start ? text.slice(0, start).trimEnd() + text.slice(end) : undefined;
}

/** Where a key or an item ends, without the comments and blank lines after it. */
export function endOf(item: unknown): number {
  if (isPair(item)) {
    const end = hasNoValue(item) ? undefined : endOf(item.value);
    return end ?? endOf(item.key);
  }
  if ((isMap(item) || isSeq(item)) && item.flow !== true && item.items.length > 0) return endOf(item.items.at(-1));
  return isMap(item) || isSeq(item) || isScalar(item) || isAlias(item) ? (item.range?.[1] ?? 0) : 0;
}

const isBlock = (value: Scalar): boolean => value.type?.startsWith('BLOCK') === true;

export function replaceValue(
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
interface Place {
  readonly start: number;
  readonly end: number;
  readonly after: number;
  readonly next: number;
}

function placeOfValue(text: string, pair: Pair): Place | undefined {
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

export function removeKey(text: string, map: YAMLMap, pair: Pair): string | undefined {
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
