import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { workflowTypes } from '../../../../src/languages/typescript/read-code.ts';
import { unifiedDiff } from '../../../../src/project/edit/unified-diff.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();
const lines = (...all: readonly string[]): string => all.map((line) => `${line}\n`).join('');

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

describe('the workflow types of a module', () => {
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
    expect([...workflowTypes(source)].sort()).toEqual(
      ['one', 'two', 'three', 'Four', 'Five', 'Six', 'seven', 'nine', 'Ten', 'a b', 'Twelve'].sort(),
    );
  });
});
