import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { importSource } from './import-source.mjs';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * Output name -> source of every entry of the package.
 * @type {Record<string, string>}
 */
export const ENTRIES = {
  'create-kuflow-worker': 'src/bin/create-kuflow-worker.ts',
  kuflow: 'src/bin/kuflow.ts',
  supervisor: 'src/platform/supervisor/main.ts',
  platform: 'src/platform/public.ts',
};

// CommonJS dependencies want these three, which ES modules lack. Bundled modules may declare `require` or `__dirname`
// of their own, so ours carry other names and the references are renamed to them.
export const BANNER = [
  "import{createRequire as __kuflowCreateRequire}from'node:module';",
  "import{fileURLToPath as __kuflowFileURLToPath}from'node:url';",
  "import{dirname as __kuflowDirnameOf}from'node:path';",
  'const __kuflowRequire=__kuflowCreateRequire(import.meta.url),__kuflowFilename=__kuflowFileURLToPath(import.meta.url),__kuflowDirname=__kuflowDirnameOf(__kuflowFilename);',
].join('');

// Commander loads node:child_process for commands that are programs of their own. We have none, and it costs every start 2 ms.
const commanderWithoutChildren = {
  name: 'commander-without-children',
  setup(builder) {
    builder.onLoad({ filter: /commander[\\/]lib[\\/]command\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const line = "const childProcess = require('node:child_process');";
      if (!text.includes(line))
        throw new Error('commander loads its children another way now: adapt scripts/bundle.mjs');
      return { contents: text.replace(line, 'const childProcess = undefined;') };
    });
  },
};

// In the package the validators are the code that Ajv makes of their schemas; only from its sources does the tool compile them itself.
const compiledValidators = (root) => ({
  name: 'compiled-validators',
  setup(builder) {
    builder.onLoad({ filter: /[\\/]process[\\/]definition[\\/]validators\.ts$/ }, async ({ path }) => {
      const { validatorsSource } = await importSource(root, 'src/process/definition/compile-validators.ts');
      return { contents: validatorsSource(), loader: 'js', resolveDir: dirname(path) };
    });
  },
});

/**
 * Bundles the entries in memory. Returns esbuild's metafile and the output files (`path` absolute, `text` final).
 * Entries whose source does not exist are left out and listed in `missing`.
 */
export async function bundle({ root = ROOT, outdir = join(ROOT, 'dist'), entries = ENTRIES } = {}) {
  const present = Object.entries(entries).filter(([, source]) => existsSync(join(root, source)));
  const missing = Object.keys(entries).filter((name) => !present.some(([other]) => other === name));
  const result = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(present.map(([name, source]) => [name, join(root, source)])),
    outdir,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    splitting: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'none',
    metafile: true,
    chunkNames: 'chunk-[hash]',
    // Optional accelerators of dependencies that are asked for in a try block and not installed here.
    external: ['bufferutil', 'utf-8-validate'],
    define: { __dirname: '__kuflowDirname', __filename: '__kuflowFilename' },
    banner: { js: BANNER },
    logLevel: 'warning',
    plugins: [commanderWithoutChildren, compiledValidators(root)],
  });
  const outputs = result.outputFiles.map((file) => ({
    path: file.path,
    text: withoutIdleBanner(renameRequire(file.text)),
  }));
  return { metafile: result.metafile, outputs, missing };
}

// Most chunks hold no CommonJS: they need none of the three names, and three modules less to link.
function withoutIdleBanner(text) {
  const code = text.replace(BANNER, '');
  return code.includes('__kuflow') ? text : code;
}

// esbuild's own shim is the only code left that reads the global `require`.
const REQUIRE_SHIM = /var __require=\/\* @__PURE__ \*\/\(|var __require=\(/;

function renameRequire(text) {
  const found = REQUIRE_SHIM.exec(text);
  if (found === null) return text;
  const end = text.indexOf('is not supported', found.index);
  if (end === -1) throw new Error("esbuild's require shim looks different: adapt scripts/bundle.mjs");
  const shim = text.slice(found.index, end).replaceAll(/(?<![\w$."'])require(?![\w$"'])/g, '__kuflowRequire');
  return text.slice(0, found.index) + shim + text.slice(end);
}
