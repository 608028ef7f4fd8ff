// Side-by-side measurements: `npm run bench -- [--only start,install,create,update,gateway,doctor,page,demo,languages,encryption,replay,peers] [--write-docs]`.
// Not part of CI. `--scenarios help,dry` runs only these scenarios of `peers`.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/bundle.mjs';
import { installBoth, measureCreate, measureInstall, measureStart } from './command-line.mjs';
import { measureDemo } from './demo.mjs';
import { measureDoctor } from './doctor.mjs';
import { measureEncryption } from './encryption.mjs';
import { measureGateway } from './gateway.mjs';
import { measureLanguages } from './languages.mjs';
import { endRunning } from './measure.mjs';
import { endRuns } from './peers/observe.mjs';
import { peerTables, writePeers } from './peers/page.mjs';
import { measurePage } from './page.mjs';
import { comparePeers } from './peers/peers.mjs';
import { measureReplay } from './replay.mjs';
import { measureUpdate } from './update.mjs';
import { markdown, writeBetweenMarkers } from './table.mjs';

const STAGES = [
  'start',
  'install',
  'create',
  'update',
  'gateway',
  'doctor',
  'page',
  'demo',
  'languages',
  'encryption',
  'replay',
  'peers',
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    scenarios: { type: 'string' },
    'write-docs': { type: 'boolean' },
  },
});
const wanted = values.only?.split(',') ?? STAGES;
const unknown = wanted.filter((stage) => !STAGES.includes(stage));
if (unknown.length > 0) {
  console.error(`No such stage: ${unknown.join(', ')}. There are ${STAGES.join(', ')}.`);
  process.exit(2);
}

const folder = await mkdtemp(join(tmpdir(), 'kuflow-bench-'));
const say = (text) => console.error(`  ${text}`);
const rows = [];
const failed = [];
let installed;
let comparison;

const stages = {
  start: async () => await measureStart(installed, say),
  install: () => measureInstall(installed),
  create: async () => await measureCreate(installed, folder, say),
  update: async () => await measureUpdate(installed, folder, say),
  gateway: async () => await measureGateway(ROOT, folder, say),
  doctor: async () => await measureDoctor(ROOT, folder, say),
  page: async () => await measurePage(ROOT, folder, say),
  demo: async () => await measureDemo(ROOT, folder, say),
  languages: async () => await measureLanguages(ROOT, installed, folder, say),
  encryption: async () => await measureEncryption(ROOT, installed, folder, say),
  replay: async () => await measureReplay(ROOT, installed, folder, say),
  peers: async () => {
    comparison = await comparePeers(ROOT, folder, say, {
      only: values.scenarios?.split(','),
      stopped: () => interrupted,
    });
    return [];
  },
};

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interrupted = true;
    endRunning();
    endRuns();
  });
}

try {
  if (
    wanted.some((stage) =>
      ['start', 'install', 'create', 'update', 'languages', 'encryption', 'replay'].includes(stage),
    )
  ) {
    installed = await installBoth(ROOT, folder);
  }
  for (const stage of STAGES.filter((name) => wanted.includes(name))) {
    if (interrupted) break;
    console.error(stage);
    try {
      rows.push(...(await stages[stage]()));
    } catch (error) {
      failed.push(stage);
      console.error(`${stage} failed: ${error.stack ?? error}`);
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

const machine = `Node ${process.version}, ${availableParallelism()} × ${cpus()[0]?.model ?? 'CPU'}, ${process.platform}`;
const table = markdown(rows, machine);
if (rows.length > 0) console.log(table);
if (comparison !== undefined) {
  console.log(peerTables(comparison));
  if (values['write-docs'] && values.scenarios === undefined && failed.length === 0 && !interrupted)
    await writePeers(join(ROOT, 'docs', 'internals'), comparison);
}
if (values['write-docs'] && rows.length > 0 && failed.length === 0 && !interrupted)
  await writeBetweenMarkers(join(ROOT, 'docs', 'internals', 'measurements.md'), table);
// A missed target is a result. A stage that could not be measured is a failure.
process.exitCode = interrupted ? 130 : failed.length === 0 ? 0 : 1;
