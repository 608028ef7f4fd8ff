import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { cleanlyMerged, mergedFile } from './merged.ts';

const PATH = 'pyproject.toml';
const GENERATED = readFileSync('test/golden/python/pyproject.toml', 'utf8');
const text = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
const project = (...dependencies: readonly string[]): string =>
  text('[project]', 'name = "a"', 'dependencies = [', ...dependencies.map((one) => `    ${one}`), ']');

describe('pyproject.toml', () => {
  it.each([
    ['an unchanged version follows the template', 'x==1.0', 'x==1.0', 'x==1.1', 'x==1.1'],
    ['a raised version stays', 'x==1.0', 'x==1.10', 'x==1.9', 'x==1.10'],
    ['a raised range stays', 'x==1.0', 'X >= 1.2, < 2', 'x==1.1', 'X >= 1.2, < 2'],
    ['a release stays above its candidate', 'x==1.0a1', 'x==1.0', 'x==1.0rc1', 'x==1.0'],
    ['a lowered version stays if the template did not change it', 'x==1.0', 'x==0.9', 'x==1.0', 'x==0.9'],
    ['a removed dependency stays removed', 'x==1.0', undefined, 'x==1.1', undefined],
    ['a dependency that the template removed goes', 'x==1.0', 'x==1.0', undefined, undefined],
    ['a dependency that both added is there once', undefined, 'x==1.0', 'x==1.0', 'x==1.0'],
    ['an added dependency stays', undefined, 'x==1.0', undefined, 'x==1.0'],
    [
      'extras and markers stay',
      'x==1.0',
      'x[http2]==1.0; python_version < "4"',
      'x==1.0',
      'x[http2]==1.0; python_version < "4"',
    ],
  ])('%s', (_, base, mine, theirs, expected) => {
    const all = (one: string | undefined): string =>
      project(...(one === undefined ? [] : [`${quote(one)},`]), '"other",');
    const quote = (one: string): string => (one.includes('"') ? `'${one}'` : `"${one}"`);
    const groups = (one: string | undefined): string =>
      all(one).replace('[project]\nname = "a"\ndependencies', '[dependency-groups]\ndev');
    for (const form of [all, groups])
      expect(cleanlyMerged(PATH, { base: form(base), mine: form(mine), theirs: form(theirs) })).toBe(form(expected));
  });

  it('reports a version that is lowered, and raised by the template', () => {
    const all = (one: string): string => project('"a",', `"x==${one}", # why`, '"z"');
    const { text: merged, conflicts } = mergedFile(PATH, { base: all('2'), mine: all('1'), theirs: all('3') });
    const line = (one: string): string => `    "x==${one}", # why`;
    expect(conflicts).toEqual([{ line: 5, base: [line('2')], mine: [line('1')], theirs: [line('3')] }]);
    expect(merged).toBe(
      all('1').replace(
        line('1'),
        `<<<<<<< yours\n${line('1')}\n||||||| template 0.1.0\n${line('2')}\n=======\n${line('3')}\n>>>>>>> template 0.2.0`,
      ),
    );
  });

  it('merges the generated file: names in any spelling, comments of both sides, tables and arrays', () => {
    const mine = GENERATED.replace('"PyYAML==6.0.4"', '"pyyaml>=6.1"')
      .replace('    "httpx==0.28.1",\n', '    # mine\n    "requests>=2", # for reports\n    "httpx==0.28.1",\n')
      .replace('strict = true', 'strict = false # for now')
      .replace('line-length = 120', 'line-length = 100')
      .replace('    "B",\n', '')
      .replace(/$/, '\n[tool.uv.sources]\nrequests = { git = "https://example.com/requests", tag = "v2" }\n');
    const change = (old: string): string =>
      old
        .replace('"httpx==0.28.1"', '"httpx==0.29.0"')
        .replace('# Validates the data of system tasks.', '# Validates data.')
        .replace('    "UP",\n', '    "UP",\n    # Comprehensions.\n    "C4", # short\n')
        .replace('files = ["src", "tests", "scripts"]', 'files = ["src", "tests"]\npretty = true')
        .replace('requires-python = ">=3.11"', 'requires-python = ">=3.12"')
        .replace('[build-system]', '[tool.added]\n# Why.\nkey = "x"\n\n[build-system]');
    const theirs = change(GENERATED).replace('"PyYAML==6.0.4"', '"PyYAML==6.0.5"');
    expect(cleanlyMerged(PATH, { base: GENERATED, mine, theirs })).toBe(change(mine));
  });

  it('tells tables of an array apart by their names', () => {
    const all = (...modules: readonly (readonly [string, string])[]): string =>
      text(
        ...modules.flatMap(([module, value]) => [
          '[[tool.mypy.overrides]]',
          `module = "${module}"`,
          `strict = ${value}`,
          '',
        ]),
      );
    expect(
      cleanlyMerged(PATH, {
        base: all(['a', 'true'], ['b', 'true']),
        mine: all(['a', 'true'], ['mine', 'true'], ['b', 'false']),
        theirs: all(['a', 'false'], ['new', 'true'], ['b', 'true']),
      }),
    ).toBe(all(['a', 'false'], ['new', 'true'], ['mine', 'true'], ['b', 'false']));
  });

  it('adds a first table and a first key before those of the file', () => {
    expect(
      cleanlyMerged(PATH, {
        base: text('# top', '[a]', 'x = 1'),
        mine: text('# top', '[a]', 'x = 2'),
        theirs: text('first = 1', '', '[new]', 'y = 1', '', '# top', '[a]', 'x = 1'),
      }),
    ).toBe(text('first = 1', '', '[new]', 'y = 1', '', '# top', '[a]', 'x = 2'));
  });

  it('keeps CRLF, and comments at the end of the file and of arrays', () => {
    const all = (x: string, y: string, end: string): string =>
      text('[a]', `x = ${x}`, 'l = [', '    1,', `    # ${end}`, ']', `y = ${y}`, `# ${end}`);
    const mine = all('2', '1', 'mine').replaceAll('\n', '\r\n');
    expect(cleanlyMerged(PATH, { base: all('1', '1', 'e'), mine, theirs: all('1', '2', 'e') })).toBe(
      all('2', '2', 'mine').replaceAll('\n', '\r\n'),
    );
  });

  it.each([
    ['a key is there twice', text('[a]', 'x = 1', 'y = 1', 'z = 1', 'z = 2')],
    ['it is not valid', text('[a]', 'x = 1', 'y = 1', 'z =')],
  ])('merges other lines if %s', (_, mine) => {
    const base = text('[a]', 'x = 1', 'y = 1', 'z = 1');
    expect(mergedFile(PATH, { base, mine, theirs: base.replace('x = 1', 'x = 2') })).toEqual({
      text: mine.replace('x = 1', 'x = 2'),
      conflicts: [],
    });
  });

  it('keeps a table and an added dotted table', () => {
    const base = text('[tool.a]', 'x = 1', 'y = 1');
    const texts = {
      base,
      mine: text('[tool]', 'b = { c = 1 }', '', ...base.trimEnd().split('\n')),
      theirs: text(...base.trimEnd().split('\n'), '', '[tool.b]', 'd = 1'),
    };
    expect(mergedFile(PATH, texts)).toEqual({ text: `${texts.mine}\n[tool.b]\nd = 1\n`, conflicts: [] });
  });
});
