import { parseXml, XmlElement } from '@rgrove/parse-xml';
import fc from 'fast-check';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { mergedFile, resolved } from './merged.ts';

/** Numbers by key. */
type Section = Readonly<Record<string, number>>;

/** A list of dependencies with their versions, and a part with other values. A missing list and an empty one are the same. */
interface Content {
  readonly list: Section;
  readonly part: Section | undefined;
}

interface Format {
  readonly path: string;
  readonly print: (content: Content, indent: string) => string;
  readonly parse: (text: string) => Content;
}

const withoutEmpty = (section: Section): Section | undefined => (Object.keys(section).length > 0 ? section : undefined);
const entriesOf = (section: Section = {}): readonly (readonly [string, number])[] => Object.entries(section);

function elementsIn(element: XmlElement | null | undefined): readonly XmlElement[] {
  return element?.children.filter((child) => child instanceof XmlElement) ?? [];
}

function printPom({ list, part }: Content, indent: string): string {
  const properties = entriesOf(list).map(([key, value]) => `    <${key}.version>${value}</${key}.version>`);
  const dependencies = entriesOf(list).flatMap(([key]) => [
    '    <dependency>',
    '      <groupId>g</groupId>',
    `      <artifactId>${key}</artifactId>`,
    `      <version>\${${key}.version}</version>`,
    '    </dependency>',
  ]);
  const scm = entriesOf(part).map(([key, value]) => `    <${key}>${value}</${key}>`);
  const section = (name: string, lines: readonly string[]): readonly string[] => [
    `  <${name}>`,
    ...lines,
    `  </${name}>`,
  ];
  const lines = [
    '<project>',
    ...section('properties', properties),
    ...section('dependencies', dependencies),
    ...section('scm', scm),
    '</project>',
  ];
  return lines.map((line) => `${line.replaceAll('  ', indent)}\n`).join('');
}

function parsePom(text: string): Content {
  const sections = elementsIn(parseXml(text).root);
  const find = (elements: readonly XmlElement[], name: string): readonly XmlElement[] =>
    elementsIn(elements.find((element) => element.name === name));
  const list = find(sections, 'properties').map(({ name, text: value }) => [
    name.replace('.version', ''),
    Number(value),
  ]);
  const dependencies = find(sections, 'dependencies').map((dependency) => dependency.text.split(/\s+/).filter(Boolean));
  expect(dependencies.toSorted()).toEqual(list.map(([key]) => ['g', key, `\${${String(key)}.version}`]).toSorted());
  const part = find(sections, 'scm').map(({ name, text: value }) => [name, Number(value)]);
  return { list: Object.fromEntries(list) as Section, part: Object.fromEntries(part) as Section };
}

function printPyproject({ list, part }: Content, indent: string): string {
  const lines = [
    '[project]',
    'name = "a"',
    ...(withoutEmpty(list) === undefined
      ? []
      : ['dependencies = [', ...entriesOf(list).map(([key, value]) => `${indent}"${key}==${value}",`), ']']),
    ...(part === undefined ? [] : ['', '[tool.a]', ...entriesOf(part).map(([key, value]) => `${key} = ${value}`)]),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function parsePyproject(text: string): Content {
  const document: unknown = parse(text);
  const { project, tool } = document as {
    readonly project: { readonly dependencies?: readonly string[] };
    readonly tool?: { readonly a?: Section };
  };
  const list = (project.dependencies ?? []).map((one): readonly [string, number] => {
    const [name = '', version] = one.split('==');
    return [name, Number(version)];
  });
  return { list: Object.fromEntries(list), part: tool?.a };
}

const PACKAGE_JSON: Format = {
  path: 'package.json',
  print: ({ list, part }, indent) =>
    `${JSON.stringify(
      {
        name: 'a',
        dependencies:
          withoutEmpty(list) && Object.fromEntries(entriesOf(list).map(([key, value]) => [key, `${value}.0.0`])),
        scripts: part,
      },
      null,
      indent,
    )}\n`,
  parse: (text) => {
    const { dependencies = {}, scripts } = JSON.parse(text) as {
      readonly dependencies?: Readonly<Record<string, string>>;
      readonly scripts?: Section;
    };
    const list = Object.entries(dependencies).map(([key, value]) => [key, Number.parseInt(value)]);
    return { list: Object.fromEntries(list) as Section, part: scripts };
  },
};

const FORMATS: readonly Format[] = [
  PACKAGE_JSON,
  { path: 'pom.xml', print: printPom, parse: parsePom },
  { path: 'pyproject.toml', print: printPyproject, parse: parsePyproject },
];

interface Merged<T> {
  /** With the values of `mine` for keys in `conflicts`. */
  readonly value: T;
  readonly conflicts: readonly string[];
}

/** The merged value of a key: undefined if it is removed. */
function mergeKey(
  base: number | undefined,
  mine: number | undefined,
  theirs: number | undefined,
): number | undefined | 'conflict' {
  if (mine === theirs || theirs === base) return mine;
  return mine === base ? theirs : 'conflict';
}

function mergeSection([base, mine, theirs]: readonly [Section, Section, Section], isVersion: boolean): Merged<Section> {
  const merged: Record<string, number> = {};
  const conflicts: string[] = [];
  for (const key of new Set([base, mine, theirs].flatMap((section) => Object.keys(section)))) {
    const [old, own, next] = [base, mine, theirs].map((section) =>
      Object.hasOwn(section, key) ? section[key] : undefined,
    );
    const result = mergeKey(old, own, next);
    const value = result === 'conflict' ? own : result;
    if (value !== undefined) merged[key] = value;
    // A removed dependency stays removed, and a newer one stays.
    const isKept = isVersion && (own === undefined || (next !== undefined && own >= next));
    if (result === 'conflict' && !isKept) conflicts.push(key);
  }
  return { value: merged, conflicts };
}

function mergeContent(base: Content, mine: Content, theirs: Content): Merged<Content> {
  const dependencies = mergeSection([base.list, mine.list, theirs.list], true);
  const conflicts = dependencies.conflicts.map((key) => `dependencies.${key}`);
  const isSame = (one: Section | undefined, other: Section | undefined): boolean =>
    JSON.stringify(entriesOf(one).toSorted()) === JSON.stringify(entriesOf(other).toSorted());
  const merged = ((): Section | undefined => {
    if (mine.part !== undefined && theirs.part !== undefined) {
      const scripts = mergeSection([base.part ?? {}, mine.part, theirs.part], false);
      conflicts.push(...scripts.conflicts.map((key) => `scripts.${key}`));
      return scripts.value;
    }
    if (base.part === undefined) return mine.part ?? theirs.part;
    const other = mine.part ?? theirs.part;
    if (other === undefined || isSame(base.part, other)) return undefined;
    conflicts.push('scripts');
    return mine.part;
  })();
  return { value: { list: dependencies.value, part: merged }, conflicts };
}

const key = fc.constantFrom('alpha', 'beta', 'gamma', 'delta', 'constructor');
const number = fc.integer({ min: 1, max: 4 });
/** In any order. The three versions of a document often have the same keys and values. */
const section = fc
  .tuple(fc.dictionary(key, number), fc.integer({ min: -1, max: 1 }))
  .map(([values, order]): Section => Object.fromEntries(entriesOf(values).toSorted(() => order)));
const content = fc.record({ list: section, part: fc.option(section, { nil: undefined, freq: 4 }) });
const indent = fc.constantFrom('  ', '    ', '\t');

describe('random keys of package.json', () => {
  it('stay if they are yours, and are merged or reported if the template changed them', () => {
    const { path, print, parse: parseContent } = PACKAGE_JSON;
    fc.assert(
      fc.property(content, content, content, indent, (base, mine, theirs, own) => {
        const texts = { base: print(base, '  '), mine: print(mine, own), theirs: print(theirs, '  ') };
        const { value, conflicts } = mergeContent(base, mine, theirs);
        const merged = mergedFile(path, texts, 'ours');
        expect(parseContent(merged.text)).toEqual(value);
        expect(merged.conflicts.map((conflict) => conflict.key).toSorted()).toEqual([...conflicts].toSorted());
        const { text } = mergedFile(path, texts);
        expect(text.includes('<<<<<<< yours')).toBe(conflicts.length > 0);
        expect(resolved(text, 'mine')).toBe(merged.text);
      }),
      { numRuns: 40 },
    );
  });
});

describe.each(FORMATS)('random versions of $path', (format) => {
  it('do not conflict in an ordinary update, where both sides raise versions and add dependencies at the end', () => {
    const names = ['alpha', 'beta', 'gamma', 'delta'];
    const raises = fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(raises, raises, fc.boolean(), fc.boolean(), (theirs, mine, addsMine, addsTheirs) => {
        const list = (by: readonly number[]): Section =>
          Object.fromEntries(names.map((name, index) => [name, 1 + (by[index] ?? 0)]));
        // A version that the template raises further than its owner did is reported.
        const own = mine.map((by, index) => (by === 0 ? 0 : Math.max(by, theirs[index] ?? 0)));
        const print = (data: Section): string => format.print({ list: data, part: { x: 1 } }, '  ');
        const { text, conflicts } = mergedFile(format.path, {
          base: print(list([])),
          mine: print({ ...list(own), ...(addsMine && { mine: 1 }) }),
          theirs: print({ ...list(theirs), ...(addsTheirs && { theirs: 1 }) }),
        });
        expect(conflicts).toEqual([]);
        expect(format.parse(text).list).toEqual({
          ...list(own.map((by, index) => (by === 0 ? (theirs[index] ?? 0) : by))),
          ...(addsMine && { mine: 1 }),
          ...(addsTheirs && { theirs: 1 }),
        });
      }),
      { numRuns: 40 },
    );
  });
});
