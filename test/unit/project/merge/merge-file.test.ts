import { describe, expect, it } from 'vitest';
import { mergeFile, type FileMerge, type MergeRequest } from '../../../../src/project/merge/merge-file.ts';

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

const labels = { mine: 'yours', base: 'template 0.1.0', theirs: 'template 0.2.0' };

function merge(base: string, mine: string, theirs: string, style: MergeRequest['style'] = 'markers'): FileMerge {
  return mergeFile({ path: 'src/a.ts', base, mine, theirs, labels, style });
}

describe('mergeFile by lines', () => {
  const base = lines('a', 'b', 'c', 'd', 'e', 'f', 'g');
  const mine = lines('mine', 'a', 'B1', 'c', 'd', 'e', 'f');
  const theirs = lines('a', 'B2', 'b3', 'c', 'd', 'E', 'f', 'G');

  it('returns every conflict with its lines and place, and merges everything else', () => {
    const { text, conflicts } = merge(base, mine, theirs, 'ours');
    expect(conflicts).toEqual([
      { line: 3, base: ['b'], mine: ['B1'], theirs: ['B2', 'b3'] },
      { line: 8, base: ['g'], mine: [], theirs: ['G'] },
    ]);
    expect(text).toBe(lines('mine', 'a', 'B1', 'c', 'd', 'E', 'f'));
  });

  it("writes both sides with git's markers", () => {
    expect(merge(base, mine, theirs).text).toBe(
      lines(
        'mine',
        'a',
        '<<<<<<< yours',
        'B1',
        '||||||| template 0.1.0',
        'b',
        '=======',
        'B2',
        'b3',
        '>>>>>>> template 0.2.0',
        'c',
        'd',
        'E',
        'f',
        '<<<<<<< yours',
        '||||||| template 0.1.0',
        'g',
        '=======',
        'G',
        '>>>>>>> template 0.2.0',
      ),
    );
  });

  it.each([
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
    ['no line break at the end', (text: string) => text.replace(/\n$/, '')],
  ])('keeps %s of the file', (_, form) => {
    expect(merge(base, form(base.replace('b', 'mine')), base.replace('g', 'G'))).toEqual({
      text: form(base.replace('b', 'mine').replace('g', 'G')),
      conflicts: [],
    });
  });

  it.each([
    ['one CRLF', '\n'],
    ['one LF', '\r\n'],
  ])('keeps the ending of every line in a file with %s, and ends new lines as most of its lines', (_, most) => {
    const other = most === '\n' ? '\r\n' : '\n';
    const written = (text: string): string => text.replaceAll(/([^\n]*)\n/g, (_line, line: string) => line + most);
    const mixed = (text: string): string => written(text).replace(`d${most}`, `d${other}`);
    expect(merge(base, mixed(base.replace('b', 'mine')), base.replace('g', 'G\ng2'))).toEqual({
      text: mixed(base.replace('b', 'mine').replace('g', 'G\ng2')),
      conflicts: [],
    });
    const markers = ['<<<<<<< yours', 'mine', '||||||| template 0.1.0', 'd', '=======', 'D', '>>>>>>> template 0.2.0'];
    expect(merge(base, mixed(base).replace('d', 'mine'), base.replace('d', 'D')).text).toBe(
      written(base.replace('d\n', lines(...markers))).replace(`mine${most}`, `mine${other}`),
    );
  });

  it('keeps an ending that nothing else changed', () => {
    const mine = base.replace('d\n', 'd\r\n');
    expect(merge(base, mine, base)).toEqual({ text: mine, conflicts: [] });
  });
});
