import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundledPackages, isAllowed, notices } from '../../../scripts/licences.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'licences-'));
});

afterEach(() => rmSync(root, { recursive: true }));

function install(name: string, licence: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, 'node_modules', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name, version: '1.2.3', license: licence }));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return `node_modules/${name}/index.js`;
}

const metafileOf = (...inputs: string[]): object => ({
  outputs: { 'dist/a.js': { inputs: Object.fromEntries([...inputs, 'src/a.ts'].map((input) => [input, {}])) } },
});

describe('licenses', () => {
  it('writes the full license text of every bundled package to the notices', () => {
    const metafile = metafileOf(
      install('b', 'MIT', { LICENSE: 'text of b' }),
      install('@s/a', 'Apache-2.0', { 'LICENSE.md': 'text of a', NOTICE: 'notice of a' }),
    );
    const packages = bundledPackages(root, metafile);
    expect(packages.map((found) => found.name)).toEqual(['@s/a', 'b']);
    const text = notices(root, packages);
    for (const part of ['@s/a 1.2.3 (Apache-2.0)', 'text of a', 'notice of a', 'b 1.2.3 (MIT)', 'text of b'])
      expect(text).toContain(part);
  });

  it('rejects unlisted licenses and missing texts in one error', () => {
    const packages = bundledPackages(
      root,
      metafileOf(install('x', 'GPL-3.0-only', { LICENSE: 'text' }), install('y', 'MIT', { NOTICE: 'no licence' })),
    );
    expect(() => notices(root, packages)).toThrow(
      /x@1\.2\.3: licence GPL-3\.0-only is not on the list\n.*y@1\.2\.3: no licence text/,
    );
  });

  it.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0)', true],
    ['MIT AND GPL-3.0', false],
    ['(BSD-2-Clause OR (MIT AND ISC))', true],
    ['SEE LICENSE IN x', false],
  ])('reads %s', (expression, allowed) => expect(isAllowed(expression)).toBe(allowed));
});
