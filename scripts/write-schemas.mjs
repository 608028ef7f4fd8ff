// Writes the files in schemas/ from the schemas that the parsers validate against.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { formatText } from './format.mjs';

const root = new URL('../', import.meta.url);

async function importBundled(path) {
  const bundled = await build({
    entryPoints: [fileURLToPath(new URL(path, root))],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'error',
  });
  return await import(`data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].contents).toString('base64')}`);
}

const { publishedSchema } = await importBundled('src/process/definition/schema.ts');
const { publishedPeopleSchema } = await importBundled('src/process/people/schema.ts');
await mkdir(new URL('schemas/', root), { recursive: true });
for (const [name, text] of [
  ['kuflow.process.schema.json', publishedSchema()],
  ['kuflow.people.schema.json', publishedPeopleSchema()],
]) {
  const file = fileURLToPath(new URL(`schemas/${name}`, root));
  await writeFile(file, await formatText(file, text));
}
