// Writes schemas/kuflow.process.schema.json from the schema that the parser validates against.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { format, resolveConfig } from 'prettier';

const root = new URL('../', import.meta.url);
const bundled = await build({
  entryPoints: [fileURLToPath(new URL('src/process/definition/schema.ts', root))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
  logLevel: 'error',
});
const code = Buffer.from(bundled.outputFiles[0].contents).toString('base64');
const { publishedSchema } = await import(`data:text/javascript;base64,${code}`);
const file = fileURLToPath(new URL('schemas/kuflow.process.schema.json', root));
await mkdir(new URL('schemas/', root), { recursive: true });
await writeFile(file, await format(publishedSchema(), { ...(await resolveConfig(file)), filepath: file }));
