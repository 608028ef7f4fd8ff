// Writes the files in schemas/ from the schemas that the parsers validate against.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';
import { formatText } from './format.mjs';
import { importSource } from './import-source.mjs';

const { publishedSchema } = await importSource(ROOT, 'src/process/definition/schema.ts');
const { publishedPeopleSchema } = await importSource(ROOT, 'src/process/people/schema.ts');
await mkdir(join(ROOT, 'schemas'), { recursive: true });
for (const [name, text] of [
  ['kuflow.process.schema.json', publishedSchema()],
  ['kuflow.people.schema.json', publishedPeopleSchema()],
]) {
  const file = join(ROOT, 'schemas', name);
  await writeFile(file, await formatText(file, text));
}
