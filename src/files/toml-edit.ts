import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { parseTOML, type AST } from 'toml-eslint-parser';
import { KnownError } from '../base/errors.ts';
import { isRecord, withListItem, withTextAt } from '../base/json.ts';
import { cannotEditError, indentAt, insertLines, lineAfter, type KeyEdit } from './text-file.ts';

export type TomlData = Readonly<Record<string, unknown>>;

/**
 * Edits keys of a TOML text and keeps every other byte, for tables with headers, dotted keys and inline tables. A second parser confirms that
 * nothing but the edits changed. `name` is the name of the file in messages, which never quote its content. Throws a KnownError.
 */
export function editToml(text: string, edits: readonly KeyEdit[], name: string, lineEnd: '\n' | '\r\n'): string {
  const expected = edits.reduce<TomlData>(
    (data, { path, value }) => withTextAt(data, path, value),
    parseTomlTable(text, name),
  );
  let edited = text;
  for (const edit of edits) edited = applyEdit(edited, edit, lineEnd) ?? throwUneditable(edit, name);
  return isDeepStrictEqual(parseOrUndefined(edited), expected) ? edited : throwUneditable(edits[0], name);
}

/** Parses a TOML text. Throws a KnownError if it is not valid. */
export function parseTomlTable(text: string, name: string): TomlData {
  try {
    const data = toPlainObjects(parse(text));
    // Rejects more than the other parser does, such as a day that a month does not have.
    parseTOML(text);
    return isRecord(data) ? data : {};
  } catch (error) {
    // The parser's messages may quote the file.
    const { lineNumber, line = lineNumber } = error as { readonly line?: number; readonly lineNumber?: number };
    throw new KnownError({
      message: `${name} can't be used: it is not valid TOML, or contains a key twice${line === undefined ? '' : `, line ${line}`}`,
      next: [`Correct the TOML syntax in ${name}, then try again`],
    });
  }
}

/** Appends a text to the array at a path, in a new table if necessary, and keeps every other byte. Throws a KnownError if it cannot. */
export function appendToTomlArray(
  text: string,
  path: readonly string[],
  item: string,
  { name, lineEnd }: { readonly name: string; readonly lineEnd: '\n' | '\r\n' },
): string {
  const expected = withListItem(parseTomlTable(text, name), path, item);
  const edited = insertItem(text, path, item, lineEnd);
  if (edited !== undefined && isDeepStrictEqual(parseOrUndefined(edited), expected)) return edited;
  const key = path.join('.');
  throw cannotEditError(name, `${key} can't be extended`, `Add ${JSON.stringify(item)} to ${key} yourself`);
}

function insertItem(text: string, path: readonly string[], item: string, lineEnd: string): string | undefined {
  const shape = parseShape(text);
  if (shape === undefined) return undefined;
  const value = shape.items.find((candidate) => isSamePath(candidate.path, path))?.node.value;
  const element = formatString(item);
  if (value === undefined) {
    const table = path.slice(0, -1);
    const line = `${formatKey(path.slice(-1))} = [${element}]`;
    const own = shape.tables.find(({ path: at, node }) => node.kind === 'standard' && isSamePath(at, table));
    if (own !== undefined) return appendToTable(text, own.node, line, lineEnd);
    return insertLines(text, text.length, `${text.trim() === '' ? '' : '\n'}[${formatKey(table)}]\n${line}`, lineEnd);
  }
  if (value.type !== 'TOMLArray') return undefined;
  const last = value.elements.at(-1);
  if (last === undefined) {
    const [start, close] = [value.range[0] + 1, value.range[1] - 1];
    const inner = text.slice(start, close);
    if (!inner.includes('#')) return text.slice(0, start) + element + text.slice(close);
    // A comment ends with its line.
    const indent = /\n([ \t]*)#/.exec(inner)?.[1] ?? '    ';
    return insertLines(text, text.lastIndexOf('\n', close) + 1, `${indent}${element},`, lineEnd);
  }
  const [, end] = last.range;
  const isOnOwnLine = text.slice(end, value.range[1]).includes('\n');
  const comma = /^\s*,/.exec(text.slice(end))?.[0];
  if (!isOnOwnLine) return `${text.slice(0, end)}, ${element}${text.slice(end)}`;
  // After the comment on the line of the last element.
  const indent = indentAt(text, last.range[0]);
  const withComma = comma === undefined ? `${text.slice(0, end)},${text.slice(end)}` : text;
  const place = lineAfter(withComma, end + 1);
  return insertLines(withComma, place, `${indent}${element}${comma === undefined ? '' : ','}`, lineEnd);
}

function parseOrUndefined(text: string): TomlData | undefined {
  try {
    return parseTomlTable(text, '');
  } catch {
    return undefined;
  }
}

/** Copies the parser's tables to plain objects, so that they can be compared. */
function toPlainObjects(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlainObjects);
  if (!isRecord(value) || value instanceof Date) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toPlainObjects(inner)]));
}

function throwUneditable(edit: KeyEdit | undefined, name: string): never {
  throw cannotEditError(
    name,
    `${edit?.path.join('.') ?? 'a key'} can't be placed in its tables`,
    'Write the profile as [profile.<name>] and [profile.<name>.tls] with plain keys, or move the file away',
  );
}

interface Item {
  readonly path: readonly string[];
  readonly node: AST.TOMLKeyValue;
  /** Path of its table, with which `path` starts. */
  readonly base: readonly string[];
  readonly inline?: AST.TOMLInlineTable | undefined;
}

interface Table {
  readonly path: readonly string[];
  readonly node: AST.TOMLTable;
}

interface Shape {
  readonly items: readonly Item[];
  readonly tables: readonly Table[];
}

/** Undefined if an earlier edit broke the text. */
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
        items.push({ path, node, base, inline });
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

/** Undefined if the key can't be placed. */
function applyEdit(text: string, { path, value }: KeyEdit, lineEnd: string): string | undefined {
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
      indentAt(text, sibling.node.range[0]) + line(sibling.base),
      lineEnd,
    );
  // A separate table, after those of the same profile.
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
  const indent = indentAt(text, (table.body.at(-1) ?? table).range[0]);
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
    return text.slice(0, start - indentAt(text, start).length) + text.slice(lineAfter(text, end));
  const at = inline.body.indexOf(node);
  const before = inline.body[at - 1];
  if (before !== undefined) return text.slice(0, before.range[1]) + text.slice(end);
  return text.slice(0, start) + text.slice(inline.body[at + 1]?.range[0] ?? end);
}

function formatKey(path: readonly string[]): string {
  return path.map((key) => (/^[\w-]+$/.test(key) ? key : formatString(key))).join('.');
}

/** Windows paths are written as literal strings, which do not need escaped backslashes. */
function formatString(value: string): string {
  if (value.includes('\\') && /^[^'\u0000-\u001f\u007f]*$/.test(value)) return `'${value}'`;
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f');
}
