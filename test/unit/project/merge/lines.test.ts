import { describe, expect, it } from 'vitest';
import { mergeFile } from '../../../../src/project/merge/merge-file.ts';
import { findConflicts, isConflict, type MergeOptions } from '../../../../src/project/merge/lines.ts';

const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

type Merged = { readonly kind: 'clean'; readonly text: string } | { readonly kind: 'conflict' };

function mergeText(base: string, mine: string, theirs: string, options: MergeOptions = {}): Merged {
  const { text, conflicts } = mergeFile({ path: 'src/a.ts', base, mine, theirs, style: 'ours', ...options });
  return conflicts.length === 0 ? { kind: 'clean', text } : { kind: 'conflict' };
}

describe('a merge by lines', () => {
  const base = lines('a', 'b', 'c', 'd', 'e');
  const next = lines('a', 'b', 'c', 'new', 'd', 'e');

  it('applies the change to an unedited file, and keeps edits in other places byte for byte', () => {
    expect(mergeText(base, base, next)).toEqual({ kind: 'clean', text: next });
    expect(mergeText(base, lines('mine', 'a', 'b', 'c', 'd', 'e\t '), next)).toEqual({
      kind: 'clean',
      text: lines('mine', 'a', 'b', 'c', 'new', 'd', 'e\t '),
    });
  });

  it('keeps the line endings of the file', () => {
    const crlf = (text: string): string => text.replaceAll('\n', '\r\n');
    expect(mergeText(base, crlf(base), next)).toEqual({ kind: 'clean', text: crlf(next) });
    expect(mergeText(base, crlf(`mine\n${base}`), next)).toEqual({ kind: 'clean', text: crlf(`mine\n${next}`) });
  });

  it('conflicts where both sides made different changes', () => {
    expect(mergeText(base, lines('a', 'b', 'c', 'mine', 'd', 'e'), next)).toEqual({ kind: 'conflict' });
    expect(mergeText(base, lines('a', 'b', 'C', 'D', 'e'), next)).toEqual({ kind: 'conflict' });
    expect(mergeText(base, `x\n${next}`, next)).toEqual({ kind: 'clean', text: `x\n${next}` });
  });

  it('treats adjacent lines as a different place', () => {
    const changed = lines('a', 'b', 'C', 'd', 'e');
    const clean = (mine: string, text: string): void => {
      expect(mergeText(base, mine, changed)).toEqual({ kind: 'clean', text });
      expect(mergeText(base, changed, mine)).toEqual({ kind: 'clean', text });
    };
    clean(lines('a', 'b', 'mine', 'c', 'd', 'e'), lines('a', 'b', 'mine', 'C', 'd', 'e'));
    clean(lines('a', 'b', 'c', 'mine', 'd', 'e'), lines('a', 'b', 'C', 'mine', 'd', 'e'));
    // It is ambiguous where a repeated line was added.
    expect(mergeText(base, lines('a', 'b', 'c', 'c', 'd', 'e'), changed)).toEqual({ kind: 'conflict' });
    expect(mergeText(base, lines('a', 'b', 'd', 'e'), changed)).toEqual({ kind: 'conflict' });
  });

  it('adds lines once if one side added them and the other added them and more', () => {
    const imports = lines('import a', '', 'start');
    const mine = lines('import a', 'import b', '', 'start');
    for (const more of [
      lines('import a', 'import b', 'import c', '', 'start'),
      lines('import a', 'c', 'import b', '', 'start'),
    ])
      for (const [one, other] of [
        [mine, more],
        [more, mine],
      ] as const)
        expect(mergeText(imports, one, other, { isOrderFree: true })).toEqual({ kind: 'clean', text: more });
  });

  it('keeps both additions in the same place only if order does not matter', () => {
    const functions = lines('import x', '', 'function one() {', '}');
    const mine = `${functions}${lines('', 'function mine() {', '}')}`;
    const more = `${functions}${lines('', 'function two() {', '}')}`;
    expect(mergeText(functions, mine, more)).toEqual({ kind: 'conflict' });
    expect(mergeText(functions, mine, more, { isOrderFree: true })).toEqual({
      kind: 'clean',
      text: `${mine}${lines('', 'function two() {', '}')}`,
    });
    expect(
      mergeText(functions, mine.replace('import x', 'import y'), more.replace('import x', 'import z'), {
        isOrderFree: true,
      }),
    ).toEqual({
      kind: 'conflict',
    });
  });

  describe('with lines that export a whole module', () => {
    const before = lines("import x from 'x';", '', 'x();');
    const line = "export * from './processes/leave/workflows.ts';";
    const after = lines("import x from 'x';", '', line, '', 'x();');

    it('adds them at the end if their place was edited', () => {
      const mine = lines("import x from 'y';", 'x(1);');
      expect(mergeText(before, mine, after)).toEqual({ kind: 'clean', text: `${mine}\n${line}\n` });
    });

    it('does not add an existing line again', () => {
      const mine = lines("import x from 'y';", line, 'x(1);');
      expect(mergeText(before, mine, after)).toEqual({ kind: 'clean', text: mine });
    });

    it('conflicts as usual if anything else changes with them', () => {
      expect(mergeText(before, lines("import x from 'y';", 'x(1);'), after.replace('x();', 'x(2);'))).toEqual({
        kind: 'conflict',
      });
    });
  });
});

describe('findConflicts', () => {
  it('has all lines of the three, although repeated lines match in another place', () => {
    const rest = ['<a>', 'kept', '</a>'];
    const texts = {
      base: lines('start', '  <a>', '  old', '  </a>', ...rest),
      mine: lines('start', '<a>', 'new', '</a>', ...rest),
      theirs: lines('start', ...rest),
    };
    const regions = findConflicts(texts.base, texts.mine, texts.theirs);
    expect(regions.filter(isConflict)).toHaveLength(1);
    for (const side of ['base', 'mine', 'theirs'] as const)
      expect(regions.flatMap((region) => (isConflict(region) ? region[side] : region)).join('\n')).toBe(texts[side]);
  });
});
