import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundle } from '../../../scripts/bundle.mjs';
import { mergeChunks } from '../../../scripts/merge-chunks.mjs';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const SOURCES: Readonly<Record<string, string>> = {
  'one.ts': "import { run } from './root.ts'; await run('one');",
  'two.ts': "import { run } from './root.ts'; await run('two');",
  'root.ts': `import { Known } from './errors.ts'; import path from './common.cjs';
    export async function run(name: string) {
      try { (await import('./lazy.ts')).fail(await import('./other.ts').then((other) => other.named(name))); } catch (error) { console.log(error instanceof Known, String(error), path.sep.length); }
    }`,
  'lazy.ts': `import { Known } from './errors.ts'; import { deep } from './deep.ts'; import './late.ts';
    export function fail(name: string) { deep.push('fail'); throw new Known(name); }`,
  'other.ts':
    "import { deep } from './deep.ts'; export function named(name: string) { deep.push(name); return deep.join(); }",
  'late.ts': "import { deep } from './deep.ts'; deep.push('late');",
  'deep.ts': 'export const deep: string[] = [];',
  'errors.ts': 'export class Known extends Error {}',
  'common.cjs': "module.exports = { sep: require('node:path').sep };",
};

describe('files that hold what is loaded together', () => {
  it('have all its chunks, each module once for other chunks too', async () => {
    const root = temporaryFolder();
    for (const [path, text] of Object.entries(SOURCES)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    writeFileSync(join(root, 'package.json'), '{"type":"module"}');
    const outdir = join(root, 'dist');
    const { metafile, outputs } = await bundle({ root, outdir, entries: { one: 'one.ts', two: 'two.ts' } });
    const merged = await mergeChunks(outputs, metafile, [
      { file: 'start.js', entries: ['one.ts', 'two.ts'] },
      { file: 'more.js', entries: ['lazy.ts'] },
    ]);
    mkdirSync(outdir);
    for (const file of merged) writeFileSync(file.path, file.text);
    // Both entries, the two joint files, and the chunk that is in neither; `deep.ts` has no chunk left for it.
    expect(merged.map((file) => basename(file.path).replace(/-[A-Z0-9]+/, '')).sort()).toEqual([
      'chunk.js',
      'more.js',
      'one.js',
      'start.js',
      'two.js',
    ]);
    for (const name of ['one', 'two']) {
      expect(execFileSync(process.execPath, [join(outdir, `${name}.js`)], { encoding: 'utf8' })).toBe(
        `true Error: late,${name} 1\n`,
      );
    }
  });
});
