import { isMap, isScalar, isSeq, parseDocument, type Node } from 'yaml';
import { splitItems, type BlockNode, type Branch, type KeyedDocument, type KeyedFormat, type Leaf } from './blocks.ts';
import { isNpmRangeAtLeast } from './versions.ts';

const DEPENDENCIES = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies'];
const VERSIONS = [...DEPENDENCIES, 'engines', 'overrides', 'resolutions'];

export const packageJsonFormat: KeyedFormat = {
  split: splitJson,
  staysRemoved: ([first = '', name, ...rest], theirs, mine) => {
    if (name === undefined || rest.length > 0 || !DEPENDENCIES.includes(first)) return false;
    // It may have been moved to another list.
    const moved = mine.items
      .filter(({ key }) => DEPENDENCIES.includes(key))
      .flatMap(({ value }) => (value.kind === 'branch' ? value.items : []))
      .filter(({ key }) => key === name);
    return moved.every(({ value }) => isNpmRangeAtLeast(textOfLeaf(value), textOfLeaf(theirs.value)));
  },
  isEmptyList: ([first = '', ...rest], mine) => mine === undefined && rest.length === 0 && DEPENDENCIES.includes(first),
  isAtLeast: ([first = ''], mine, theirs) => {
    const own: unknown = JSON.parse(mine);
    const other: unknown = JSON.parse(theirs);
    if (typeof own !== 'string' || typeof other !== 'string') return false;
    if (VERSIONS.includes(first)) return isNpmRangeAtLeast(own, other);
    if (first !== 'packageManager') return false;
    const [[name, version = ''], [otherName, otherVersion = '']] = [own.split('@'), other.split('@')];
    return name === otherName && isNpmRangeAtLeast(version, otherVersion);
  },
  formatPath: (path) => path.join('.'),
};

function textOfLeaf(value: Leaf | Branch): string {
  const data: unknown = value.kind === 'leaf' ? JSON.parse(value.data) : undefined;
  return typeof data === 'string' ? data : '';
}

/** JSON is read as YAML, of which it is a part, because the parser of JSON does not tell positions. */
function splitJson(source: string): KeyedDocument | undefined {
  try {
    JSON.parse(source);
    const { contents, errors } = parseDocument(source, { prettyErrors: false, logLevel: 'error' });
    if (errors.length > 0 || !isMap(contents)) return undefined;
    const [start, end] = rangeOf(contents);
    const root = splitValue(source, contents);
    if (root.kind !== 'branch') return undefined;
    return {
      source,
      root: { ...root, open: source.slice(0, start) + root.open, close: root.close + source.slice(end) },
    };
  } catch {
    return undefined;
  }
}

function splitValue(source: string, node: Node): Leaf | Branch {
  const [start, end] = rangeOf(node);
  if (!isMap(node) && !isSeq(node)) {
    const text = source.slice(start, end);
    return { kind: 'leaf', text, data: JSON.stringify(JSON.parse(text)) };
  }
  const nodes = isMap(node)
    ? node.items.map((pair): BlockNode => {
        const [at] = rangeOf(pair.key as Node);
        const [from, to] = rangeOf(pair.value as Node);
        const value = splitValue(source, pair.value as Node);
        const key = isScalar(pair.key) ? String(pair.key.value) : '';
        return { key, head: source.slice(at, from), value, start: at, end: to };
      })
    : node.items.map((item): BlockNode => {
        const [from, to] = rangeOf(item as Node);
        const key = JSON.stringify(JSON.parse(source.slice(from, to)));
        return { key, head: '', value: splitValue(source, item as Node), start: from, end: to };
      });
  const { items, rest } = splitItems(source, start + 1, end - 1, nodes, { isSeparated: true });
  return {
    kind: 'branch',
    type: isMap(node) ? 'object' : 'array',
    open: source.slice(start, start + 1),
    items,
    close: rest + source.slice(end - 1, end),
    isSeparated: true,
    isSet: isSeq(node),
    isFlat: false,
  };
}

function rangeOf({ range }: Node): readonly [number, number] {
  if (range === null || range === undefined) throw new Error('a node without a range');
  return [range[0], range[1]];
}
