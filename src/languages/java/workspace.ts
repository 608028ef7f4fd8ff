import { parseXml, XmlElement, XmlError } from '@rgrove/parse-xml';
import { KnownError } from '../../base/errors.ts';
import { indentAt, splitTextFile } from '../../files/text-file.ts';
import type { RootEdit, RootFolder, Workspace } from '../workspace.ts';

const POM = 'pom.xml';

/** The Maven build in a folder. Only a project with packaging `pom` has modules. */
export function readMavenBuild({ readText }: RootFolder): Workspace | undefined {
  const text = readText(POM);
  if (text === undefined) return undefined;
  const elements = parseElements(text);
  const own = elements.find(({ path }) => path === 'project/packaging');
  const packaging = own === undefined ? 'jar' : text.slice(own.start, own.end).trim();
  // Maven 4 calls modules subprojects.
  const list = elements.some(({ path }) => path === 'project/subprojects') ? 'subproject' : 'module';
  const members = elements
    .filter(({ path }) => path === `project/${list}s/${list}`)
    .map(({ start, end }) => text.slice(start, end).trim());
  const includes = (path: string): boolean =>
    members.some((member) => [path, `${path}/${POM}`].includes(member.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '')));
  return {
    file: POM,
    members,
    packageManager: 'maven',
    includes,
    join: (path): readonly RootEdit[] =>
      includes(path) ? [] : [{ path: POM, before: text, after: addModule(text, list, path) }],
    problem:
      packaging === 'pom'
        ? undefined
        : `has the packaging ${packaging}, and only a project with the packaging pom can have modules`,
  };
}

/** An element, with the range of its content. */
interface Element {
  /** The names of the elements around it and its own, such as `project/modules`. */
  readonly path: string;
  readonly start: number;
  readonly end: number;
  readonly outer: readonly [number, number];
}

/** All elements, in the order in which they end. Throws a KnownError if the text is not that of a Maven project. */
function parseElements(text: string): readonly Element[] {
  const elements: Element[] = [];
  const add = ({ name, children, start: from, end: to }: XmlElement, parents: readonly string[]): void => {
    const names = [...parents, name];
    for (const child of children) if (child instanceof XmlElement) add(child, names);
    const isEmptyTag = text.startsWith('/>', to - 2);
    const end = isEmptyTag ? to : text.lastIndexOf('</', to);
    const start = isEmptyTag ? to : (children[0]?.start ?? end);
    elements.push({ path: names.join('/'), start, end, outer: [from, to] });
  };
  try {
    const options = {
      includeOffsets: true,
      preserveComments: true,
      preserveCdata: true,
      ignoreUndefinedEntities: true,
    };
    const { root } = parseXml(text, options);
    if (root !== null) add(root, []);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    throw notXmlError();
  }
  if (elements.at(-1)?.path !== 'project') throw notXmlError();
  return elements;
}

function notXmlError(): KnownError {
  return new KnownError({
    message: `${POM} can't be used: it is not a valid Maven project`,
    next: [`Correct ${POM}, then try again`],
  });
}

function addModule(text: string, name: string, path: string): string {
  const { lineEnd } = splitTextFile(text);
  const elements = parseElements(text);
  const escaped = path.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const module = `<${name}>${escaped}</${name}>`;
  const last = elements.findLast((element) => element.path === `project/${name}s/${name}`);
  if (last !== undefined) {
    const [from, to] = last.outer;
    const isOnOwnLine = /(?:^|\n)[ \t]*$/.test(text.slice(0, from));
    if (!isOnOwnLine) return text.slice(0, to) + module + text.slice(to);
    // After a comment on the line of the last one.
    const end = to + (/^[ \t]*<!--[^\n]*?-->/.exec(text.slice(to))?.[0].length ?? 0);
    return text.slice(0, end) + lineEnd + indentAt(text, from) + module + text.slice(end);
  }
  const step = indentAt(text, elements.find((element) => /^project\/[^/]+$/.test(element.path))?.outer[0] ?? 0) || '  ';
  const list = `<${name}s>${lineEnd}${step}${step}${module}${lineEnd}${step}</${name}s>`;
  const empty = elements.find((element) => element.path === `project/${name}s`);
  if (empty !== undefined) {
    // Keeps comments in the list.
    if (text.slice(empty.start, empty.end).trim() !== '')
      return `${text.slice(0, empty.end).trimEnd()}${lineEnd}${step}${step}${module}${lineEnd}${step}${text.slice(empty.end)}`;
    return text.slice(0, empty.outer[0]) + list + text.slice(empty.outer[1]);
  }
  const packaging = elements.find((element) => element.path === 'project/packaging');
  if (packaging === undefined) throw notXmlError();
  return `${text.slice(0, packaging.outer[1])}${lineEnd}${step}${list}${text.slice(packaging.outer[1])}`;
}
