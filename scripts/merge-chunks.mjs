import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

/**
 * Joins the chunks that are loaded together: each file costs about a millisecond of a start that should cost little. A group takes all
 * that its `entries` (sources) import statically, and the entries themselves where they are chunks, except what an earlier group has.
 * Every importer is pointed to the joint file, so that each module still exists once. `outputs` as of `bundle`.
 * @param {{ path: string, text: string }[]} outputs
 * @param {{ file: string, entries: string[] }[]} groups
 * @returns {Promise<{ path: string, text: string }[]>}
 */
export async function mergeChunks(outputs, metafile, groups) {
  const outputOf = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const here = dirname(outputs[0].path);
  const target = new Map();
  let files = outputs;
  for (const { file, entries } of groups) {
    const chunks = chunksOf(outputOf, entries).filter((name) => !target.has(name));
    if (chunks.length === 0) continue;
    refuseTwins(chunks, outputOf);
    for (const name of chunks) target.set(name, file);
    const text = await joined(chunks, new Map(files.map(({ path, text: code }) => [basename(path), code])));
    files = [...files.filter(({ path }) => !chunks.includes(basename(path))), { path: join(here, file), text }].map(
      (other) => ({ path: other.path, text: redirect(other.text, target) }),
    );
  }
  return files;
}

async function joined(chunks, textOf) {
  const merged = await build({
    stdin: { contents: chunks.map((name) => `export*from"./${name}";`).join('\n'), resolveDir: '/' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    plugins: [inMemory(chunks, textOf)],
  });
  return merged.outputFiles[0].text;
}

/** The chunks in the order in which they run. */
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
    if (named === undefined) throw new Error(`${entry} is no entry of the bundle`);
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
