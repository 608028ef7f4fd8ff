// Records what other programs say about the faults that the doctor is tried on: `node bench/doctor-peers.mjs`, then `npm run docs`.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importSource } from '../scripts/import-source.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { matrix } = await importSource(root, 'test/unit/doctor/matrix/matrix.ts');
const { examineWorld, makeMaterials, CLIENT_ID, SECRET, TOKEN } = await importSource(
  root,
  'test/unit/doctor/matrix/world.ts',
);
const temporal = process.env.KUFLOW_TEMPORAL_PATH ?? 'temporal';
const python = process.env.KUFLOW_PYTHON ?? join(root, '.test-output', 'python-kuflow-3.5.0', 'bin', 'python');
// What concerns our own settings and projects is nothing to these programs.
const PLANES = ['Files', 'REST and proxy', 'Token and clock', 'Engine'];
const OURS = /others may read|git |local\.yaml|2 MiB|FIFO|folder in place|not there|warn-expiry|REST API without/;

const materials = await makeMaterials();
const BASIC = `Basic ${Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64')}`;
const base = realpathSync(mkdtempSync(join(tmpdir(), 'doctor-peers-')));
const authorities = join(base, 'authorities.pem');
writeFileSync(authorities, materials.authority.cert);
const work = matrix
  .filter(({ plane }) => PLANES.includes(plane))
  .flatMap(({ plane, faults }) => faults.filter(({ name }) => !OURS.test(name)).map((fault) => ({ plane, fault })));
const seen = {};
let next = 0;

async function one() {
  for (let at = next++; at < work.length; at = next++) {
    const { plane, fault } = work[at];
    const folder = join(base, String(at));
    mkdirSync(folder);
    // KuFlow's Python SDK sends nothing to an address without TLS.
    const secure = {
      make: (world) => {
        const healthy = world.rest;
        world.restTls = materials.server;
        // It has its own way of writing the credentials, which are not what is measured.
        world.rest = (request, response, index) =>
          healthy({ ...request, headers: { ...request.headers, authorization: BASIC } }, response, index);
      },
    };
    const trusted = fault.name.includes('unknown authority') ? {} : { REQUESTS_CA_BUNDLE: authorities };
    await examineWorld(folder, materials, [secure, fault], async (place) => {
      const [cli, sdk] = await Promise.all([askTemporal(plane, place), askPython(place, trusted)]);
      (seen[plane] ??= {})[fault.name] = { ...(cli && { temporal: cli }), python: sdk };
      console.log(`${plane}: ${fault.name}\n  temporal: ${cli ?? '-'}\n  python:   ${sdk}`);
    });
  }
}

/** The CLI knows nothing of KuFlow's REST API: only certificates and the engine are its business. */
async function askTemporal(plane, { folder, target, proxy, env }) {
  if (plane !== 'Files' && plane !== 'Engine') return undefined;
  const tls = ['cert', 'key', 'ca'].flatMap((part) => [
    `--tls-${part}-path`,
    join(folder, 'tls', { cert: 'client.pem', key: 'client.key', ca: 'ca.pem' }[part]),
  ]);
  const args = ['operator', 'namespace', 'describe', '--address', target, '--namespace', 'tenant-1', ...tls];
  const text = await run(temporal, [...args, '--api-key', TOKEN, '--command-timeout', '8s'], folder, {
    ...env,
    ...(proxy && { HTTPS_PROXY: proxy }),
  });
  // The engine of the tests answers with less than this command prints.
  const connected = text.status === 0 || text.output.includes('panic: ');
  return plainly(connected ? 'connects' : text.output, folder);
}

async function askPython({ folder, endpoint, target, env }, trusted) {
  const { output } = await run(python, [join(root, 'bench', 'doctor-peer.py')], folder, {
    ...env,
    KUFLOW_API_ENDPOINT: endpoint,
    KUFLOW_API_CLIENTID: CLIENT_ID,
    KUFLOW_API_CLIENTSECRET: SECRET,
    TEMPORAL_TARGET: target,
    ...trusted,
  });
  return plainly(output, folder);
}

function run(program, args, cwd, env) {
  const { PATH, HOME } = process.env;
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      { cwd, env: { PATH, HOME, NO_COLOR: '1', ...env }, timeout: 25_000, killSignal: 'SIGKILL' },
      (error, stdout, stderr) =>
        resolve({
          status: error === null ? 0 : 1,
          output: error?.killed ? 'nothing within 25 s' : `${stderr}\n${stdout}`,
        }),
    );
  });
}

/** One line, nothing of this machine, ports as `PORT`. */
function plainly(text, folder) {
  const line = text
    .replaceAll(folder, '.')
    .replace(/\u001b\[[0-9;]*m/g, '')
    .split('\n')
    .map((part) => part.trim())
    .filter((part) => part !== '' && !part.startsWith('time='))
    .join(' ')
    .replace(/(127\.0\.0\.1|kuflow\.test):\d+/g, '$1:PORT')
    .replace(/port=\d+/g, 'port=PORT')
    .replace(/0x[0-9a-f]{6,}/g, '0x…')
    .replace(/[\u0000-\u001f\u007f]/g, '?');
  return line.length > 240 ? `${line.slice(0, 239)}…` : line;
}

await Promise.all([one(), one(), one()]);
rmSync(base, { recursive: true, force: true });
const ordered = Object.fromEntries(
  matrix.flatMap(({ plane, faults }) =>
    seen[plane] === undefined
      ? []
      : [
          [
            plane,
            Object.fromEntries(faults.flatMap(({ name }) => (seen[plane][name] ? [[name, seen[plane][name]]] : []))),
          ],
        ],
  ),
);
writeFileSync(join(root, 'docs', 'doctor-peers.json'), `${JSON.stringify(ordered, undefined, 2)}\n`);
