import { isBuiltin } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { build, transform } from 'esbuild';
import { BANNER } from './bundle.mjs';

/**
 * Joins chunks that are loaded together, because each file adds about a millisecond to the start. A group contains everything that its
 * `entries` (sources) import statically, and the entries themselves if they are chunks, except what an earlier group contains. Every
 * importer is rewritten to the joined file, so each module still exists once. `outputs` are those of `bundle`.
 * A group with `commonJs` becomes a CommonJS file `….cjs` and an ES module with the given name that re-exports it.
 * @param {{ path: string, text: string }[]} outputs
 * @param {{ file: string, entries: string[], commonJs?: boolean }[]} groups
 * @returns {Promise<{ path: string, text: string }[]>}
 */
export async function mergeChunks(outputs, metafile, groups) {
  const outputOf = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const here = dirname(outputs[0].path);
  const target = new Map();
  let files = outputs;
  for (const { file, entries, commonJs } of groups) {
    const chunks = chunksOf(outputOf, entries).filter((name) => !target.has(name));
    if (chunks.length === 0) continue;
    refuseTwins(chunks, outputOf);
    for (const name of chunks) target.set(name, file);
    const textOf = new Map(files.map(({ path, text }) => [basename(path), text]));
    const made = commonJs
      ? [
          { path: join(here, commonJsName(file)), text: await joined(chunks, withoutBanner(textOf), COMMON_JS) },
          { path: join(here, file), text: viewOf(commonJsName(file), chunks, outputOf) },
        ]
      : [{ path: join(here, file), text: await joined(chunks, textOf, { format: 'esm' }) }];
    files = [...files.filter(({ path }) => !chunks.includes(basename(path))), ...made].map(({ path, text }) => ({
      path,
      text: redirect(text, target),
    }));
    if (!commonJs) continue;
    // Imports of itself are already resolved.
    const own = files.find(({ path }) => basename(path) === commonJsName(file));
    own.text = own.text.replaceAll(`import("./${file}")`, 'Promise.resolve(module.exports)');
  }
  return files;
}

/** Turns an entry whose only static import is a joined CommonJS file into CommonJS. */
export async function entryAsCommonJs({ path, text }, file) {
  const { code } = await transform(text, {
    format: 'cjs',
    platform: 'node',
    minifyWhitespace: true,
    target: 'node20.19',
  });
  const calls = [...code.matchAll(/\brequire\("([^"]*)"\)/g)].map(([, name]) => name);
  if (calls.some((name) => name !== `./${file}` && !isBuiltin(name)))
    throw new Error(`${basename(path)} loads more than ${file}: ${calls.join(', ')}`);
  return {
    path: join(dirname(path), commonJsName(basename(path))),
    text: code.replaceAll(`require("./${file}")`, `require("./${commonJsName(file)}")`),
  };
}

const COMMON_JS = {
  format: 'cjs',
  platform: 'node',
  define: {
    'import.meta.url': '__kuflowUrl',
    // CommonJS provides what the banner of an ES module creates.
    __kuflowRequire: 'require',
    __kuflowFilename: '__filename',
    __kuflowDirname: '__dirname',
  },
  banner: { js: 'const __kuflowUrl=require("node:url").pathToFileURL(__filename).href;' },
};

const withoutBanner = (textOf) => new Map([...textOf].map(([name, text]) => [name, text.replace(BANNER, '')]));

const commonJsName = (file) => file.replace(/\.js$/, '.cjs');

// Node's own CommonJS interop would read the whole file again to find the exported names.
function viewOf(file, chunks, outputOf) {
  const names = chunks.flatMap((chunk) => outputOf.get(chunk).exports);
  // The re-exporting module copies values when it is evaluated; values that a function sets later would be missing.
  const late = names.find((name) => name.startsWith('init_'));
  if (late !== undefined) throw new Error(`${late}: a module that is evaluated later cannot be in ${file}`);
  return `import{createRequire}from"node:module";export const{${names.join(',')}}=createRequire(import.meta.url)("./${file}");`;
}

async function joined(chunks, textOf, options) {
  const merged = await build({
    stdin: { contents: chunks.map((name) => `export*from"./${name}";`).join('\n'), resolveDir: '/' },
    bundle: true,
    write: false,
    platform: 'node',
    target: 'node20.19',
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    ...options,
    plugins: [inMemory(chunks, textOf)],
  });
  return merged.outputFiles[0].text;
}

/** The chunks in evaluation order. */
function chunksOf(outputOf, entries) {
  const found = new Set();
  const visit = (name) => {
    if (found.has(name)) return;
    for (const { path, kind } of outputOf.get(name).imports) {
      const next = basename(path);
      if (kind === 'import-statement' && outputOf.has(next)) visit(next);
    }
    if (name.startsWith('chunk-')) found.add(name);
  };
  for (const entry of entries) {
    const named = [...outputOf].find(([, output]) => output.entryPoint === entry)?.[0];
    if (named === undefined) throw new Error(`${entry} is not an entry of the bundle`);
    visit(named);
  }
  return [...found];
}

function refuseTwins(chunks, outputOf) {
  const owner = new Map();
  for (const chunk of chunks) {
    for (const name of outputOf.get(chunk).exports) {
      if (owner.has(name)) throw new Error(`${name} is exported by two of the chunks to join: rename one of them`);
      owner.set(name, chunk);
    }
  }
}

function inMemory(chunks, textOf) {
  return {
    name: 'in-memory',
    setup(builder) {
      builder.onResolve({ filter: /^\.\// }, ({ path, kind }) =>
        kind !== 'dynamic-import' && chunks.includes(basename(path))
          ? { path: basename(path), namespace: 'output' }
          : { path, external: true },
      );
      builder.onLoad({ filter: /.*/, namespace: 'output' }, ({ path }) => ({
        contents: textOf.get(path),
        resolveDir: '/',
      }));
    },
  };
}

function redirect(text, target) {
  return text.replaceAll(/(\bfrom|\bimport|\bimport\()"\.\/(chunk-[A-Z0-9]+\.js)"/g, (whole, keyword, chunk) =>
    target.has(chunk) ? `${keyword}"./${target.get(chunk)}"` : whole,
  );
}
