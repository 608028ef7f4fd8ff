import { basename, dirname, join } from 'node:path';
import { build } from 'esbuild';

const START = 'start.js';

/**
 * Makes one file, `start.js`, of all chunks that the bins load before they know the command: each file costs about a millisecond of a
 * start that should cost little. Every importer is pointed to it, so that each module still exists once.
 * `outputs` as of `bundle`; `bins` are output names without extension.
 * @param {{ path: string, text: string }[]} outputs
 * @returns {Promise<{ path: string, text: string }[]>}
 */
export async function mergeStart(outputs, metafile, bins) {
  const byName = new Map(outputs.map((file) => [basename(file.path), file]));
  const outputOf = new Map(Object.entries(metafile.outputs).map(([path, output]) => [basename(path), output]));
  const chunks = startChunks(outputOf, bins);
  if (chunks.length < 2) return outputs;
  refuseTwins(chunks, outputOf);
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
    plugins: [inMemory(byName)],
  });
  const here = dirname(outputs[0].path);
  const kept = [
    ...outputs.filter((file) => !chunks.includes(basename(file.path))),
    { path: join(here, START), text: merged.outputFiles[0].text },
  ];
  return kept.map((file) => ({ path: file.path, text: redirect(file.text, chunks) }));
}

function startChunks(outputOf, bins) {
  const found = new Set();
  const visit = (name) => {
    for (const { path, kind } of outputOf.get(name)?.imports ?? []) {
      const next = basename(path);
      if (kind !== 'import-statement' || !outputOf.has(next) || found.has(next)) continue;
      found.add(next);
      visit(next);
    }
  };
  for (const bin of bins) visit(`${bin}.js`);
  return [...found];
}

function refuseTwins(chunks, outputOf) {
  const owner = new Map();
  for (const chunk of chunks) {
    for (const name of outputOf.get(chunk).exports) {
      if (owner.has(name)) throw new Error(`${name} is exported by two chunks of the start: rename one of them`);
      owner.set(name, chunk);
    }
  }
}

function inMemory(byName) {
  return {
    name: 'in-memory',
    setup(builder) {
      builder.onResolve({ filter: /^\.\// }, ({ path, kind }) =>
        kind === 'dynamic-import' ? { path, external: true } : { path: basename(path), namespace: 'output' },
      );
      builder.onLoad({ filter: /.*/, namespace: 'output' }, ({ path }) => ({
        contents: byName.get(path).text,
        resolveDir: '/',
      }));
    },
  };
}

function redirect(text, chunks) {
  return text.replaceAll(/(\bfrom|\bimport|\bimport\()"\.\/(chunk-[A-Z0-9]+\.js)"/g, (whole, keyword, chunk) =>
    chunks.includes(chunk) ? `${keyword}"./${START}"` : whole,
  );
}
