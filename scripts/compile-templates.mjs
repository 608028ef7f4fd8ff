import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { build } from 'esbuild';

/** The source of `templates.js`: the templates precompiled by the renderer's own compiler, so that no command compiles one at run time. */
export async function compileAllTemplates(root) {
  const source = join(root, 'src', 'scaffold', 'render', 'compile.ts');
  const folder = join(root, '.test-output', 'build');
  await mkdir(folder, { recursive: true });
  const compiler = join(folder, `compile-templates-${process.pid}.mjs`);
  try {
    const result = await build({
      entryPoints: [source],
      bundle: true,
      packages: 'external',
      format: 'esm',
      platform: 'node',
      target: 'node20.19',
      write: false,
      logLevel: 'warning',
    });
    await writeFile(compiler, result.outputFiles[0].text);
    const { compileTemplates } = await import(pathToFileURL(compiler).href);
    return compileTemplates(join(root, 'templates'));
  } finally {
    await rm(compiler, { force: true });
  }
}
