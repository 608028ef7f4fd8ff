import {
  Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseDocument,
  type Pair,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { isRecord } from '../../base/json.ts';
import { insertLines, lineAfter } from '../../files/text-file.ts';
import { detectStyle, endOf, removeKey, type Style } from '../../files/yaml-lines.ts';
import { formatFlowItem, formatNextEntry } from './flow-list.ts';

export type ValuePath = readonly (string | number)[];

/** A change of one value of a YAML document. */
export interface ValueEdit {
  readonly path: ValuePath;
  /** `set` adds or replaces the value of a key, `append` adds an item to a list, and `remove` removes a key or an item. */
  readonly action: 'set' | 'append' | 'remove';
  readonly value?: unknown;
}

/**
 * Changes one value in the text of a YAML or JSON document and keeps the style and every other byte. Comments above a removed value stay.
 * Undefined if the place uses syntax that cannot be edited. The caller checks the result.
 */
export function editValue(text: string, edit: ValueEdit): string | undefined {
  const document = parseDocument(text, { keepSourceTokens: true });
  if (document.errors.length > 0) return undefined;
  const style = detectStyle(text, document.contents, text.includes('\r\n') ? '\r\n' : '\n');
  const { path, action, value } = edit;
  const last = path.at(-1);
  const at: unknown = action === 'append' ? nodeAt(document, path) : nodeAt(document, path.slice(0, -1));
  if (action === 'append') return isSeq(at) ? appendItem(text, at, value, style) : undefined;
  if (isSeq(at) && typeof last === 'number') {
    if (action === 'remove') return removeItem(text, at, last);
    const item: unknown = at.items[last];
    return isScalar(item) && !isRecord(value) ? replaceNode(text, item, value) : undefined;
  }
  if (!isMap(at) || typeof last !== 'string') return undefined;
  const pair = at.items.find(({ key }) => isScalar(key) && key.value === last);
  if (action === 'remove') return pair === undefined ? text : removeKey(text, at, pair);
  return pair === undefined ? appendPair(text, at, last, value, style) : replacePair(text, at, pair, value, style);
}

function nodeAt(document: Document, path: ValuePath): unknown {
  return path.length === 0 ? document.contents : document.getIn(path, true);
}

type Range = readonly [number, number, ...number[]];

function rangeOf(node: unknown): Range | undefined {
  return isNode(node) ? (node.range ?? undefined) : undefined;
}

const isFlow = (node: unknown): boolean => (isMap(node) || isSeq(node)) && node.flow === true;
const isCollectionValue = (value: unknown): boolean => typeof value === 'object' && value !== null;
const isScalarList = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && !value.some(isCollectionValue);

/** Replaces a scalar with a scalar or a list, or a collection in brackets or braces. */
function replaceNode(text: string, node: unknown, value: unknown): string | undefined {
  const range = rangeOf(node);
  if (range === undefined || isAlias(node) || (isScalar(node) && (node.type?.startsWith('BLOCK') ?? false)))
    return undefined;
  if (isNode(node) && !isAlias(node) && (node.tag !== undefined || node.anchor !== undefined)) return undefined;
  const written = isFlow(node)
    ? formatFlowItem(value, text, range)
    : Array.isArray(value)
      ? `[${value.map((item) => renderLike(node, item)).join(', ')}]`
      : renderLike(node, value);
  return text.slice(0, range[0]) + written + text.slice(range[1]);
}

const renderScalar = (value: unknown): string => new Document(value).toString({ lineWidth: 0 }).trimEnd();

/** A scalar in the quotes of another one. */
function renderLike(node: unknown, value: unknown): string {
  const quotes = isScalar(node) ? node.type : undefined;
  if (quotes === 'QUOTE_DOUBLE') return JSON.stringify(value);
  const isPlainText = typeof value === 'string' && /^[^\p{Cc}]*$/u.test(value);
  return quotes === 'QUOTE_SINGLE' && isPlainText ? `'${value.replaceAll("'", "''")}'` : renderScalar(value);
}

function replacePair(text: string, map: YAMLMap, pair: Pair, value: unknown, style: Style): string | undefined {
  const isInFlow = map.flow === true || isFlow(pair.value);
  const isScalarOrList = !isCollectionValue(value) || (isScalarList(value) && map.flow !== true);
  if (isScalar(pair.value) && pair.value.value !== null && isScalarOrList) return replaceNode(text, pair.value, value);
  if (isInFlow && isFlow(pair.value) && isCollectionValue(value)) return replaceNode(text, pair.value, value);
  if (map.flow === true) {
    const [range, place] = [rangeOf(pair.value), rangeOf(map)];
    if (range === undefined || place === undefined) return undefined;
    return (
      text.slice(0, range[0]) + formatFlowItem(value, text, isFlow(pair.value) ? range : place) + text.slice(range[1])
    );
  }
  const start = keyStart(pair);
  if (start === undefined) return undefined;
  const column = columnOf(text, start);
  const end = lineAfter(text, endOf(pair));
  const lines = renderPair(keyName(pair), value, column, style);
  // The text before the first key of a list item, such as its dash, stays.
  return text.slice(0, start) + lines.trimStart().replaceAll('\n', style.lineEnd) + style.lineEnd + text.slice(end);
}

function keyStart({ key }: Pair): number | undefined {
  return isScalar(key) ? key.range?.[0] : undefined;
}

const keyName = ({ key }: Pair): string => (isScalar(key) ? String(key.value) : '');

const columnOf = (text: string, start: number): number => start - (text.lastIndexOf('\n', start - 1) + 1);

function renderPair(key: string, value: unknown, column: number, { step }: Style): string {
  return renderBlock({ [key]: value }, column, step);
}

function renderBlock(value: unknown, column: number, step: string): string {
  const indent = ' '.repeat(column);
  return new Document(value, { aliasDuplicateObjects: false })
    .toString({ lineWidth: 0, indent: Math.max(1, step.length) })
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line))
    .join('\n');
}

function appendPair(text: string, map: YAMLMap, key: string, value: unknown, style: Style): string | undefined {
  const last = map.items.at(-1);
  const range = rangeOf(map);
  if (range === undefined) return undefined;
  if (map.flow === true) {
    if (last === undefined)
      return text.slice(0, range[0]) + formatFlowItem({ [key]: value }, text, range) + text.slice(range[1]);
    const own = lineIndent(text, keyStart(last));
    const end = endOf(last);
    return text.slice(0, end) + formatNextEntry(key, value, text, range, own) + text.slice(end);
  }
  const first = map.items[0] === undefined ? undefined : keyStart(map.items[0]);
  if (last === undefined || first === undefined) return undefined;
  const column = columnOf(text, first);
  const lines = renderPair(key, value, column, style);
  return insertLines(text, lineAfter(text, endOf(last)), lines, style.lineEnd);
}

/** The indentation of what is the first thing on its line; undefined for anything else. */
function lineIndent(text: string, start: number | undefined): string | undefined {
  if (start === undefined) return undefined;
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  return /^[ \t]*$/.test(before) ? before : undefined;
}

function appendItem(text: string, list: YAMLSeq, value: unknown, style: Style): string | undefined {
  const last: unknown = list.items.at(-1);
  const range = rangeOf(last);
  if (range === undefined || isCollectionValue(value)) return undefined;
  if (list.flow === true) {
    const own = lineIndent(text, range[0]);
    const written = renderLike(last, value);
    return `${text.slice(0, range[1])}${own === undefined ? ', ' : `,${style.lineEnd}${own}`}${written}${text.slice(range[1])}`;
  }
  const dash = text.lastIndexOf('-', range[0]);
  const own = lineIndent(text, dash);
  if (own === undefined) return undefined;
  return insertLines(text, lineAfter(text, endOf(last)), `${own}- ${renderLike(last, value)}`, style.lineEnd);
}

function removeItem(text: string, list: YAMLSeq, at: number): string | undefined {
  const [item, next, before] = [list.items[at], list.items[at + 1], list.items[at - 1]] as readonly unknown[];
  const range = rangeOf(item);
  if (range === undefined) return undefined;
  if (list.flow === true) {
    const [start, end] = [rangeOf(before)?.[1], rangeOf(next)?.[0]];
    if (start !== undefined) return text.slice(0, start) + text.slice(range[1]);
    return text.slice(0, range[0]) + text.slice(end ?? range[1]);
  }
  const token = list.srcToken;
  const marks = token?.type === 'block-seq' ? (token.items[at]?.start ?? []) : [];
  const dash = marks.find(({ type }) => type === 'seq-item-ind')?.offset;
  const own = lineIndent(text, dash);
  if (dash === undefined || own === undefined) return undefined;
  const start = dash - own.length;
  const end = lineAfter(text, endOf(item));
  // One blank line separates items: it goes with the item before it, except for the last one.
  const [head, tail] = [text.slice(0, start), text.slice(end)];
  if (next === undefined) return head.replace(/(?<=\n)(?:[ \t]*\r?\n)+$/, '') + tail;
  return head + tail.replace(/^(?:[ \t]*\r?\n)+/, '');
}
