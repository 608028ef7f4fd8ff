// Builds `dist/` and THIRD_PARTY_NOTICES: `node scripts/build.mjs`.
import { chmod, copyFile, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { buildLibraries, copyLibraries } from './build-libraries.mjs';
import { bundleWeb } from './build-web.mjs';
import { ENTRIES, ROOT, bundle } from './bundle.mjs';
import { importSource } from './import-source.mjs';
import { bundledPackages, notices, templateNotices } from './licences.mjs';
import { entryAsCommonJs, mergeChunks } from './merge-chunks.mjs';
import { bundleTypes } from './platform-types.mjs';

const started = performance.now();
const outdir = join(ROOT, 'dist');

// Everything that can fail comes first, so that a failed build leaves the last good one in place.
const building = buildLibraries();
// Reported below.
building.catch(() => undefined);
const { compileTemplates } = await importSource(ROOT, 'src/languages/templates/compile.ts');
const templates = compileTemplates(join(ROOT, 'templates'));
const types = bundleTypes(join(ROOT, ENTRIES.platform));
// The supervisor is a separate file, so that it loads nothing but itself.
const { supervisor, ...shared } = ENTRIES;
const { metafile, outputs: split } = await bundle({ outdir, entries: shared });
const joint = await mergeChunks(split, metafile, [
  // What both bins load before they know the command, and the options of `create`, which `npx` starts. CommonJS, because Node's ES module
  // loader alone adds 3 ms to the start.
  {
    file: 'start.js',
    entries: [shared['create-kuflow-worker'], shared.kuflow, 'src/commands/create/command.ts'],
    commonJs: true,
  },
  // What a shell waits for when it completes a process code, and an ID on the local KuFlow.
  { file: 'known-processes.js', entries: ['src/commands/completion/process-candidates.ts'] },
  { file: 'local-records.js', entries: ['src/commands/completion/local-candidates.ts'] },
  { file: 'create.js', entries: ['src/commands/create/run.ts'] },
  // What `create` also loads for a TypeScript project.
  { file: 'workspace.js', entries: ['src/languages/typescript/workspace.ts'] },
]);
const outputs = [
  ...(await Promise.all(joint.map(asStarted))),
  ...(await bundle({ outdir, entries: { supervisor } })).outputs,
];
const web = await bundleWeb({ outdir: join(outdir, 'web') });
const packages = bundledPackages(ROOT, metafile, web.metafile);
const licences = notices(ROOT, packages) + templateNotices(ROOT);
const libraries = await building;

await rm(outdir, { recursive: true, force: true });
await mkdir(outdir, { recursive: true });
await writeFile(join(outdir, 'templates.js'), templates);
for (const file of [...outputs, ...web.outputs]) {
  await mkdir(dirname(file.path), { recursive: true });
  await writeFile(file.path, file.text);
}
const left = copyLibraries(libraries, join(outdir, 'libraries'));
await copySqliteBinary();
await writeFile(join(outdir, 'platform.d.ts'), types);
await cp(join(ROOT, 'src', 'commands', 'completion', 'scripts'), join(outdir, 'completions'), { recursive: true });
for (const bin of ['create-kuflow-worker.js', 'kuflow.js']) await chmod(join(ROOT, 'bin', bin), 0o755);
await writeFile(join(ROOT, 'THIRD_PARTY_NOTICES'), licences);

if (left.length > 0) console.warn(`libraries left out: ${left.join(', ')}`);
const kib = (size) => `${(size / 1024).toFixed(1)} KiB`;
console.log(`built the page: first view ${kib(web.sizes.firstView)}, with a form ${kib(web.sizes.withForm)} (gzip)`);
const bytes = outputs.reduce((sum, file) => sum + Buffer.byteLength(file.text), 0);
console.log(
  `built dist/: ${outputs.length} files, ${(bytes / 1e6).toFixed(2)} MB, ${packages.length} bundled packages, ` +
    `${((performance.now() - started) / 1000).toFixed(1)} s`,
);

async function asStarted(output) {
  const isBin = ['create-kuflow-worker.js', 'kuflow.js'].includes(basename(output.path));
  return isBin ? await entryAsCommonJs(output, 'start.js') : output;
}

// SQLite's loader looks for its WebAssembly next to its own file, which is now a chunk in dist/.
async function copySqliteBinary() {
  const loader = Object.keys(metafile.inputs).find((input) => /node-sqlite3-wasm\.[cm]?js$/.test(input));
  if (loader === undefined) return;
  const binary = join(ROOT, loader).replace(/\.[cm]?js$/, '.wasm');
  const text = await readFile(join(ROOT, loader), 'utf8');
  if (!text.includes(basename(binary)))
    throw new Error(`${loader} no longer loads ${basename(binary)}: adapt scripts/build.mjs`);
  await copyFile(binary, join(outdir, basename(binary)));
}
