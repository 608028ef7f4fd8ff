import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from '../../../scripts/bundle.mjs';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

/** Shorter modules are not stored. */
const PADDING = `\n// ${'-'.repeat(3000)}\n`;
const MODULES = {
  // What a module can see.
  'program.js': `const { basename } = require('node:path');
    const other = require('./other.js');
    console.log(JSON.stringify({
      names: [__dirname, __filename].map((path) => basename(path)),
      isMain: require.main === module,
      resolved: basename(require.resolve('./other.js')),
      parent: basename(other.parent),
      isCached: require.cache[require.resolve('./other.js')].exports === other,
      isExports: this === exports,
      frame: /program.js:\\d+:\\d+/.exec(new Error('here').stack)[0],
    }));`,
  'other.js': 'exports.parent = module.parent.filename;',
  'imports.js': "import('node:path').then(({ basename }) => console.log(basename('a/imported')));",
};

it('programs of packages do the same with stored code', () => {
  const root = temporaryFolder();
  cpSync(join(ROOT, 'scripts', 'code-cache.cjs'), join(root, 'scripts', 'code-cache.cjs'));
  const folder = join(root, 'node_modules', 'a');
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(MODULES)) writeFileSync(join(folder, name), text + PADDING);
  const run = (file: string, ...options: readonly string[]): string =>
    execFileSync(process.execPath, [...options, join(folder, file)], {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '' },
    });
  const storing = ['--require', join(root, 'scripts', 'code-cache.cjs')];
  for (const file of ['program.js', 'imports.js']) {
    const usual = run(file);
    expect(run(file, ...storing)).toBe(usual);
    expect(run(file, ...storing)).toBe(usual);
  }
  const code = join(root, '.test-output', 'code');
  const stored = readdirSync(code).flatMap((version) => readdirSync(join(code, version)));
  expect(stored).toHaveLength(2);
});
