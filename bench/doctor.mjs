// What a doctor run costs: compared with its own slowest chain of checks, next to Temporal's health check, and offline with a thousand certificates.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { importSource } from '../scripts/import-source.mjs';
import { provideTemporal } from '../scripts/test-programs.mjs';
import { inTurns, median, run } from './measure.mjs';

const ROUNDS = 15;
const CERTIFICATES = 1_000;

/** Needs the built package in `root`. */
export async function measureDoctor(root, folder, say) {
  provideTemporal(say);
  const temporal = process.env.KUFLOW_TEMPORAL_PATH;
  if (temporal === undefined) throw new Error('No Temporal server');
  const cwd = join(folder, 'doctor');
  await mkdir(join(cwd, 'set'), { recursive: true });
  const bin = join(root, 'bin', 'kuflow.js');
  const kuflow = (args, env) => run(process.execPath, [bin, ...args], { cwd, env });
  const ports = ['--port', '0', '--https-port', '0', '--engine-port', '0'];
  const platform = spawn(process.execPath, [bin, 'dev', ...ports], { cwd, stdio: ['ignore', 'pipe', 'ignore'] });
  try {
    for await (const line of createInterface({ input: platform.stdout })) if (line.includes('is ready')) break;
    const env = JSON.parse((await kuflow(['dev', 'env', '--json'])).out);
    await kuflow(['credentials', 'pull', '--format', 'pem', '--output', join(cwd, 'set')], env);
    const pem = (name) => join(cwd, 'set', name);
    const chains = [];
    const shares = [];
    const medians = await inTurns(
      {
        doctor: async () => {
          const { out, ms } = await kuflow(['doctor', '--json'], env);
          const report = JSON.parse(out);
          const chain = await slowestChain(root, report.results);
          chains.push(chain);
          shares.push(report.ms / chain);
          return ms;
        },
        temporal: async () => {
          const tls = ['cert', 'key', 'ca'].flatMap((part) => [`--tls-${part}-path`, pem(FILES[part])]);
          const args = ['operator', 'cluster', 'health', '--address', env.TEMPORAL_TARGET, ...tls];
          return (await run(temporal, args, { cwd })).ms;
        },
      },
      ROUNDS,
      { say },
    );
    const share = median(shares);
    const thousand = await offline(root, cwd, kuflow);
    return [
      {
        what: 'doctor: full run on the local KuFlow, compared with its slowest chain of checks',
        measured: `${share.toFixed(2)} × ${median(chains).toFixed(0)} ms`,
        target: '≤ 1.2 ×',
        met: share <= 1.2,
      },
      {
        what: 'doctor: the command with all checks, and `temporal operator cluster health`',
        measured: `${medians.doctor.toFixed(0)} ms, ${medians.temporal.toFixed(0)} ms`,
      },
      {
        what: `doctor --offline with ${CERTIFICATES} certificates in the CA`,
        measured: `${thousand.toFixed(0)} ms`,
      },
    ];
  } finally {
    const ended = once(platform, 'exit');
    platform.kill('SIGTERM');
    await ended;
  }
}

const FILES = { cert: 'client.pem', key: 'client.key', ca: 'ca.pem' };

let allChecks;
/** Milliseconds of the longest chain of checks that wait for each other. */
async function slowestChain(root, results) {
  allChecks ??= (await importSource(root, 'src/diagnostics/all-checks.ts')).allChecks;
  const ends = new Map();
  for (const { id, ms } of results) {
    const { requires, after = [] } = allChecks.find((check) => check.id === id);
    ends.set(id, ms + Math.max(0, ...[...requires, ...after].map((other) => ends.get(other) ?? 0)));
  }
  return Math.max(1, ...ends.values());
}

async function offline(root, cwd, kuflow) {
  const { makeTestAuthority } = await importSource(root, 'test/support/certificates.ts');
  const authority = await makeTestAuthority();
  const { cert, key } = await authority.issue({ commonName: 'bench', toDays: 60 });
  const others = [];
  for (let at = 1; at < CERTIFICATES; at++) others.push((await makeTestAuthority(`CA ${at}`)).cert);
  const folder = join(cwd, 'offline');
  await mkdir(folder, { recursive: true });
  const files = { 'client.pem': cert, 'client.key': key, 'ca.pem': authority.cert + others.join('') };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
  const env = {
    KUFLOW_API_CLIENTID: '3f1c5c2e-8a55-4f0c-9a44-3f2f3f0f9b10',
    KUFLOW_API_CLIENTSECRET: 'bench',
    TEMPORAL_NAMESPACE: 'bench',
    TEMPORAL_MUTUALTLS_CERT: join(folder, 'client.pem'),
    TEMPORAL_MUTUALTLS_KEY: join(folder, 'client.key'),
    TEMPORAL_MUTUALTLS_CA: join(folder, 'ca.pem'),
  };
  const spent = [];
  for (let round = 0; round < 5; round++) spent.push((await kuflow(['doctor', '--offline', '--only', 'tls'], env)).ms);
  return median(spent);
}
