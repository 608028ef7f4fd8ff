// The first minute with each tool, side by side: each cell of the tables is a run of the tool on this machine.
import { lookup } from 'node:dns/promises';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { run } from '../measure.mjs';
import { makePlace } from './observe.mjs';
import { GROUPS } from './scenarios.mjs';
import { makeStandIns } from './stand-ins.mjs';
import { OURS, PEERS } from './tools.mjs';
import { ended, refusesNode, wantsNetwork } from './words.mjs';

/**
 * Installs the pinned peers and this package from its tarball, and runs every scenario with each. Returns what
 * `peerTables` shows.
 * @param {string} root
 * @param {string} folder
 * @param {(text: string) => void} say
 * @param {{ only?: readonly string[], stopped?: () => boolean }} [options] `only`: ids of scenarios, default all; `stopped`: called before each run
 */
export async function comparePeers(root, folder, say, { only, stopped = () => false } = {}) {
  if (process.platform === 'win32') throw new Error('The stand-in package managers need a POSIX system');
  const tools = await install(root, folder);
  // One of the runs reads the tools as another user.
  await chmod(folder, 0o755);
  const standIns = await makeStandIns(folder);
  const facts = {};
  const created = {};
  for (const { scenarios } of GROUPS) {
    for (const scenario of scenarios) {
      if (only !== undefined && scenario.id !== 'create' && !only.includes(scenario.id)) continue;
      facts[scenario.id] = {};
      for (const tool of tools) {
        if (stopped()) throw new Error('Interrupted');
        const place = await makePlace(folder, standIns);
        const seen = await scenario.run(tool, place);
        if (scenario.id === 'create') created[tool.id] = seen.made;
        const words = wordsOf(scenario, seen, tool, created[tool.id] ?? []);
        facts[scenario.id][tool.id] = { cell: words, ...seen };
        say(`${scenario.id} · ${tool.id}: ${words}`);
        await rm(place.place, { recursive: true, force: true });
      }
    }
  }
  return { where: await surroundings(), tools: tools.map(({ id, version }) => ({ id, version })), facts };
}

function wordsOf(scenario, facts, tool, created) {
  if (facts.lacking !== undefined) return `not run: ${facts.lacking}`;
  if (refusesNode(facts)) return `refuses Node ${process.version}: ${ended(facts)}`;
  if (scenario.anyNetwork !== true && tool.id !== OURS.id && wantsNetwork(facts)) {
    return `${scenario.beforeNetwork ?? ''}needs a network that is not available: ${ended(facts)}`;
  }
  return scenario.say(facts, tool, { created });
}

async function install(root, folder) {
  const npm = 'npm';
  const home = join(folder, 'tools');
  await mkdir(home);
  await writeFile(join(home, 'package.json'), '{"private":true}\n');
  const { out } = await run(npm, ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: root });
  const [{ filename, version }] = JSON.parse(out);
  const specs = [...PEERS.map(({ id, version: pinned }) => `${id}@${pinned}`), join(folder, filename)];
  await run(npm, ['install', '--no-audit', '--no-fund', '--loglevel', 'error', '--ignore-scripts', ...specs], {
    cwd: home,
  });
  return [...PEERS, { ...OURS, version }].map((tool) => ({ ...tool, path: join(home, 'node_modules', ...tool.bin) }));
}

async function surroundings() {
  const reached = await lookup('github.com').then(
    () => 'github.com has an address here',
    () => 'github.com cannot be resolved on this machine, so downloads from there were not observed',
  );
  return [
    `Run on ${new Date().toISOString().slice(0, 10)} with Node ${process.version} on ${process.platform} ${process.arch},`,
    `${availableParallelism()} × ${cpus()[0]?.model ?? 'CPU'}; ${reached}.`,
  ].join(' ');
}
