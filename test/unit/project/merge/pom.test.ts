import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleanlyMerged, mergedFile } from './merged.ts';

const PATH = 'pom.xml';
const GENERATED = readFileSync('test/golden/java/pom.xml', 'utf8');

/** A pom with these lines in `project`. */
function pom(...content: readonly string[]): string {
  const head = '<?xml version="1.0" encoding="UTF-8"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0">\n';
  return `${head}${content.map((line) => (line === '' ? '\n' : `  ${line}\n`)).join('')}</project>\n`;
}

const dependency = (artifact: string, ...more: readonly string[]): readonly string[] =>
  [
    '<dependency>',
    '  <groupId>com.example</groupId>',
    `  <artifactId>${artifact}</artifactId>`,
    ...more,
    '</dependency>',
  ].map((line) => `  ${line}`);
const dependencies = (...all: readonly (readonly string[])[]): string =>
  pom('<dependencies>', ...all.flat(), '</dependencies>');
const version = (text: string): string => `  <version>${text}</version>`;
const conflictsOf = (texts: Parameters<typeof mergedFile>[1]): readonly (readonly string[])[] =>
  mergedFile(PATH, texts).conflicts.map(({ mine }) => mine.map((line) => line.trim()));

describe('pom.xml', () => {
  it.each([
    ['an unchanged version follows the template', '4.0.8', '4.0.8', '4.0.9', '4.0.9'],
    ['a raised version stays', '4.0.8', '4.0.10', '4.0.9', '4.0.10'],
    ['a raised version stays, by the order of Maven', '4.0.8-RC1', '4.0.8', '4.0.8-RC2', '4.0.8'],
    ['a lowered version stays if the template did not change it', '4.0.8', '4.0.7', '4.0.8', '4.0.7'],
    ['a version that both changed in the same way stays', '4.0.8', '4.0.9', '4.0.9', '4.0.9'],
  ])('%s', (_, base, mine, theirs, expected) => {
    for (const texts of [
      (text: string): string => dependencies(dependency('a', version(text)), dependency('b')),
      (text: string): string => pom('<properties>', `  <a.version>${text}</a.version>`, '</properties>'),
      (text: string): string => pom('<parent>', '  <artifactId>boot</artifactId>', version(text).slice(2), '</parent>'),
    ])
      expect(cleanlyMerged(PATH, { base: texts(base), mine: texts(mine), theirs: texts(theirs) })).toBe(
        texts(expected),
      );
  });

  it.each([
    ['lowered, and raised by the template', '2', '1', '3'],
    ['taken from a property, and raised by the template', '2', '${a.version}', '3'],
  ])('reports a version that is %s', (_, base, mine, theirs) => {
    const texts = (text: string): string => dependencies(dependency('a', version(text)), dependency('b'));
    const { text, conflicts } = mergedFile(PATH, { base: texts(base), mine: texts(mine), theirs: texts(theirs) });
    const line = (one: string): string => `      <version>${one}</version>`;
    expect(conflicts).toEqual([
      {
        line: 7,
        base: [line(base)],
        mine: [line(mine)],
        theirs: [line(theirs)],
      },
    ]);
    expect(text).toBe(
      texts(mine).replace(
        line(mine),
        `<<<<<<< yours\n${line(mine)}\n||||||| template 0.1.0\n${line(base)}\n=======\n${line(theirs)}\n>>>>>>> template 0.2.0`,
      ),
    );
  });

  it('keeps a removed dependency and its property removed, and removes one that the template removed', () => {
    const all = (a: string, artifacts: readonly string[]): string =>
      pom(
        '<properties>',
        ...(artifacts.includes('a') ? [`  <a.version>${a}</a.version>`] : []),
        '  <x>1</x>',
        '</properties>',
        '',
        '<dependencies>',
        ...artifacts.flatMap((artifact) =>
          dependency(artifact, ...(artifact === 'a' ? [version('${a.version}')] : [])),
        ),
        '</dependencies>',
      );
    const texts = { base: all('1', ['a', 'b', 'c']), mine: all('1', ['mine', 'b', 'c']), theirs: all('2', ['a', 'b']) };
    expect(cleanlyMerged(PATH, texts)).toBe(all('1', ['mine', 'b']));
  });

  it('merges profiles by id, plugins without a group and executions by id', () => {
    const all = (debug: string, profiles: readonly string[], plugin: readonly string[]): string =>
      pom(
        '<build>',
        '  <plugins>',
        '    <plugin>',
        '      <artifactId>maven-jar-plugin</artifactId>',
        ...plugin.map((line) => `      ${line}`),
        '    </plugin>',
        '  </plugins>',
        '</build>',
        '<profiles>',
        ...['debug', ...profiles].flatMap((id) => [
          '  <profile>',
          `    <id>${id}</id>`,
          '    <properties>',
          `      <port>${id === 'debug' ? debug : 1}</port>`,
          '    </properties>',
          '  </profile>',
        ]),
        '</profiles>',
      );
    const execution = (id: string, phase: string): readonly string[] => [
      '  <execution>',
      `    <id>${id}</id>`,
      `    <phase>${phase}</phase>`,
      '  </execution>',
    ];
    const executions = (...more: readonly (readonly string[])[]): readonly string[] => [
      '<executions>',
      ...more.flat(),
      '</executions>',
    ];
    const group = '<groupId>org.apache.maven.plugins</groupId>';
    expect(
      cleanlyMerged(PATH, {
        base: all('1', [], executions(execution('one', 'test'))),
        mine: all('1', ['mine'], [group, ...executions(execution('mine', 'test'), execution('one', 'test'))]),
        theirs: all('2', ['more'], executions(execution('one', 'package'), execution('two', 'test'))),
      }),
    ).toBe(
      all(
        '2',
        ['more', 'mine'],
        [group, ...executions(execution('mine', 'test'), execution('one', 'package'), execution('two', 'test'))],
      ),
    );
  });

  it('merges executions without an id, of which a plugin can have one', () => {
    const all = (phase: readonly string[], ...goals: readonly string[]): string =>
      GENERATED.replace(
        /( +)<goals>\n +<goal>check<\/goal>\n/,
        [...phase.map((text) => `<phase>${text}</phase>`), '<goals>', ...goals.map((goal) => `  <goal>${goal}</goal>`)]
          .map((line) => `$1${line}\n`)
          .join(''),
      );
    const texts = { base: GENERATED, mine: all(['validate'], 'check'), theirs: all([], 'check', 'apply') };
    expect(cleanlyMerged(PATH, texts)).toBe(all(['validate'], 'check', 'apply'));
    expect(conflictsOf({ ...texts, theirs: all(['verify'], 'check') })).toEqual([['<phase>validate</phase>']]);
  });

  it('keeps dependencies with another classifier or type apart', () => {
    const all = (one: string, two: string): string =>
      dependencies(
        dependency('a', version(one)),
        dependency('a', version(two), '  <classifier>linux</classifier>'),
        dependency('a', version('1'), '  <type>test-jar</type>'),
      );
    expect(cleanlyMerged(PATH, { base: all('1', '1'), mine: all('2', '1'), theirs: all('1', '3') })).toBe(
      all('2', '3'),
    );
  });

  it('keeps additions of both sides in the same place, unless they concern the same artifact', () => {
    const all = (...added: readonly (readonly string[])[]): string => dependencies(dependency('a'), ...added);
    const [one, other] = [dependency('one', version('1')), dependency('other', version('1'))];
    const texts = { base: all(), mine: all(one), theirs: all(other) };
    expect(mergedFile(PATH, texts)).toEqual({ text: all(one, other), conflicts: [] });
    const newer = dependency('one', version('2'));
    expect(mergedFile(PATH, { ...texts, theirs: all(newer) }, 'ours')).toMatchObject({
      text: texts.mine,
      conflicts: [{ mine: one.map((line) => `  ${line}`), theirs: newer.map((line) => `  ${line}`) }],
    });
  });

  it('merges adjacent versions and comments that both sides changed', () => {
    const all = (...lines: readonly string[]): string =>
      pom('<properties>', ...lines.map((line) => `  ${line}`), '</properties>');
    const property = (name: string, value: string): string => `<${name}.version>${value}</${name}.version>`;
    expect(
      cleanlyMerged(PATH, {
        base: all(property('a', '1'), property('b', '1'), property('c', '1')),
        mine: all('<!-- mine -->', property('a', '3'), property('b', '2'), property('mine', '1')),
        theirs: all(property('a', '2'), '<!-- Why. -->', property('b', '2'), property('c', '2'), property('new', '1')),
      }),
    ).toBe(
      all(
        '<!-- mine -->',
        property('a', '3'),
        '<!-- Why. -->',
        property('b', '2'),
        property('new', '1'),
        property('mine', '1'),
      ),
    );
  });

  it('reports what one side removed and the other changed, and other elements that both changed', () => {
    const plugin = (text: string): readonly string[] =>
      ['<plugin>', '  <artifactId>a</artifactId>', `  <x>${text}</x>`, '</plugin>'].map((line) => `    ${line}`);
    const all = (name: string, ...plugins: readonly string[]): string =>
      pom(`<name>${name}</name>`, '<build>', '  <plugins>', ...plugins, '  </plugins>', '</build>');
    expect(conflictsOf({ base: all('a', ...plugin('1')), mine: all('b'), theirs: all('c', ...plugin('2')) })).toEqual([
      ['<name>b</name>'],
      [],
    ]);
    expect(conflictsOf({ base: all('a', ...plugin('1')), mine: all('a', ...plugin('2')), theirs: all('a') })).toEqual([
      plugin('2').map((line) => line.trim()),
    ]);
  });

  it('keeps CRLF, and reports the lines of the file', () => {
    const texts = (text: string): string => dependencies(dependency('a', version(text)), dependency('b'));
    const crlf = texts('1').replaceAll('\n', '\r\n');
    const result = mergedFile(PATH, { base: texts('2'), mine: crlf, theirs: texts('3') });
    expect(result.conflicts.map(({ line, mine }) => ({ line, mine }))).toEqual([
      { line: 7, mine: ['      <version>1</version>'] },
    ]);
    expect(result.text.replaceAll('\r\n', '')).not.toMatch(/[\r\n]/);
    expect(
      cleanlyMerged(PATH, {
        base: texts('1'),
        mine: `\r\n${crlf}`.replace('\r\n<?xml', '<?xml').replace('>1<', '>3<'),
        theirs: texts('2'),
      }),
    ).toBe(crlf.replace('>1<', '>3<'));
  });

  it('still merges other lines if it is not well-formed', () => {
    const base = pom('<name>a</name>', '<x>1</x>', '<y>1</y>', '<z>1</z>');
    const mine = base.replace('<z>1</z>', '<z>');
    expect(mergedFile(PATH, { base, mine, theirs: base.replace('<name>a', '<name>b') })).toEqual({
      text: mine.replace('<name>a', '<name>b'),
      conflicts: [],
    });
  });
});
