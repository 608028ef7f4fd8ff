import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';

/** Imports a TypeScript module of this repository at build time; packages come from node_modules. */
export async function importSource(root, source) {
  const folder = join(root, '.test-output', 'build');
  await mkdir(folder, { recursive: true });
  const made = join(folder, `${basename(source, '.ts')}-${process.pid}-${performance.now()}.mjs`);
  try {
    const result = await build({
      entryPoints: [join(root, source)],
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      write: false,
      logLevel: 'warning',
    });
    await writeFile(made, result.outputFiles[0].text);
    return await import(pathToFileURL(made).href);
  } finally {
    await rm(made, { force: true });
  }
}
