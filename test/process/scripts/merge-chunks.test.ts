import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bundle } from '../../../scripts/bundle.mjs';
import { entryAsCommonJs, mergeChunks } from '../../../scripts/merge-chunks.mjs';
import { temporaryFolders } from '../../support/temporary-folder.ts';

const temporaryFolder = temporaryFolders();

const SOURCES: Readonly<Record<string, string>> = {
  'one.ts': "import { run } from './root.ts'; void run('one');",
  'two.ts': "import { run } from './root.ts'; void run('two');",
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

async function bundled() {
  const root = temporaryFolder();
  for (const [path, text] of Object.entries(SOURCES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  const outdir = join(root, 'dist');
  mkdirSync(outdir);
  return { outdir, ...(await bundle({ root, outdir, entries: { one: 'one.ts', two: 'two.ts' } })) };
}

const started = (file: string): string => execFileSync(process.execPath, [file], { encoding: 'utf8' });
const namesOf = (files: readonly { readonly path: string }[]): readonly string[] =>
  files.map((file) => basename(file.path).replace(/-[A-Z0-9]+/, '')).sort();

describe('merged files', () => {
  it('contain all chunks that are loaded together, and share each module with other chunks', async () => {
    const { outdir, metafile, outputs } = await bundled();
    const merged = await mergeChunks(outputs, metafile, [
      { file: 'start.js', entries: ['one.ts', 'two.ts'] },
      { file: 'more.js', entries: ['lazy.ts'] },
    ]);
    for (const file of merged) writeFileSync(file.path, file.text);
    // Both entries, the two merged files, and the chunk that is in neither. `deep.ts` no longer has its own chunk.
    expect(namesOf(merged)).toEqual(['chunk.js', 'more.js', 'one.js', 'start.js', 'two.js']);
    for (const name of ['one', 'two']) expect(started(join(outdir, `${name}.js`))).toBe(`true Error: late,${name} 1\n`);
  });

  it('start without the ES module loader, and share their modules with files that are loaded later', async () => {
    const { outdir, metafile, outputs } = await bundled();
    const merged = await mergeChunks(outputs, metafile, [
      { file: 'start.js', entries: ['one.ts', 'two.ts', 'other.ts'], commonJs: true },
    ]);
    const files = await Promise.all(
      merged.map(async (file) =>
        /^(one|two)\.js$/.test(basename(file.path)) ? entryAsCommonJs(file, 'start.js') : file,
      ),
    );
    for (const file of files) writeFileSync(file.path, file.text);
    expect(namesOf(files)).toEqual(['chunk.js', 'one.cjs', 'start.cjs', 'start.js', 'two.cjs']);
    // A CommonJS file does not need replacements for the CommonJS names, unlike an ES module.
    expect(files.find(({ path }) => basename(path) === 'start.cjs')?.text).not.toContain('createRequire');
    for (const name of ['one', 'two'])
      expect(started(join(outdir, `${name}.cjs`))).toBe(`true Error: late,${name} 1\n`);
  });

  it('are not created if an ES module would see an export before it is initialized', async () => {
    const { metafile, outputs } = await bundled();
    const late = structuredClone(metafile);
    for (const output of Object.values(late.outputs))
      if (output.entryPoint === undefined) output.exports.push('init_x');
    await expect(
      mergeChunks(outputs, late, [{ file: 'start.js', entries: ['one.ts'], commonJs: true }]),
    ).rejects.toThrow('init_x');
  });
});
