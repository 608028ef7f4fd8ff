import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { ROOT } from './bundle.mjs';

const SOURCE = join(ROOT, 'src', 'web');

/** Where the platform serves the assets. */
const BASE = '/console/assets/';

/**
 * The validator has its own formats. Not an alias, which would apply to the table of formats too: the validator reads
 * `ajv-formats/dist/formats.js`.
 */
const withoutAjvFormats = {
  name: 'without-ajv-formats',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]ajv-formats[\\/]dist[\\/]index\.js$/ }, () => ({ contents: 'export default () => {};' }));
  },
};

/**
 * How code of the console is bundled. JSON Forms is written for React and Ajv. Preact is a tenth of the size, and the page's
 * Content-Security-Policy does not allow Ajv, which makes functions from text.
 * @type {import('esbuild').BuildOptions}
 */
export const WEB_OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  format: 'esm',
  platform: 'browser',
  target: ['chrome120', 'firefox121', 'safari17.2'],
  splitting: true,
  minify: true,
  legalComments: 'none',
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  tsconfigRaw: {},
  define: { 'process.env.NODE_ENV': '"production"' },
  alias: {
    react: 'preact/compat',
    'react-dom': 'preact/compat',
    ajv: join(ROOT, 'src', 'schema', 'console-validator.ts'),
  },
  plugins: [withoutAjvFormats],
  logLevel: 'warning',
};

/**
 * Bundles the page in memory: `outputs` have absolute paths below `outdir`. The name of each asset contains a hash of its content.
 * @returns {Promise<{ metafile: import('esbuild').Metafile, outputs: { path: string, text: string }[], sizes: WebSizes }>}
 */
export async function bundleWeb({ outdir = join(ROOT, 'dist', 'web') } = {}) {
  const assets = join(outdir, 'assets');
  const { metafile, outputFiles } = await build({
    ...WEB_OPTIONS,
    entryPoints: { main: join(SOURCE, 'main.tsx') },
    outdir: assets,
    write: false,
    metafile: true,
  });
  const scripts = outputFiles.map(({ path, text }) => ({ path, text }));
  const styles = await build({ entryPoints: [join(SOURCE, 'style.css')], bundle: true, minify: true, write: false });
  const named = [
    { file: 'style.css', text: styles.outputFiles[0].text },
    { file: 'icon.svg', text: readFileSync(join(SOURCE, 'icon.svg'), 'utf8') },
  ].map(({ file, text }) => ({ file, path: join(assets, hashedName(file, text)), text }));

  const main = scripts.find(({ path }) => /^main-[A-Z0-9]+\.js$/.test(basename(path)));
  const html = [...named, { file: 'main.js', path: main.path }].reduce(
    (text, { file, path }) => text.replace(`%${file}%`, `${BASE}${basename(path)}`),
    readFileSync(join(SOURCE, 'index.html'), 'utf8'),
  );
  if (html.includes('%'))
    throw new Error('src/web/index.html names an asset that scripts/build-web.mjs does not build');

  const page = { path: join(outdir, 'index.html'), text: html };
  const outputs = [page, ...named.map(({ path, text }) => ({ path, text })), ...scripts];
  return { metafile, outputs, sizes: sizesOf(metafile, outputs, main.path) };
}

/**
 * @typedef {{ firstView: number, withForm: number }} WebSizes Compressed bytes. The first view is Home, and
 * `withForm` is what the form of a task loads.
 */
function sizesOf(metafile, outputs, main) {
  const bytes = new Map(outputs.map(({ path, text }) => [basename(path), gzipSync(text, { level: 9 }).length]));
  const outputOf = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const loaded = (name, seen = new Set()) => {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const { path, kind } of outputOf.get(name)?.imports ?? [])
      if (kind === 'import-statement') loaded(basename(path), seen);
    return seen;
  };
  const sum = (names) => [...names].reduce((total, name) => total + bytes.get(name), 0);
  const scripts = new Set(outputOf.keys());
  const first = new Set([...loaded(basename(main)), ...[...bytes.keys()].filter((name) => !scripts.has(name))]);
  const withForm = ['src/web/views/tasks.tsx', 'src/web/form/form.tsx'].flatMap((entry) => {
    const chunk = [...outputOf].find(([, { entryPoint }]) => entryPoint === entry)?.[0];
    if (chunk === undefined) throw new Error(`${entry} is not loaded by import()`);
    return [...loaded(chunk)];
  });
  return {
    firstView: sum(first),
    withForm: sum(new Set([...first, ...withForm])),
  };
}

function hashedName(file, text) {
  const extension = extname(file);
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8).toUpperCase();
  return `${basename(file, extension)}-${hash}${extension}`;
}
