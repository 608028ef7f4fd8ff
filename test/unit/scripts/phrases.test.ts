import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { checkPhrases, findPhrases } from '../../../scripts/phrases.mjs';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function tree(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), 'phrases-'));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

describe('findPhrases', () => {
  it.each([
    ['the file is no valid project', 'is no'],
    ['write it anew', 'anew'],
    ['where the key stands', 'stands'],
    ['a name that is none', 'is none'],
    ['a token that is over', 'is over'],
    ['the user is told', 'is told'],
    ['use it in place of the other', 'in place of'],
    ['a folder of its own', 'of its own'],
  ])('finds a phrase in "%s"', (text, phrase) => {
    expect(findPhrases(`first line\n${text}`)).toEqual([expect.objectContaining({ line: 2, phrase })]);
  });

  it.each([
    'there is no such file',
    'the process is no longer running',
    'a standalone binary',
    'if value is None:',
    'the certificate has expired',
  ])('accepts "%s"', (text) => {
    expect(findPhrases(text)).toEqual([]);
  });
});

describe('checkPhrases', () => {
  it('names file, line and phrase, and accepts what the allow-list contains for that file', () => {
    const root = tree({ 'a.md': 'ok\nwrite it anew', 'b.md': 'write it anew' });
    expect(checkPhrases(root, ['a.md', 'b.md'], { 'b.md': { anew: 'a quotation' } })).toEqual([
      expect.stringMatching(/^a\.md:2: "anew" reads as if translated/),
    ]);
  });

  it('rejects an entry of the allow-list that is no longer needed', () => {
    const root = tree({ 'a.md': 'ok' });
    expect(checkPhrases(root, ['a.md'], { 'a.md': { anew: 'a quotation' } })).toEqual([
      'scripts/phrases.json: a.md no longer contains "anew"',
    ]);
  });
});
