// Writes the files in schemas/, for editors, from the schemas that the parsers validate against.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './bundle.mjs';
import { formatText } from './format.mjs';
import { importSource } from './import-source.mjs';

const { DefinitionFileSchema } = await importSource(ROOT, 'src/process/definition/schema.ts');
const { PeopleFileSchema } = await importSource(ROOT, 'src/process/people.ts');
await write('kuflow.process.schema.json', DefinitionFileSchema, {
  title: 'KuFlow process definition',
  description: 'The file kuflow.process.yaml of a worker project, which describes a KuFlow process.',
});
await write('kuflow.people.schema.json', PeopleFileSchema, {
  title: 'KuFlow users and groups',
  description: 'The file kuflow.people.yaml, with the users and groups of a local KuFlow.',
});

async function write(name, schema, about) {
  const file = join(ROOT, 'schemas', name);
  const text = JSON.stringify({ $schema: 'http://json-schema.org/draft-07/schema#', ...about, ...schema }, null, 2);
  await mkdir(join(ROOT, 'schemas'), { recursive: true });
  await writeFile(file, await formatText(file, `${text}\n`));
}
