import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundle } from '../../../scripts/bundle.mjs';
import { mergeStart } from '../../../scripts/merge-start.mjs';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const SOURCES: Readonly<Record<string, string>> = {
  'one.ts': "import { run } from './root.ts'; await run('one');",
  'two.ts': "import { run } from './root.ts'; await run('two');",
  'root.ts': `import { Known } from './errors.ts'; import path from './common.cjs';
    export async function run(name: string) {
      try { (await import('./lazy.ts')).fail(name); } catch (error) { console.log(error instanceof Known, name, path.sep.length); }
    }`,
  'lazy.ts': "import { Known } from './errors.ts'; export function fail(name: string) { throw new Known(name); }",
  'errors.ts': 'export class Known extends Error {}',
  'common.cjs': "module.exports = { sep: require('node:path').sep };",
};

describe('the file that a start loads', () => {
  it('holds all chunks of the start, each module once for lazy chunks too', async () => {
    const root = temporaryFolder();
    for (const [path, text] of Object.entries(SOURCES)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    writeFileSync(join(root, 'package.json'), '{"type":"module"}');
    const outdir = join(root, 'dist');
    const { metafile, outputs } = await bundle({ root, outdir, entries: { one: 'one.ts', two: 'two.ts' } });
    const merged = await mergeStart(outputs, metafile, ['one', 'two']);
    mkdirSync(outdir);
    for (const file of merged) writeFileSync(file.path, file.text);
    // Both entries, the start, and the lazy chunk.
    expect(merged.map((file) => basename(file.path).replace(/-[A-Z0-9]+/, '')).sort()).toEqual([
      'chunk.js',
      'one.js',
      'start.js',
      'two.js',
    ]);
    for (const name of ['one', 'two']) {
      expect(execFileSync(process.execPath, [join(outdir, `${name}.js`)], { encoding: 'utf8' })).toBe(
        `true ${name} 1\n`,
      );
    }
  });
});
