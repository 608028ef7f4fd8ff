// Compares the command line with a bare `node` and with create-vite: start, install, create.
import { readFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inTurns, run } from './measure.mjs';

const PEER = 'create-vite@9.3.0';
const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** Packs this package and installs it and the peer, each into a separate folder, as a person would. */
export async function installBoth(root, folder) {
  const ours = join(folder, 'ours');
  const peer = join(folder, 'peer');
  for (const path of [ours, peer]) {
    await mkdir(path, { recursive: true });
    await writeFile(join(path, 'package.json'), '{"private":true}\n');
  }
  // The build is fresh; packing would repeat it.
  const { out } = await run(NPM, ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], { cwd: root });
  const [{ filename, size, unpackedSize }] = JSON.parse(out);
  const quiet = ['install', '--no-audit', '--no-fund', '--loglevel', 'error'];
  const installed = await run(NPM, [...quiet, join(folder, filename)], { cwd: ours });
  await run(NPM, [...quiet, '--save-exact', PEER], { cwd: peer });
  // Flush what the installations wrote now, not during a measurement.
  if (process.platform !== 'win32') await run('sync', []);
  const lock = JSON.parse(await readFile(join(ours, 'node_modules', '.package-lock.json'), 'utf8'));
  return {
    tarball: join(folder, filename),
    kuflow: join(ours, 'node_modules', 'create-kuflow-worker', 'bin', 'kuflow.js'),
    create: join(ours, 'node_modules', 'create-kuflow-worker', 'bin', 'create-kuflow-worker.js'),
    peer: join(peer, 'node_modules', 'create-vite', 'index.js'),
    packages: Object.keys(lock.packages).length,
    megabytes: { packed: size / 1e6, unpacked: unpackedSize / 1e6 },
    seconds: installed.ms / 1000,
  };
}

export function measureInstall(installed) {
  const { packages, megabytes } = installed;
  return [
    {
      what: 'packages that `npm install create-kuflow-worker` installs',
      measured: `${packages} (${megabytes.packed.toFixed(1)} MB packed, ${megabytes.unpacked.toFixed(1)} MB unpacked)`,
      target: '1',
      met: packages === 1,
    },
  ];
}

export async function measureStart(installed, say) {
  const node =
    (...args) =>
    async () =>
      (await run(process.execPath, args)).ms;
  const ms = await inTurns(
    {
      bare: node('-e', '0'),
      kuflow: node(installed.kuflow, '--help'),
      create: node(installed.create, '--help'),
      peer: node(installed.peer, '--help'),
    },
    40,
    { warmUp: 3, say },
  );
  const row = (name, value) => ({
    what: `\`${name} --help\``,
    measured: `${value.toFixed(0)} ms, ${(value / ms.bare).toFixed(2)} × \`node -e 0\` (${ms.bare.toFixed(0)} ms); create-vite ${ms.peer.toFixed(0)} ms`,
    target: '≤ 1.3 × `node -e 0`, no slower than create-vite',
    met: value <= 1.3 * ms.bare && value <= ms.peer,
  });
  return [row('kuflow', ms.kuflow), row('create-kuflow-worker', ms.create)];
}

const DEFINITION = `process:
  code: BENCH
workflow:
  type: BenchWorkflow
  task-queue: BENCH_QUEUE
tasks:
  - code: APPLY
    kind: human
    data:
      schema: { type: object, properties: { NAME: { type: string }, AMOUNT: { type: number } }, required: [NAME] }
  - code: SCORE
    kind: system
  - code: NOTIFY
    kind: message
`;

export async function measureCreate(installed, folder, say) {
  const work = join(folder, 'create');
  await mkdir(work, { recursive: true });
  await writeFile(join(work, 'kuflow.process.yaml'), DEFINITION);
  const creating = (name, args) => async (round) => {
    const project = `${name}${round + 10}`;
    const { ms } = await run(process.execPath, args(project), { cwd: work });
    await rm(join(work, project), { recursive: true });
    return ms;
  };
  const ms = await inTurns(
    {
      ours: creating('ours', (project) => [
        installed.create,
        project,
        ...['--definition', 'kuflow.process.yaml', '--local', '--no-install', '--no-git', '--no-check', '--yes'],
      ]),
      peer: creating('peer', (project) => [installed.peer, project, '--template', 'vanilla-ts', '--no-interactive']),
    },
    15,
    { say },
  );
  return [
    {
      what: 'create a worker from a definition, without installing and git',
      measured: `${ms.ours.toFixed(0)} ms, ${(ms.ours / ms.peer).toFixed(2)} × create-vite vanilla-ts (${ms.peer.toFixed(0)} ms)`,
      target: '≤ 2 × create-vite',
      met: ms.ours <= 2 * ms.peer,
    },
  ];
}
