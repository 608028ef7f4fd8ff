// What the engine gateway costs: the same Temporal server, called directly and through mutual TLS, token check and RPC list.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundle } from '../scripts/bundle.mjs';
import { provideTemporal } from '../scripts/test-programs.mjs';
import { run } from './measure.mjs';

const NPM = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const SDK = '1.24.0';
const UNLIMITED = 100_000;
const RAISED = [
  'frontend.rps',
  'frontend.namespaceRPS',
  'frontend.globalNamespaceRPS',
  'frontend.namespaceCount',
  'frontend.namespaceRPS.visibility',
  'frontend.persistenceMaxQPS',
  'history.rps',
  'history.persistenceMaxQPS',
  'matching.rps',
  'matching.persistenceMaxQPS',
];

/** A folder in memory on Linux: without disk waits, nothing hides the cost of the gateway. */
const MEMORY = '/dev/shm';

export async function measureGateway(root, folder, say) {
  provideTemporal(say);
  const temporalPath = process.env.KUFLOW_TEMPORAL_PATH;
  if (temporalPath === undefined) throw new Error('No Temporal server');
  const sdk = join(folder, 'sdk');
  await mkdir(sdk, { recursive: true });
  await writeFile(join(sdk, 'package.json'), '{"private":true,"type":"module"}\n');
  const packages = ['worker', 'client', 'workflow', 'activity', 'common'].map((name) => `@temporalio/${name}@${SDK}`);
  await run(NPM, ['install', '--no-audit', '--no-fund', '--loglevel', 'error', ...packages], { cwd: sdk });
  await cp(join(root, 'bench', 'load'), sdk, { recursive: true });

  // Inside the repository: the platform looks for its package.json in parent folders, and its state is on the same disk as a project.
  const code = join(root, 'node_modules', '.cache', 'kuflow-bench', String(process.pid));
  const load = async (script, config) => {
    const { out } = await run(process.execPath, [script], { cwd: sdk, input: JSON.stringify(config), onError: say });
    const result = JSON.parse(out.trim().split('\n').at(-1));
    say(`${script} ${JSON.stringify(result)}`);
    return result;
  };
  try {
    const entry = await bundleHost(code);
    const rows = await withHost(entry, { stateDir: join(code, 'state'), temporalPath }, async (config) => [
      latencyRow(await load('latency.mjs', config)),
      throughputRow('on disk, as in `kuflow dev`', await load('throughput.mjs', config), 0.9),
    ]);
    if (!existsSync(MEMORY)) return rows;
    const stateDir = await mkdtemp(join(MEMORY, 'kuflow-bench-'));
    try {
      const inMemory = await withHost(entry, { stateDir, temporalPath }, (config) => load('throughput.mjs', config));
      return [...rows, throughputRow('in memory', inMemory)];
    } finally {
      await rm(stateDir, { recursive: true, force: true });
    }
  } finally {
    await rm(code, { recursive: true, force: true });
  }
}

function latencyRow(latency) {
  const added = latency.gateway - latency.direct;
  return {
    what: 'engine gateway: time added to the median call of one client (DescribeNamespace)',
    measured: `${added.toFixed(2)} ms (direct ${latency.direct.toFixed(2)}, gateway ${latency.gateway.toFixed(2)})`,
    target: '≤ 1 ms',
    met: added <= 1,
  };
}

function throughputRow(database, { share, low, high, rounds, gateway, direct }, target) {
  const percent = (part) => (part * 100).toFixed(0);
  return {
    what: `engine gateway: workflows per second (300 in parallel, one activity each), database ${database}`,
    measured: `${percent(share)}% of direct (${gateway.toFixed(0)}/s and ${direct.toFixed(0)}/s; middle half of ${rounds} rounds: ${percent(low)} to ${percent(high)}%)`,
    ...(target === undefined ? {} : { target: `≥ ${percent(target)}%`, met: share >= target }),
  };
}

async function bundleHost(code) {
  const { outputs } = await bundle({
    outdir: code,
    entries: { 'platform-host': 'bench/platform-host.ts', supervisor: 'src/platform/supervisor/main.ts' },
  });
  for (const file of outputs) {
    await mkdir(dirname(file.path), { recursive: true });
    await writeFile(file.path, file.text);
  }
  const wasm = join(dirname(createRequire(import.meta.url).resolve('node-sqlite3-wasm')), 'node-sqlite3-wasm.wasm');
  await cp(wasm, join(code, 'node-sqlite3-wasm.wasm'));
  return { host: join(code, 'platform-host.js'), supervisorEntry: join(code, 'supervisor.js') };
}

/** Calls `use` with what a worker needs to reach the platform and its server, then stops the platform. */
async function withHost({ host, supervisorEntry }, options, use) {
  const child = spawn(process.execPath, [host], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise((resolve) => child.on('exit', resolve));
  try {
    const dynamicConfig = Object.fromEntries(RAISED.map((key) => [key, UNLIMITED]));
    child.stdin.write(`${JSON.stringify({ ...options, supervisorEntry, dynamicConfig })}\n`);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    if (first.done === true) throw new Error('The platform did not start');
    const places = JSON.parse(first.value);
    return await use({ ...places, ...(await engineAccess(places)) });
  } finally {
    child.stdin.end();
    await ended;
  }
}

// A certificate and a token, requested as a worker does.
async function engineAccess({ http, clientId, clientSecret }) {
  const ask = async (type) => {
    const answer = await fetch(`${http}/v2024-06-14/authentications`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
      },
      body: JSON.stringify({ type }),
    });
    if (!answer.ok) throw new Error(`${type}: ${answer.status} ${await answer.text()}`);
    return await answer.json();
  };
  const { engineCertificate } = await ask('ENGINE_CERTIFICATE');
  const { engineToken } = await ask('ENGINE_TOKEN');
  return { tls: engineCertificate.tls, token: engineToken.token };
}
