import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanlyMerged, mergedFile, type MergeCase } from './merged.ts';

const PATH = 'package.json';
type Json = Readonly<Record<string, unknown>>;
const print = (data: Json, indent: string | number = 2): string => `${JSON.stringify(data, null, indent)}\n`;
const printAll = (base: Json, mine: Json, theirs: Json): MergeCase => ({
  base: print(base),
  mine: print(mine),
  theirs: print(theirs),
});
const withDependency = (version?: string, name = 'undici'): Json => ({
  name: 'worker',
  dependencies: { ...(version === undefined ? {} : { [name]: version }), yaml: '2.9.1' },
});

describe('package.json', () => {
  it.each([
    ['an unchanged version follows the template', '7.0.0', '7.0.0', '7.1.0', '7.1.0'],
    ['a raised version stays', '7.0.0', '8.0.0', '7.1.0', '8.0.0'],
    ['a raised range stays', '7.0.0', '^7.2.0', '7.1.0', '^7.2.0'],
    ['a range from the same version stays', '7.0.0', '^7.1.0', '7.1.0', '^7.1.0'],
    ['a lowered version stays if the template did not change it', '7.0.0', '6.0.0', '7.0.0', '6.0.0'],
    ['a removed dependency stays removed', '7.0.0', undefined, '7.1.0', undefined],
    ['a dependency that the template removed goes', '7.0.0', '7.0.0', undefined, undefined],
    ['a dependency that both removed is gone', '7.0.0', undefined, undefined, undefined],
    ['a dependency that both added is there once', undefined, '7.1.0', '7.1.0', '7.1.0'],
    ['a newer one stays if both added it', undefined, '7.2.0', '7.1.0', '7.2.0'],
    ['an added dependency stays', undefined, '7.2.0', undefined, '7.2.0'],
    ['a dependency is added', undefined, undefined, '7.1.0', '7.1.0'],
  ])('%s', (_, base, mine, theirs, expected) => {
    const texts = printAll(withDependency(base), withDependency(mine), withDependency(theirs));
    expect(cleanlyMerged(PATH, texts)).toBe(print(withDependency(expected)));
  });

  it.each([
    ['lowered, and raised by the template', '7.0.0', '6.0.0', '7.1.0'],
    ['not a version any more, and raised by the template', '7.0.0', 'file:../undici.tgz', '7.1.0'],
    ['removed by the template, and raised', '7.0.0', '8.0.0', undefined],
    ['added by both, and newer in the template', undefined, '7.0.0', '7.1.0'],
  ])('reports a dependency that is %s', (_, base, mine, theirs) => {
    const texts = printAll(withDependency(base), withDependency(mine), withDependency(theirs));
    const line = (version: string | undefined): readonly string[] =>
      version === undefined ? [] : [`    "undici": "${version}",`];
    const { text, conflicts } = mergedFile(PATH, texts);
    expect(conflicts).toEqual([
      { key: 'dependencies.undici', line: 4, base: line(base), mine: line(mine), theirs: line(theirs) },
    ]);
    const markers = [
      '<<<<<<< yours',
      ...line(mine),
      '||||||| template 0.1.0',
      ...line(base),
      '=======',
      ...line(theirs),
      '>>>>>>> template 0.2.0',
    ];
    expect(text).toBe(print(withDependency(undefined)).replace('    "yaml"', `${markers.join('\n')}\n    "yaml"`));
    expect(mergedFile(PATH, texts, 'ours')).toEqual({ text: texts.mine, conflicts });
  });

  it.each([
    ['keeps a dependency in the list to which it was moved', '7.1.0', []],
    ['reports a moved dependency that is older than that of the template', '7.0.0', ['devDependencies.undici']],
  ])('%s', (_, moved, expected) => {
    const list = (version: string): Json => ({ dependencies: { yaml: '1' }, devDependencies: { undici: version } });
    const mine = { dependencies: { yaml: '1', undici: moved }, devDependencies: {} };
    const { text, conflicts } = mergedFile(PATH, printAll(list('7.0.0'), mine, list('7.1.0')), 'ours');
    expect(text).toBe(print(mine));
    expect(conflicts.map(({ key }) => key)).toEqual(expected);
  });

  it('merges a removed list of dependencies as an empty one', () => {
    const list = (devDependencies?: Json): Json => ({ name: 'a', ...(devDependencies && { devDependencies }) });
    const texts = printAll(list({ a: '1', b: '1' }), list(), list({ a: '2', added: '1', b: '1' }));
    expect(cleanlyMerged(PATH, texts)).toBe(print(list({ added: '1' })));
    const raised = printAll(list({ a: '1', b: '1' }), list(), list({ a: '2', b: '1' }));
    expect(cleanlyMerged(PATH, raised)).toBe(print(list()));
  });

  it('keeps order, indentation and unchanged lines, and puts an addition after the key that it follows in the template', () => {
    const base = print({ name: 'a', scripts: { build: 'tsc', test: 'vitest' }, files: ['dist'], engines: {} });
    const mine = [
      '{',
      '\t"engines": {},',
      '\t"name" : "mine",',
      '\t"files": ["dist","mine"],',
      '',
      '\t"scripts": {',
      '\t\t"test": "vitest", "mine": "x",',
      '\t\t"build": "tsc"',
      '\t}',
      '}',
      '',
    ].join('\n');
    const theirs = print({
      name: 'a',
      type: 'module',
      scripts: { first: '1', build: 'tsc -p .', lint: 'eslint', test: 'vitest', nested: { a: [1, { b: 2 }] } },
      files: ['dist', 'bin'],
      engines: { node: '>=20' },
    });
    expect(cleanlyMerged(PATH, { base, mine, theirs })).toBe(
      [
        '{',
        '\t"engines": {',
        '\t\t"node": ">=20"',
        '\t},',
        '\t"name": "mine",',
        '\t"type": "module",',
        '\t"files": ["dist", "bin","mine"],',
        '',
        '\t"scripts": {',
        '\t\t"first": "1",',
        '\t\t"test": "vitest",',
        '\t\t"nested": {',
        '\t\t\t"a": [',
        '\t\t\t\t1,',
        '\t\t\t\t{',
        '\t\t\t\t\t"b": 2',
        '\t\t\t\t}',
        '\t\t\t]',
        '\t\t},',
        '\t\t"mine": "x",',
        '\t\t"build": "tsc -p .",',
        '\t\t"lint": "eslint"',
        '\t}',
        '}',
        '',
      ].join('\n'),
    );
  });

  it('merges arrays as sets, and reports an entry that both replaced', () => {
    const texts = printAll(
      { files: ['bin', 'dist', 'old'], workspaces: ['a'] },
      { files: ['mine', 'dist', 'bin'], workspaces: ['b'] },
      { files: ['bin', 'dist', 'lib', 'old'], workspaces: ['c'] },
    );
    const { text, conflicts } = mergedFile(PATH, texts, 'ours');
    expect(text).toBe(print({ files: ['mine', 'dist', 'lib', 'bin'], workspaces: ['b'] }));
    expect(conflicts.map(({ key, line }) => ({ key, line }))).toEqual([{ key: 'workspaces', line: 7 }]);
  });

  it('removes the last key and an emptied object cleanly', () => {
    const texts = printAll(
      { name: 'a', scripts: { a: '1' }, last: 1 },
      { name: 'b', scripts: { a: '1' }, last: 1 },
      { name: 'a', scripts: {} },
    );
    expect(cleanlyMerged(PATH, texts)).toBe(print({ name: 'b', scripts: {} }));
  });

  it('merges objects on one line', () => {
    const texts = {
      base: '{"a": 1, "b": 2, "c": {"x": 1}}',
      mine: '{"b": 2, "a": 1, "m": 3, "c": {"x": 1}}',
      theirs: '{"first": 0, "a": 1, "c": {"w": 0, "x": 1, "y": 2}}',
    };
    expect(cleanlyMerged(PATH, texts)).toBe('{"first": 0, "a": 1, "m": 3, "c": {"w": 0, "x": 1, "y": 2}}');
  });

  it('writes the markers of a conflict on one line around it', () => {
    const texts = { base: '{"a": 1, "b": 2}', mine: '{"a": 3, "b": 2}', theirs: '{"a": 4, "b": 2}' };
    expect(mergedFile(PATH, texts).text).toBe(
      [
        '<<<<<<< yours',
        '{"a": 3, "b": 2}',
        '||||||| template 0.1.0',
        '{"a": 1, "b": 2}',
        '=======',
        '{"a": 4, "b": 2}',
        '>>>>>>> template 0.2.0',
      ].join('\n'),
    );
  });

  it('keeps CRLF, a byte order mark and a missing line break at the end', () => {
    const { base, mine, theirs } = printAll({ a: 1, b: 1 }, { a: 2, b: 1 }, { a: 1, b: 2 });
    const form = (text: string): string => `\uFEFF${text.trimEnd().replaceAll('\n', '\r\n')}`;
    expect(cleanlyMerged(PATH, { base, mine: form(mine), theirs })).toBe(form(print({ a: 2, b: 2 })));
  });

  it.each([
    ['a key is there twice', '{\n  "a": 1,\n  "x": 1,\n  "b": 1,\n  "b": 2\n}\n'],
    ['there are comments', '{\n  "a": 1,\n  "x": 1,\n  // mine\n  "b": 1\n}\n'],
    ['a bracket is missing', '{\n  "a": 1,\n  "x": 1,\n  "b": 1\n\n'],
  ])('is merged by lines if %s', (_, mine) => {
    const base = print({ a: 1, x: 1, b: 1 });
    const theirs = base.replace('"a": 1', '"a": 2');
    expect(mergedFile(PATH, { base, mine, theirs })).toEqual({ text: mine.replace('"a": 1', '"a": 2'), conflicts: [] });
    const conflict = mergedFile(PATH, { base, mine: mine.replace('"a": 1', '"a": 3'), theirs });
    expect(conflict.conflicts).toEqual([{ line: 2, base: ['  "a": 1,'], mine: ['  "a": 3,'], theirs: ['  "a": 2,'] }]);
  });

  it('without a base keeps the keys of both and reports those that differ', () => {
    const { mine, theirs } = printAll({}, { a: 1, same: 1, b: { x: 1 } }, { a: 2, same: 1, b: { y: 1 } });
    const { text, conflicts } = mergedFile(PATH, { base: '', mine, theirs }, 'ours');
    expect(JSON.parse(text)).toEqual({ a: 1, same: 1, b: { x: 1, y: 1 } });
    expect(conflicts.map(({ key }) => key)).toEqual(['a']);
  });
});

describe('random edits of package.json', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'constructor', 'x.y', 'ä "');
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.array(fc.string()));
  const object = fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value)), { minKeys: 1 });
  const indent = fc.constantFrom('  ', '    ', '\t', '');
  /** The keys of the first two levels, as paths. */
  const pathsOf = (data: Json): readonly (readonly string[])[] =>
    Object.entries(data).flatMap(([name, inner]) =>
      isObject(inner) ? Object.keys(inner).map((second) => [name, second]) : [[name]],
    );
  const isObject = (data: unknown): data is Json => typeof data === 'object' && data !== null && !Array.isArray(data);
  const edit = (data: Json, [first = '', second]: readonly string[], to: unknown): Json => {
    const inner = second === undefined ? to : edit(isObject(data[first]) ? data[first] : {}, [second], to);
    const changed = Object.entries({ ...data, [first]: inner }).filter(([, one]) => one !== undefined);
    return Object.fromEntries(changed);
  };
  const shuffled = (data: Json, seed: number): Json =>
    Object.fromEntries(
      Object.entries(data).sort(([one], [other]) => ((one.length * 7 + seed) % 5) - ((other.length * 7 + seed) % 5)),
    );

  it('of different keys never conflict, and all are there', () => {
    fc.assert(
      fc.property(object, fc.array(fc.nat(3)), indent, fc.nat(), (base, choices, space, seed) => {
        let [mine, theirs, expected]: readonly Json[] = [base, base, base];
        pathsOf(base).forEach((path, index) => {
          const choice = choices[index] ?? 0;
          const to = choice === 3 ? undefined : `changed ${index}`;
          if (choice === 0 || mine === undefined || theirs === undefined || expected === undefined) return;
          if (index % 2 === 0) mine = edit(mine, path, to);
          else theirs = edit(theirs, path, to);
          expected = edit(expected, path, to);
        });
        const added = {
          mine: edit(mine ?? {}, ['by', 'me'], 1),
          theirs: edit(theirs ?? {}, ['new', 'one'], { x: [1] }),
        };
        const { text, conflicts } = mergedFile(PATH, {
          base: print(base),
          mine: print(shuffled(added.mine, seed), space),
          theirs: print(added.theirs),
        });
        expect(conflicts).toEqual([]);
        expect(JSON.parse(text)).toEqual(edit(edit(expected ?? {}, ['by', 'me'], 1), ['new', 'one'], { x: [1] }));
        if (space !== '') expect(print(JSON.parse(text) as Json, space)).toBe(text);
      }),
      { numRuns: 25 },
    );
  });

  it('of the same key are always reported, with both sides in the text', () => {
    fc.assert(
      fc.property(object, fc.nat(), indent, fc.constantFrom('mine', undefined), (base, at, space, to) => {
        const paths = pathsOf(base);
        const path = paths[at % paths.length] ?? [];
        if (path.length === 0) return;
        const mine = print(edit(base, path, to), space);
        const texts = { base: print(base), mine, theirs: print(edit(base, path, 'theirs')) };
        const { text, conflicts } = mergedFile(PATH, texts);
        expect(conflicts.map((conflict) => conflict.key)).toEqual([path.join('.')]);
        expect(text).toContain('"theirs"');
        expect(text).toContain('\n||||||| template 0.1.0\n');
        if (to !== undefined) expect(text).toContain('"mine"');
        expect(mergedFile(PATH, texts, 'ours').text).toBe(mine);
      }),
      { numRuns: 15 },
    );
  });
});
