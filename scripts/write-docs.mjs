// Writes docs/reference/commands/ from the commands themselves, and the checks of docs/reference/doctor.md: `npm run docs`.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandPages } from './command-pages.mjs';
import { doctorPage } from './doctor-page.mjs';
import { importSource } from './import-source.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'docs', 'reference', 'commands');
const { describeAllCommands } = await importSource(root, 'src/bin/describe-commands.ts');
const pages = commandPages(await describeAllCommands());
await mkdir(folder, { recursive: true });
for (const file of await readdir(folder)) if (!pages.has(file)) await rm(join(folder, file));
for (const [file, text] of pages) await writeFile(join(folder, file), text);
console.log(`docs/reference/commands/: ${pages.size} pages`);

const { explainAll } = await importSource(root, 'src/diagnostics/explanations/explain.ts');
const doctor = join(root, 'docs', 'reference', 'doctor.md');
const { matrix } = await importSource(root, 'test/unit/diagnostics/matrix/matrix.ts');
const peers = JSON.parse(await readFile(join(root, 'docs', 'reference', 'doctor-peers.json'), 'utf8'));
await writeFile(doctor, doctorPage(await readFile(doctor, 'utf8'), explainAll(), matrix, peers));
console.log('docs/reference/doctor.md: checks');
