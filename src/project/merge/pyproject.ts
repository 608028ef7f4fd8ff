import { parse } from 'smol-toml';
import { parseTOML, type AST } from 'toml-eslint-parser';
import {
  dataOf,
  splitItems,
  type Block,
  type BlockNode,
  type Branch,
  type KeyedDocument,
  type KeyedFormat,
  type Leaf,
} from './blocks.ts';
import { isRequirementAtLeast, requirementName } from './versions.ts';

const COMMENT = /^[ \t]*#[^\n]*/;

/** Paths of arrays of requirements; `*` is any key. */
const REQUIREMENTS = [
  ['project', 'dependencies'],
  ['project', 'optional-dependencies', '*'],
  ['dependency-groups', '*'],
  ['build-system', 'requires'],
  ['tool', 'uv', 'dev-dependencies'],
  ['tool', 'uv', 'constraint-dependencies'],
  ['tool', 'uv', 'override-dependencies'],
];
const POETRY = [
  ['tool', 'poetry', 'dependencies'],
  ['tool', 'poetry', 'group', '*', 'dependencies'],
];
/** Arrays and tables of requirements, and tables that contain nothing else. */
const LISTS = [
  ...REQUIREMENTS,
  ...POETRY,
  ...REQUIREMENTS.filter((path) => path.at(-1) === '*').map((path) => path.slice(0, -1)),
];
const VERSIONS = [
  ['project', 'requires-python'],
  ['tool', 'uv', 'required-version'],
];

export const pyprojectFormat: KeyedFormat = {
  split: splitPyproject,
  staysRemoved: (path) => {
    const parent = flatten(path).slice(0, -1);
    return REQUIREMENTS.some((one) => matches(parent, one)) || POETRY.some((one) => matches(parent, one));
  },
  isEmptyList: (path, mine) => mine === undefined && LISTS.some((one) => matches(flatten(path), one)),
  isAtLeast: (path, mine, theirs) => {
    const keys = flatten(path);
    const parent = keys.slice(0, -1);
    const isVersion =
      VERSIONS.some((one) => matches(keys, one)) || [...REQUIREMENTS, ...POETRY].some((one) => matches(parent, one));
    const [own, other] = [textOfLeaf(mine), textOfLeaf(theirs)];
    return isVersion && own !== undefined && other !== undefined && isRequirementAtLeast(own, other);
  },
  formatPath: (path) => flatten(path).join('.'),
};

/** The keys of a path, whose parts are tables and keys with several parts. */
function flatten(path: readonly string[]): readonly string[] {
  return path.flatMap((part) => {
    const keys: unknown = part.startsWith('[') ? JSON.parse(part) : [part];
    return keys as readonly string[];
  });
}

function matches(path: readonly string[], pattern: readonly string[]): boolean {
  return path.length === pattern.length && pattern.every((key, at) => key === '*' || key === path[at]);
}

function textOfLeaf(data: string): string | undefined {
  const value: unknown = data.startsWith('"') ? JSON.parse(data) : undefined;
  return typeof value === 'string' ? value : undefined;
}

function splitPyproject(source: string): KeyedDocument | undefined {
  try {
    // It also refuses a table or key that is defined twice in another form.
    parse(source);
    const [{ body }] = parseTOML(source).body;
    const tables = body.filter((node) => node.type === 'TOMLTable');
    const keys = body.filter((node) => node.type === 'TOMLKeyValue');
    const branch = { items: [], close: '', isSeparated: false, isSet: false, isFlat: true } as const;
    const last = endOfLine(source, keys.at(-1)?.range[1] ?? 0);
    const top = splitItems(source, 0, last, splitPairs(source, keys, []), { isSeparated: false, comment: COMMENT });
    const first: BlockNode = {
      key: '[]',
      head: '',
      value: { ...branch, kind: 'branch', type: 'table', open: '', items: top.items },
      start: 0,
      end: last,
    };
    const nodes = tables.map((table) => splitTable(source, table));
    const { items, rest } = splitItems(source, 0, source.length, [first, ...nodes], { isSeparated: false });
    return { source, root: { ...branch, kind: 'branch', type: 'document', open: '', items, close: rest } };
  } catch {
    return undefined;
  }
}

function splitTable(source: string, table: AST.TOMLTable): BlockNode {
  const path = table.resolvedKey.filter((key) => typeof key === 'string');
  const close = table.kind === 'array' ? ']]' : ']';
  const header = endOfLine(source, source.indexOf(close, table.key.range[1]) + close.length);
  const last = table.body.at(-1)?.range[1];
  const [start, end] = [table.range[0], last === undefined ? header : endOfLine(source, last)];
  const nodes = splitPairs(source, table.body, path);
  const { items } = splitItems(source, header, end, nodes, { isSeparated: false, comment: COMMENT });
  const value: Branch = {
    kind: 'branch',
    type: 'table',
    open: source.slice(start, header),
    items,
    close: '',
    isSeparated: false,
    isSet: false,
    isFlat: true,
  };
  const identity = table.kind === 'array' ? JSON.stringify([...path, identityOf(items)]) : JSON.stringify(path);
  return { key: identity, head: '', value, start, end };
}

/** `at` or the end of the comment that follows it on the same line. */
function endOfLine(source: string, at: number): number {
  return at + (at === 0 ? 0 : (COMMENT.exec(source.slice(at))?.[0].length ?? 0));
}

/** What tells a table of an array of tables from the others. */
function identityOf(items: readonly Block[]): string {
  const named = ['name', 'id', 'module', 'path'].map((key) => items.find((item) => item.key === key));
  const value = named.find((item) => item !== undefined)?.value;
  return value === undefined ? items.map((item) => `${item.key}=${dataOf(item.value)}`).join() : dataOf(value);
}

function splitPairs(
  source: string,
  pairs: readonly AST.TOMLKeyValue[],
  table: readonly string[],
): readonly BlockNode[] {
  return pairs.map(({ key, value, range: [start, end] }) => {
    const keys = key.keys.map((one) => (one.type === 'TOMLBare' ? one.name : one.value));
    return {
      key: keys.length === 1 && !keys[0]?.startsWith('[') ? keys.join('') : JSON.stringify(keys),
      head: source.slice(start, value.range[0]),
      value: splitValue(source, value, [...table, ...keys]),
      start,
      end,
    };
  });
}

function splitValue(source: string, node: AST.TOMLContentNode, path: readonly string[]): Leaf | Branch {
  const [start, end] = node.range;
  if (node.type === 'TOMLValue') {
    const text = source.slice(start, end);
    return { kind: 'leaf', text, data: node.kind === 'string' ? JSON.stringify(node.value) : text };
  }
  const isArray = node.type === 'TOMLArray';
  const isRequirements = isArray && REQUIREMENTS.some((one) => matches(path, one));
  const nodes = isArray
    ? node.elements.map((element): BlockNode => {
        const value = splitValue(source, element, [...path, '']);
        const data = dataOf(value);
        const name = isRequirements ? requirementName(textOfLeaf(data) ?? '') : undefined;
        return { key: name ?? data, head: '', value, start: element.range[0], end: element.range[1] };
      })
    : splitPairs(source, node.body, path);
  const { items, rest } = splitItems(source, start + 1, end - 1, nodes, { isSeparated: true, comment: COMMENT });
  return {
    kind: 'branch',
    type: isArray ? 'array' : 'inline table',
    open: source.slice(start, start + 1),
    items,
    close: rest + source.slice(end - 1, end),
    isSeparated: true,
    isSet: isArray && !isRequirements,
    isFlat: false,
  };
}
