// Side-by-side measurements: `npm run bench -- [--only start,install,create,gateway,demo] [--write-readme]`. Never in CI.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../scripts/bundle.mjs';
import { installBoth, measureCreate, measureInstall, measureStart } from './command-line.mjs';
import { measureDemo } from './demo.mjs';
import { measureGateway } from './gateway.mjs';
import { endRunning } from './measure.mjs';
import { markdown, writeBetweenMarkers } from './table.mjs';

const STAGES = ['start', 'install', 'create', 'gateway', 'demo'];

const { values } = parseArgs({ options: { only: { type: 'string' }, 'write-readme': { type: 'boolean' } } });
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

const stages = {
  start: async () => await measureStart(installed, say),
  install: () => measureInstall(installed),
  create: async () => await measureCreate(installed, folder, say),
  gateway: async () => await measureGateway(ROOT, folder, say),
  demo: async () => await measureDemo(ROOT, folder, say),
};

let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    interrupted = true;
    endRunning();
  });
}

try {
  if (wanted.some((stage) => ['start', 'install', 'create'].includes(stage))) {
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
console.log(table);
if (values['write-readme'] && failed.length === 0 && !interrupted)
  await writeBetweenMarkers(join(ROOT, 'README.md'), table);
// A missed target is a result; a stage that could not be measured is a failure.
process.exitCode = interrupted ? 130 : failed.length === 0 ? 0 : 1;
