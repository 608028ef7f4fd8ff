import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleanlyMerged, mergedFile, resolved } from './merged.ts';

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
const keysOf = (texts: Parameters<typeof mergedFile>[1]): readonly (string | undefined)[] =>
  mergedFile(PATH, texts).conflicts.map(({ key }) => key);

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
        key: 'dependencies.com.example:a.version',
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

  it('adds dependencies, properties and plugins after those that they follow, in the indentation of the file', () => {
    const base = GENERATED;
    const mine = GENERATED.replaceAll(/^ +/gm, (spaces) => '\t'.repeat(spaces.length / 2))
      .replace(
        '\t\t<temporal.version>',
        '\t\t<!-- mine -->\n\t\t<mine.version>1</mine.version>\n\t\t<temporal.version>',
      )
      .replace('<finalName>app<', '<finalName>mine<');
    const added = `    <!-- Calls by HTTP/3. -->
    <dependency>
      <groupId>com.example</groupId>
      <artifactId>added</artifactId>
      <exclusions>
        <exclusion>
          <groupId>*</groupId>
          <artifactId>*</artifactId>
        </exclusion>
      </exclusions>
    </dependency>
`;
    const change = (text: string, added: string): string =>
      text
        .replace(/(<artifactId>jspecify<\/artifactId>\s*<\/dependency>\n)/, `$1${added}`)
        .replace('<arg>-Werror</arg>', '<arg>-Werror</arg>\n            <arg>-parameters</arg>')
        .replace('<goal>check</goal>', '<goal>check</goal>\n              <goal>apply</goal>');
    const theirs = change(base, added);
    expect(cleanlyMerged(PATH, { base, mine, theirs })).toBe(
      change(
        mine,
        added.replaceAll(/^ +/gm, (spaces) => '\t'.repeat(spaces.length / 2)),
      )
        .replace('            <arg>-p', '\t\t\t\t\t\t<arg>-p')
        .replace('              <goal>apply', '\t\t\t\t\t\t\t<goal>apply'),
    );
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
    expect(keysOf({ ...texts, theirs: all(['verify'], 'check') })).toEqual([
      'build.plugins.com.diffplug.spotless:spotless-maven-plugin.executions.default.phase',
    ]);
  });

  it('reports elements of a list without names that both changed', () => {
    const all = (...lines: readonly string[]): string =>
      pom('<build>', '  <resources>', '    <resource>', ...lines, '    </resource>', '  </resources>', '</build>');
    const directory = '      <directory>config</directory>';
    const texts = {
      base: all(directory),
      mine: all(directory, '      <filtering>true</filtering>'),
      theirs: all(directory, '      <targetPath>config</targetPath>'),
    };
    expect(keysOf(texts)).toEqual(['build.resources']);
    expect(mergedFile(PATH, texts, 'ours').text).toBe(texts.mine);
    expect(cleanlyMerged(PATH, { ...texts, theirs: texts.base })).toBe(texts.mine);
    expect(cleanlyMerged(PATH, { ...texts, mine: texts.base })).toBe(texts.theirs);
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

  it('keeps comments next to changed elements, and merges those of the template', () => {
    const all = (...lines: readonly string[]): string =>
      pom('<properties>', ...lines.map((line) => `  ${line}`), '</properties>');
    const texts = {
      base: all('<!-- One. -->', '<a.version>1</a.version>', '<!-- Two. -->', '<b>1</b>', '<c>1</c>', '<!-- end -->'),
      mine: all(
        '<!-- One. -->',
        '<!-- mine -->',
        '<a.version>1</a.version> <!-- why -->',
        '<!-- Two. -->',
        '<b>1</b>',
        '<c>1</c>',
        '<!-- end -->',
      ),
      theirs: all(
        '<!-- One. -->',
        '<a.version>2</a.version>',
        '<!-- Two, changed. -->',
        '<b>1</b>',
        '<!-- Three. -->',
        '<c>2</c>',
        '<!-- the end -->',
      ),
    };
    expect(cleanlyMerged(PATH, texts)).toBe(
      all(
        '<!-- One. -->',
        '<!-- mine -->',
        '<a.version>2</a.version> <!-- why -->',
        '<!-- Two, changed. -->',
        '<b>1</b>',
        '<!-- Three. -->',
        '<c>2</c>',
        '<!-- the end -->',
      ),
    );
    const conflict = { ...texts, mine: texts.mine.replace('Two.', 'Mine.') };
    expect(mergedFile(PATH, conflict).conflicts).toEqual([
      {
        key: 'properties.b',
        line: 7,
        base: ['    <!-- Two. -->', '    <b>1</b>'],
        mine: ['    <!-- Mine. -->', '    <b>1</b>'],
        theirs: ['    <!-- Two, changed. -->', '    <b>1</b>'],
      },
    ]);
    expect(mergedFile(PATH, conflict).text).toContain('    <!-- Mine. -->\n|||||||');
  });

  it('reports what one side removed and the other changed, and other elements that both changed', () => {
    const plugin = (text: string): readonly string[] =>
      ['<plugin>', '  <artifactId>a</artifactId>', `  <x>${text}</x>`, '</plugin>'].map((line) => `    ${line}`);
    const all = (name: string, ...plugins: readonly string[]): string =>
      pom(`<name>${name}</name>`, '<build>', '  <plugins>', ...plugins, '  </plugins>', '</build>');
    expect(keysOf({ base: all('a', ...plugin('1')), mine: all('b'), theirs: all('c', ...plugin('2')) })).toEqual([
      'name',
      'build.plugins.org.apache.maven.plugins:a',
    ]);
    expect(keysOf({ base: all('a', ...plugin('1')), mine: all('a', ...plugin('2')), theirs: all('a') })).toEqual([
      'build.plugins.org.apache.maven.plugins:a',
    ]);
  });

  it('merges a removed list as an empty one', () => {
    const all = (...lists: readonly string[]): string => pom('<name>a</name>', ...lists);
    const list = (...artifacts: readonly (readonly string[])[]): readonly string[] => [
      '<dependencies>',
      ...artifacts.flat(),
      '</dependencies>',
    ];
    const base = all(...list(dependency('a', version('1')), dependency('b')));
    const theirs = all(...list(dependency('a', version('2')), dependency('b'), dependency('added')));
    const merged = all(...list(dependency('added')));
    const inManagement = (text: string): string =>
      text
        .replace('<dependencies>', '<dependencyManagement><dependencies>')
        .replace('</dependencies>', '</dependencies></dependencyManagement>');
    const empty = [all(), all('<dependencies>', '</dependencies>'), all('<dependencies/>')];
    for (const mine of empty) expect(cleanlyMerged(PATH, { base, mine, theirs }), mine).toBe(merged);
    expect(cleanlyMerged(PATH, { base: inManagement(base), mine: all(), theirs: inManagement(theirs) })).toBe(
      inManagement(merged),
    );
    const raised = all(...list(dependency('a', version('2')), dependency('b')));
    for (const mine of empty) expect(cleanlyMerged(PATH, { base, mine, theirs: raised })).toBe(mine);
  });

  it('reports the elements of a removed list that the template changed, and adds others', () => {
    const plugin = (artifact: string, text: string): readonly string[] =>
      ['<plugin>', `  <artifactId>${artifact}</artifactId>`, `  <x>${text}</x>`, '</plugin>'].map(
        (line) => `    ${line}`,
      );
    const all = (...plugins: readonly string[]): string =>
      pom('<build>', '  <x/>', ...(plugins.length > 0 ? ['  <plugins>', ...plugins, '  </plugins>'] : []), '</build>');
    const texts = {
      base: all(...plugin('a', '1'), ...plugin('b', '1')),
      mine: all(),
      theirs: all(...plugin('a', '2'), ...plugin('b', '1'), ...plugin('c', '1')),
    };
    const { text, conflicts } = mergedFile(PATH, texts, 'ours');
    expect(text).toBe(all(...plugin('c', '1')));
    expect(conflicts).toEqual([
      {
        key: 'build.plugins.org.apache.maven.plugins:a',
        line: 5,
        base: plugin('a', '1').map((line) => `  ${line}`),
        mine: [],
        theirs: plugin('a', '2').map((line) => `  ${line}`),
      },
    ]);
    expect(mergedFile(PATH, texts).text).toContain('<x>2</x>');
  });

  it('keeps what is yours of a list that the template removed, and marks its changes', () => {
    const tabs = (text: string): string => text.replaceAll('  ', '\t');
    const base = dependencies(dependency('a', version('1')), dependency('b'));
    const own = dependency('mine', version('1'));
    expect(
      cleanlyMerged(PATH, {
        base,
        mine: tabs(dependencies(dependency('a', version('1')), own, dependency('b'))),
        theirs: pom(),
      }),
    ).toBe(tabs(dependencies(own)));
    const mine = tabs(dependencies(dependency('a', version('2')), own, dependency('b')));
    const { text } = mergedFile(PATH, { base, mine, theirs: pom() });
    expect(resolved(text, 'mine')).toBe(tabs(dependencies(dependency('a', version('2')), own)));
    expect(resolved(text, 'base')).toBe(tabs(dependencies(dependency('a', version('1')), own)));
    expect(resolved(text, 'theirs')).toBe(tabs(dependencies(own)));
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

  it('is merged by lines if it is not well-formed', () => {
    const base = pom('<name>a</name>', '<x>1</x>', '<y>1</y>', '<z>1</z>');
    const mine = base.replace('<z>1</z>', '<z>');
    expect(mergedFile(PATH, { base, mine, theirs: base.replace('<name>a', '<name>b') })).toEqual({
      text: mine.replace('<name>a', '<name>b'),
      conflicts: [],
    });
  });
});
