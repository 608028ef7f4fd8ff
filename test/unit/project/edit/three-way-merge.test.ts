import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { mergeText } from '../../../../src/project/edit/three-way-merge.ts';
import { exportedNames } from '../../../../src/languages/typescript/exports.ts';
import { unifiedDiff } from '../../../../src/project/edit/unified-diff.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

describe('mergeText', () => {
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

describe('unifiedDiff', () => {
  const long = Array.from({ length: 40 }, (_, at) => `line ${at}`);
  const changed = (at: number, ...by: readonly string[]): string =>
    lines(...long.slice(0, at), ...by, ...long.slice(at + 1));
  it.each([
    ['one line', lines(...long), changed(20, 'other')],
    ['two places', lines(...long), changed(5, 'x', 'y').replace('line 30\n', '')],
    ['places close to each other', lines(...long), changed(5, 'x').replace('line 9\n', 'z\n')],
    ['the first and the last line', lines(...long), changed(0, 'x').replace('line 39\n', '')],
    ['an added end', lines('a'), lines('a', 'b')],
    ['a missing line break at the end', 'a\nb', 'a\nb\n'],
    ['a line break that goes', 'a\nb\n', 'a\nb'],
    ['all of it', lines('a'), lines('b')],
    ['a file from nothing', '', lines('a')],
  ])('of %s can be applied by git', (_, before, after) => {
    const folder = temporaryFolder();
    const path = join(folder, 'src/a b.txt');
    mkdirSync(dirname(path), { recursive: true });
    if (before !== '') writeFileSync(path, before);
    const diff = unifiedDiff('src/a b.txt', before === '' ? undefined : before, after);
    writeFileSync(join(folder, 'change.diff'), diff);
    execFileSync('git', ['apply', 'change.diff'], {
      cwd: folder,
      env: { ...process.env, GIT_DIR: join(folder, 'none') },
    });
    expect(readFileSync(path, 'utf8')).toBe(after);
  });

  it('is empty when nothing changes', () => {
    expect(unifiedDiff('a', 'x\n', 'x\n')).toBe('');
  });
});

describe('exportedNames', () => {
  it('finds the names that a module exports', () => {
    const source = `
// export function commented() {}
/* export function block() {} */
export async function one(input: X): Promise<void> {
  const inner = 1;
}
export function* two() {}
export const three = () => 1;
export interface Four {}
export type Five = string;
export abstract class Six {}
  export function indented() {}
export { seven, eight as nine, type Ten, eleven as 'a b' } from './x.ts';
export type { Twelve };
export * from './other.ts';
const text = 'export function quoted() {}';
`;
    expect([...exportedNames(source)].sort()).toEqual(
      ['one', 'two', 'three', 'Four', 'Five', 'Six', 'seven', 'nine', 'Ten', 'a b', 'Twelve'].sort(),
    );
  });
});
