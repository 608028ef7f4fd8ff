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
});
