import { parseXml, XmlCdata, XmlElement, XmlText } from '@rgrove/parse-xml';
import {
  normalizeSpace,
  splitItems,
  type BlockNode,
  type Branch,
  type KeyedDocument,
  type KeyedFormat,
  type Leaf,
} from './blocks.ts';
import { isMavenVersionAtLeast } from './versions.ts';

const COMMENT = /^[ \t]*<!--(?:(?!-->)[^\n])*-->(?=[ \t]*(?:\n|$))/;
const VERSION = /(?:^|[.-])version$|^version[.-]|^maven\.compiler\.(?:release|source|target)$/;
/** Elements that mean the same if they are missing and if they are empty, and those that contain nothing else. */
const LISTS = new Set([
  'dependencies',
  'dependencyManagement',
  'executions',
  'pluginManagement',
  'pluginRepositories',
  'plugins',
  'profiles',
  'properties',
  'repositories',
]);
const DEFAULT_PLUGIN_GROUP = 'org.apache.maven.plugins';
/** The ID of an execution without one. */
const DEFAULT_EXECUTION = 'default';

export const pomFormat: KeyedFormat = {
  split: splitPom,
  // A dependency is often removed together with the property that has its version.
  staysRemoved: (path) =>
    path.at(-2) === 'dependencies' || (path.at(-2) === 'properties' && VERSION.test(path.at(-1) ?? '')),
  isEmptyList: (path, mine) => LISTS.has(path.at(-1) ?? '') && (mine === undefined || /^<[^<>]*>$/.test(mine.data)),
  isAtLeast: (path, mine, theirs) =>
    VERSION.test(path.at(-1) ?? '') && isMavenVersionAtLeast(textOfLeaf(mine), textOfLeaf(theirs)),
  formatPath: ([, ...path]) => path.join('.'),
};

function splitPom(source: string): KeyedDocument | undefined {
  try {
    const { root } = parseXml(source, { includeOffsets: true, preserveComments: true, preserveCdata: true });
    if (root === null) return undefined;
    const nodes = [splitElement(source, root, '')];
    const { items, rest } = splitItems(source, 0, source.length, nodes, { isSeparated: false, comment: COMMENT });
    return { source, root: toBranch({ type: 'document', open: '', items, close: rest, isSet: false, isFlat: true }) };
  } catch {
    return undefined;
  }
}

function splitElement(source: string, element: XmlElement, parent: string): BlockNode {
  const { start, end } = element;
  const children = elementsIn(element);
  const [first, last] = [element.children[0], element.children.at(-1)];
  const isMixed = element.children.some(
    (child) => child instanceof XmlCdata || (child instanceof XmlText && child.text.trim() !== ''),
  );
  const node = { key: keyOf(element, parent), head: '', start, end };
  if (isMixed || first === undefined || last === undefined) return { ...node, value: toLeaf(source, element) };
  const nodes = children.map((child) => splitElement(source, child, element.name));
  const { items, rest } = splitItems(source, first.start, last.end, nodes, { isSeparated: false, comment: COMMENT });
  const value = toBranch({
    type: element.name,
    open: source.slice(start, first.start),
    items,
    close: rest + source.slice(last.end, end),
    isSet: children.some((child) => keyOf(child, element.name).startsWith(`${child.name}=`)),
    isFlat: false,
  });
  return { ...node, value };
}

function toBranch(branch: Omit<Branch, 'kind' | 'isSeparated'>): Branch {
  return { kind: 'branch', isSeparated: false, ...branch };
}

function toLeaf(source: string, element: XmlElement): Leaf {
  const text = source.slice(element.start, element.end);
  const isText = element.children.every((child) => child instanceof XmlText);
  const attributes = Object.entries(element.attributes)
    .map(([name, value]) => ` ${name}=${JSON.stringify(value)}`)
    .sort();
  return {
    kind: 'leaf',
    text,
    data: isText ? `<${element.name}${attributes.join('')}>${element.text.trim()}` : normalizeSpace(text),
  };
}

function textOfLeaf(data: string): string {
  return /^<[^<>]*>([^<]*)$/.exec(data)?.[1] ?? '';
}

function elementsIn(element: XmlElement): readonly XmlElement[] {
  return element.children.filter((child) => child instanceof XmlElement);
}

/** Whether an element is one of a list, such as `goal` in `goals` and `dependency` in `dependencies`. */
function isListed(name: string, parent: string): boolean {
  const [one, list] = [name.toLowerCase(), parent.toLowerCase()];
  return list.endsWith(`${one}s`) || list.endsWith(one.replace(/y$/, 'ies'));
}

function keyOf(element: XmlElement, parent: string): string {
  const { name } = element;
  if (!isListed(name, parent)) return name;
  const children = elementsIn(element);
  if (children.length === 0) return `${name}=${element.text.trim()}`;
  const text = (child: string): string | undefined => children.find((one) => one.name === child)?.text.trim();
  const artifact = text('artifactId');
  if (artifact !== undefined) {
    const group = text('groupId') ?? (name === 'plugin' ? DEFAULT_PLUGIN_GROUP : '');
    return [group, artifact, text('type') ?? '', text('classifier') ?? ''].join(':').replace(/:+$/, '');
  }
  const id = text('id') ?? text('name') ?? (name === 'execution' ? DEFAULT_EXECUTION : undefined);
  return id ?? `${name}=${normalizeSpace(element.text)}`;
}
