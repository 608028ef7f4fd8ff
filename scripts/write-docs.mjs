// `npm run docs`: writes the generated parts of docs/ from the commands, the settings, the checks and the tests themselves.
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandPages } from './command-pages.mjs';
import { doctorFaultsPage, doctorPage } from './doctor-page.mjs';
import { importSource } from './import-source.mjs';
import { libraryPage, WORKFLOW_READERS, workflowPage } from './library-page.mjs';
import { writeLevelDiagram } from './level-diagram.mjs';
import { settingsPage } from './settings-page.mjs';
import { findProofs, parityPage, readContract } from './worker-parity.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = join(root, 'docs', 'reference', 'commands');
const { describeAllCommands } = await importSource(root, 'src/bin/describe-commands.ts');
const pages = commandPages(await describeAllCommands());
await mkdir(folder, { recursive: true });
for (const file of await readdir(folder)) if (!pages.has(file)) await rm(join(folder, file));
for (const [file, text] of pages) await writeFile(join(folder, file), text);
console.log(`docs/reference/commands/: ${pages.size} pages`);

const { explainAll } = await importSource(root, 'src/diagnostics/explanations/explain.ts');
const { matrix } = await importSource(root, 'test/unit/diagnostics/matrix/matrix.ts');
const { SETTING_KEYS } = await importSource(root, 'src/settings/keys.ts');
const internals = join(root, 'docs', 'internals');
const peers = JSON.parse(await readFile(join(internals, 'doctor-peers.json'), 'utf8'));
await rewrite('reference/doctor.md', (page) => doctorPage(page, explainAll()));
await rewrite('internals/doctor-faults.md', (page) => doctorFaultsPage(page, matrix, peers));
await rewrite('reference/settings.md', (page) => settingsPage(page, SETTING_KEYS));
await rewrite('reference/library.md', (page) => libraryPage(page, root));
for (const language of Object.keys(WORKFLOW_READERS))
  await rewrite(`reference/workflow-api-${language}.md`, (page) => workflowPage(page, root, language));

const contract = readContract(await readFile(join(internals, 'worker-contract.md'), 'utf8'));
await writeFile(join(internals, 'worker-parity.md'), parityPage(contract, findProofs(root)));
console.log('docs/internals/worker-parity.md');

const guide = join(root, 'CONTRIBUTING.md');
const architecture = JSON.parse(await readFile(join(root, 'scripts', 'architecture.json'), 'utf8'));
await writeFile(guide, writeLevelDiagram(await readFile(guide, 'utf8'), architecture));
console.log('CONTRIBUTING.md');

async function rewrite(file, write) {
  const path = join(root, 'docs', file);
  await writeFile(path, write(await readFile(path, 'utf8')));
  console.log(`docs/${file}`);
}
