import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { parseTOML, type AST } from 'toml-eslint-parser';
import { KnownError } from '../base/errors.ts';
import { isRecord } from '../base/json.ts';
import { insertLines, lineAfter } from './text-file.ts';

/** A key by its path, and the text that it is to say; undefined: it is not to be there. */
export interface TomlEdit {
  readonly path: readonly string[];
  readonly value: string | undefined;
}

export type TomlData = Readonly<Record<string, unknown>>;

/**
 * A TOML text with these edits and every other byte as it was, whether its tables have headers, dotted keys or stand inline. What comes out is read by
 * another parser, and has to say the same but for the edits. `name` is what messages call the file; they never quote it. Throws a KnownError.
 */
export function editToml(text: string, edits: readonly TomlEdit[], name: string, lineEnd: '\n' | '\r\n'): string {
  const wanted = edits.reduce<TomlData>(
    (data, { path, value }) => withValue(data, path, value),
    parseTomlTable(text, name),
  );
  let now = text;
  for (const edit of edits) now = applyEdit(now, edit, lineEnd) ?? throwUneditable(edit, name);
  return isDeepStrictEqual(parseOrUndefined(now), wanted) ? now : throwUneditable(edits[0], name);
}

/** What the text says. Throws a KnownError for what is no TOML. */
export function parseTomlTable(text: string, name: string): TomlData {
  const data = parseOrUndefined(text);
  let line: number | undefined;
  try {
    parseTOML(text);
    if (data !== undefined) return data;
  } catch (error) {
    line = (error as { lineNumber?: number }).lineNumber;
  }
  // The parser's own words may quote the file.
  const at = line === undefined ? '' : `, line ${line}`;
  throw new KnownError({
    message: `${name} can't be used: it is no valid TOML, or a key stands in it twice${at}`,
    next: ['Correct the file, or move it away'],
  });
}

/** The text that a path says; undefined for what is no text. */
export function getTomlText(data: TomlData, path: readonly string[]): string | undefined {
  const value = path.reduce<unknown>((at, key) => (isRecord(at) ? at[key] : undefined), data);
  return typeof value === 'string' ? value : undefined;
}

function parseOrUndefined(text: string): TomlData | undefined {
  try {
    const data = toPlainObjects(parse(text));
    return isRecord(data) ? data : undefined;
  } catch {
    return undefined;
  }
}

/** The parser's tables without its prototypes, so that they can be compared with copies. */
function toPlainObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlainObjects);
  if (!isRecord(value) || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toPlainObjects(inner)]));
}

function throwUneditable(edit: TomlEdit | undefined, name: string): never {
  throw new KnownError({
    message: `${name} can't be edited: ${edit?.path.join('.') ?? 'a key'} has no place in it as it is written`,
    next: ['Write the profile as [profile.NAME] and [profile.NAME.tls] with plain keys, or move the file away'],
  });
}

function withValue(data: TomlData, [key = '', ...rest]: readonly string[], value: string | undefined): TomlData {
  const inner = data[key];
  if (value === undefined && (rest.length > 0 ? !isRecord(inner) : !Object.hasOwn(data, key))) return data;
  if (rest.length > 0) return { ...data, [key]: withValue(isRecord(inner) ? inner : {}, rest, value) };
  const others = Object.entries(data).filter(([name]) => name !== key);
  return Object.fromEntries([...others, ...(value === undefined ? [] : [[key, value] as const])]);
}

/** A key with its value in the text. */
interface Item {
  readonly path: readonly string[];
  readonly node: AST.TOMLKeyValue;
  /** Path of the table that it stands in: its own starts there. */
  readonly base: readonly string[];
  /** The inline table that it stands in. */
  readonly inline?: AST.TOMLInlineTable;
}

interface Table {
  readonly path: readonly string[];
  readonly node: AST.TOMLTable;
}

interface Shape {
  readonly items: readonly Item[];
  readonly tables: readonly Table[];
}

/** Undefined for a text that an edit before broke. */
function parseShape(text: string): Shape | undefined {
  const items: Item[] = [];
  const tables: Table[] = [];
  const visit = (nodes: readonly AST.TOMLNode[], base: readonly string[], inline?: AST.TOMLInlineTable): void => {
    for (const node of nodes) {
      if (node.type === 'TOMLTable') {
        const path = node.resolvedKey.map(String);
        tables.push({ path, node });
        visit(node.body, path);
      } else if (node.type === 'TOMLKeyValue') {
        const keys = node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value));
        const path = [...base, ...keys];
        items.push({ path, node, base, ...(inline && { inline }) });
        if (node.value.type === 'TOMLInlineTable') visit(node.value.body, path, node.value);
      }
    }
  };
  try {
    visit(parseTOML(text).body[0].body, []);
  } catch {
    return undefined;
  }
  return { items, tables };
}

const isSamePath = (one: readonly string[], other: readonly string[]): boolean =>
  isDeepStrictEqual([...one], [...other]);
const isBelow = (path: readonly string[], parent: readonly string[]): boolean =>
  isSamePath(path.slice(0, parent.length), parent);

/** Undefined where there is no place for the key. */
function applyEdit(text: string, { path, value }: TomlEdit, lineEnd: string): string | undefined {
  const shape = parseShape(text);
  if (shape === undefined) return undefined;
  const item = shape.items.find((candidate) => isSamePath(candidate.path, path));
  if (item === undefined) return value === undefined ? text : insertKey(text, shape, path, value, lineEnd);
  if (value === undefined) return removeKey(text, item);
  const { value: old } = item.node;
  if (old.type !== 'TOMLValue') return undefined;
  if (old.kind === 'string' && old.value === value) return text;
  return text.slice(0, old.range[0]) + formatString(value) + text.slice(old.range[1]);
}

function insertKey(
  text: string,
  { items, tables }: Shape,
  path: readonly string[],
  value: string,
  lineEnd: string,
): string | undefined {
  const parent = path.slice(0, -1);
  const line = (base: readonly string[]): string => `${formatKey(path.slice(base.length))} = ${formatString(value)}`;
  const table = tables.find((candidate) => candidate.node.kind === 'standard' && isSamePath(candidate.path, parent));
  if (table !== undefined) return appendToTable(text, table.node, line(parent), lineEnd);
  const inline = items.findLast(({ path: own, node }) => node.value.type === 'TOMLInlineTable' && isBelow(parent, own));
  if (inline?.node.value.type === 'TOMLInlineTable')
    return appendToInlineTable(text, inline.node.value, line(inline.path));
  const sibling = items.findLast(
    (item) =>
      item.inline === undefined &&
      item.path.length > parent.length &&
      item.base.length < parent.length &&
      isBelow(item.path, parent),
  );
  if (sibling !== undefined)
    return insertLines(
      text,
      lineAfter(text, sibling.node.range[1]),
      indentOf(text, sibling.node) + line(sibling.base),
      lineEnd,
    );
  // A table of its own, behind those of the same profile.
  const header = `[${formatKey(parent)}]\n${line(parent)}`;
  const last = tables.findLast((candidate) => isBelow(candidate.path, parent.slice(0, 2)));
  const end = last === undefined ? text.length : endOfTable(text, last.node);
  const before = text.slice(0, end).trim() === '' ? '' : '\n';
  const after = text.slice(end).trim() === '' || /^\s*\n/.test(text.slice(end)) ? '' : '\n';
  return insertLines(text, end, before + header + after, lineEnd);
}

function endOfTable(text: string, table: AST.TOMLTable): number {
  const last = table.body.at(-1);
  return lineAfter(text, last?.range[1] ?? table.key.range[1]);
}

function appendToTable(text: string, table: AST.TOMLTable, line: string, lineEnd: string): string {
  const indent = indentOf(text, table.body.at(-1) ?? table);
  return insertLines(text, endOfTable(text, table), indent + line, lineEnd);
}

function appendToInlineTable(text: string, table: AST.TOMLInlineTable, line: string): string {
  const last = table.body.at(-1);
  if (last === undefined) return `${text.slice(0, table.range[0])}{ ${line} }${text.slice(table.range[1])}`;
  return `${text.slice(0, last.range[1])}, ${line}${text.slice(last.range[1])}`;
}

function removeKey(text: string, { node, inline }: Item): string {
  const [start, end] = node.range;
  if (inline === undefined)
    return text.slice(0, start - indentOf(text, node).length) + text.slice(lineAfter(text, end));
  const at = inline.body.indexOf(node);
  const before = inline.body[at - 1];
  if (before !== undefined) return text.slice(0, before.range[1]) + text.slice(end);
  return text.slice(0, start) + text.slice(inline.body[at + 1]?.range[0] ?? end);
}

function indentOf(text: string, { range }: AST.TOMLNode): string {
  const start = range[0];
  return /[ \t]*$/.exec(text.slice(text.lastIndexOf('\n', start - 1) + 1, start))?.[0] ?? '';
}

function formatKey(path: readonly string[]): string {
  return path.map((key) => (/^[\w-]+$/.test(key) ? key : formatString(key))).join('.');
}

/** Paths of Windows stand in literal strings, where a backslash is one. */
function formatString(value: string): string {
  if (value.includes('\\') && /^[^'\u0000-\u001f\u007f]*$/.test(value)) return `'${value}'`;
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f');
}
