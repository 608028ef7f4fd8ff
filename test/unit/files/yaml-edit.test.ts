import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KnownError } from '../../../src/base/errors.ts';
import type { KeyEdit } from '../../../src/files/text-file.ts';
import { editYaml, parseYamlMap } from '../../../src/files/yaml-edit.ts';

const PEM = '-----BEGIN X-----\nAAAA\nBBBB\n-----END X-----\n';
const set = (path: string, value: string): KeyEdit => ({ path: path.split('/'), value });
const gone = (path: string): KeyEdit => ({ path: path.split('/'), value: undefined });
const edit = (text: string, ...edits: readonly KeyEdit[]): string =>
  editYaml(text, edits, 'a.yaml', text.includes('\r\n') ? '\r\n' : '\n');

describe('editYaml', () => {
  it.each([
    ['a value', 'a:\n  b: old # c\nz: 1\n', [set('a/b', 'new')], 'a:\n  b: new # c\nz: 1\n'],
    [
      'lines for a value',
      'a:\n  b: "old" # c\nz: 1\n',
      [set('a/b', PEM)],
      'a:\n  b: | # c\n    -----BEGIN X-----\n    AAAA\n    BBBB\n    -----END X-----\nz: 1\n',
    ],
    [
      'a value for lines',
      'a:\n  b: |- # c\n    x\n    y\n\n# t\nz: 1\n',
      [set('a/b', 'new')],
      'a:\n  b: new # c\n\n# t\nz: 1\n',
    ],
    [
      'lines for lines',
      'a:\n    b: >\n      x\n      y\n\n\n    c: 1\n',
      [set('a/b', 'p\nq\n')],
      'a:\n    b: |\n        p\n        q\n\n\n    c: 1\n',
    ],
    [
      'several lines instead of an empty value',
      'a:\n  b: # c\nz: 1\n',
      [set('a/b', 'p\nq\n')],
      'a:\n  b: | # c\n    p\n    q\nz: 1\n',
    ],
    [
      'several lines in a file without a final line end',
      'a:\n  b: x',
      [set('a/c', 'p\nq\n')],
      'a:\n  b: x\n  c: "p\\nq\\n"',
    ],
    ['line endings of Windows', 'a:\r\n  b: x\r\n', [set('a/b', 'p\nq\n')], 'a:\r\n  b: |\r\n    p\r\n    q\r\n'],
    ['a new section', 'z: 1\n# t\n', [set('a/b', 'p')], 'z: 1\na:\n  b: p\n# t\n'],
    ['a file with only a comment', '# t\n', [set('a/b', 'p')], '# t\na:\n  b: p\n'],
    ['an empty section', 'a: # s\nz: 1\n', [set('a/b', 'p')], 'a: # s\n  b: p\nz: 1\n'],
    [
      'a key that goes',
      '# k\na:\n  # n\n  b: |\n    x\n\n  c: 1 # c\n',
      [gone('a/b')],
      '# k\na:\n  # n\n\n  c: 1 # c\n',
    ],
    ['the last key removed', 'a:\n  c: 1\n  b: x # b\n# t\n', [gone('a/b')], 'a:\n  c: 1\n# t\n'],
    ['a missing key removed', 'a:\n  c: 1', [gone('a/b'), gone('b/c')], 'a:\n  c: 1'],
    [
      'a flow map',
      'a: {b: 1,  c: "x"} # k\n',
      [set('a/c', 'y'), set('a/d', 'z'), set('e', '1')],
      'a: {b: 1,  c: "y", "d": "z"} # k\ne: "1"\n',
    ],
    ['an empty flow map', 'a: {} # k\n', [set('a/b/c', 'x')], 'a: { "b": { "c": "x" } } # k\n'],
    [
      'JSON',
      '{\n\t"a": {\n\t\t"b": 1\n\t}\n}\n',
      [set('a/c', 'x\n'), set('d', 'y')],
      '{\n\t"a": {\n\t\t"b": 1,\n\t\t"c": "x\\n"\n\t},\n\t"d": "y"\n}\n',
    ],
    ['keys of a flow map removed', '{"a": 1, "b": 2, "c": 3}', [gone('b'), gone('a')], '{"c": 3}'],
    ['a key with the same value', "a:   'p'   # k\n", [set('a', 'p')], "a:   'p'   # k\n"],
    [
      'what would be read as something else',
      'a: 1\n',
      [set('b', 'true'), set('c', '1: 2')],
      'a: 1\nb: "true"\nc: "1: 2"\n',
    ],
  ] as const)('%s', (_name, before, edits, after) => {
    expect(edit(before, ...edits)).toBe(after);
    expect(edit(after, ...edits)).toBe(after);
  });

  it.each([
    ['a tag', 'a: !!binary eA==\n'],
    ['an anchor that another key uses', 'a: &x old\nb: *x\n'],
    ['a map', 'a:\n  b: 1\n'],
    ['a list', 'a: [1]\n'],
    ['a list item with the key', '- a: 1\n'],
    ['a duplicate key', 'a: 1\na: 2\n'],
    ['invalid YAML', 'a: "canary\n'],
    ['several documents', 'a: 1\n---\nb: 2\n'],
  ])('rejects %s without quoting the file', (_name, before) => {
    const before2 = `${before}# canary\n`;
    expect(() => edit(before2, set('a', 'x'))).toThrow(KnownError);
    expect(() => edit(before2, set('a', 'x'))).not.toThrow(/canary/);
    expect(() => edit(before2, set('a', 'x'))).toThrow('a.yaml');
  });

  it('keeps every byte except for the edited keys', () => {
    const value = fc.constantFrom(
      '1',
      '"q: x"  # c',
      "'it''s'",
      '|\n    x\n\n    y',
      '>-\n    x',
      '{k:  v}',
      '[1,  2]',
      '',
      '# c',
      'two\n    lines',
    );
    const key = fc.constantFrom('b', 'c', 'own', 'other', '"q"');
    const line = fc.oneof(
      {
        weight: 4,
        arbitrary: fc
          .tuple(key, value)
          .map(([name, text]) => ({ name, text: `  ${name}: ${name === 'own' && /^[[{]/.test(text) ? 'x' : text}\n` })),
      },
      { weight: 1, arbitrary: fc.constantFrom('\n', '# far\n', '  # near\n').map((text) => ({ name: '', text })) },
    );
    const file = fc.tuple(
      fc.array(line, { maxLength: 6 }),
      fc.constantFrom('\n', '\r\n'),
      fc.constantFrom(PEM, 'plain'),
      fc.boolean(),
    );
    fc.assert(
      fc.property(file, ([lines, lineEnd, written, ended]) => {
        const names = new Set<string>();
        const kept = lines.filter(({ name }) => name === '' || (!names.has(name) && names.add(name)));
        const head = '# start\nz: 1\na:\n';
        const tail = '# end\ny:  2\n';
        const body = kept.map(({ text }) => text);
        const whole = (part: readonly string[]): string => (head + part.join('') + tail).replaceAll('\n', lineEnd);
        const before = ended ? whole(body) : whole(body).trimEnd();
        const after = edit(before, set('a/own', written), gone('a/other'));
        expect(parseYamlMap(after, 'x')).toEqual({
          ...(parse(before) as object),
          a: { ...without((parse(before) as { a: object | null }).a ?? {}), own: written },
        });
        // Taken out of both, the keys leave the same text.
        const rest = (text: string): string =>
          text
            .replaceAll('\r', '')
            .split('\n')
            .filter((_line, at, all) => !ours(all, at))
            .join('\n')
            .trimEnd();
        expect(rest(after), before).toBe(rest(before));
        expect(edit(after, set('a/own', written), gone('a/other'))).toBe(after);
        if (lineEnd === '\r\n') expect(after).not.toMatch(/[^\r]\n/);
      }),
      { numRuns: 250 },
    );
  });
});

function without(map: object): object {
  return Object.fromEntries(Object.entries(map).filter(([key]) => key !== 'other' && key !== 'own'));
}

/** Whether a line is one of `own` or `other`, or continues one. */
function ours(lines: readonly string[], at: number): boolean {
  for (let line = at; line >= 0; line--) {
    const text = lines[line] ?? '';
    if (/^ {2}(?:own|other):/.test(text)) return true;
    // What is indented deeper belongs to the line above it, blank lines within as well.
    const continues =
      /^ {4}/.test(text) ||
      (text === '' &&
        lines
          .slice(line)
          .find((later) => later !== '')
          ?.startsWith('    ') === true);
    if (!continues) return false;
  }
  return false;
}
