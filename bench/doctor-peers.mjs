// Records what other programs print for the faults in the doctor's tests and for the formats of a certificate set:
// `node bench/doctor-peers.mjs`, then `npm run docs`. The argument `faults` or `forms` records only these, a second argument only those
// whose name contains it.
// KUFLOW_TEMPORAL_PATH: Temporal's CLI. KUFLOW_PYTHON: a Python with KuFlow's SDK. KUFLOW_TYPESCRIPT_SDK: a folder in which
// @temporalio/worker is installed. KUFLOW_JAVA_CLASSPATH: DoctorPeer.java, compiled, and io.temporal:temporal-serviceclient with what it needs.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importSource } from '../scripts/import-source.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { matrix } = await importSource(root, 'test/unit/diagnostics/matrix/matrix.ts');
const { diagnoseWithFaults, makeMaterials, TOKEN } = await importSource(root, 'test/unit/diagnostics/matrix/setup.ts');
const temporal = process.env.KUFLOW_TEMPORAL_PATH ?? 'temporal';
const python = process.env.KUFLOW_PYTHON ?? join(root, '.test-output', 'python-kuflow-3.5.0', 'bin', 'python');
const typescript = process.env.KUFLOW_TYPESCRIPT_SDK;
const java = process.env.KUFLOW_JAVA_CLASSPATH;
const { materialForms } = await importSource(root, 'test/unit/diagnostics/matrix/forms.ts');
const POLLERS = 'Pollers and project';
const FORMS = 'Forms';
const asked = process.argv[2];

const materials = await makeMaterials();
const RIGHT_CLOCK = 'connects (its clock is correct)';
const asBasic = ({ headers }) => headers.authorization?.replace(/^Bearer /, 'Basic ');
const base = realpathSync(mkdtempSync(join(tmpdir(), 'doctor-peers-')));
const authorities = join(base, 'authorities.pem');
writeFileSync(authorities, materials.authority.cert);
const work = [
  ...(asked === 'forms' ? [] : matrix.flatMap(({ plane, faults }) => faults.map((fault) => ({ plane, fault })))),
  ...(asked === 'faults' ? [] : materialForms.map((fault) => ({ plane: FORMS, fault }))),
].filter(({ fault }) => fault.name.includes(process.argv[3] ?? ''));
const seen = {};
let next = 0;

async function one() {
  for (let at = next++; at < work.length; at = next++) {
    const { plane, fault } = work[at];
    const folder = join(base, String(at));
    mkdirSync(folder);
    // KuFlow's Python SDK does not send anything to an address without TLS.
    const secure = {
      make: (setup) => {
        const healthy = setup.rest;
        setup.restTls = materials.server;
        // It formats the credentials in its own way, which is not what is compared.
        setup.rest = (request, response, index) =>
          healthy({ ...request, headers: { ...request.headers, authorization: asBasic(request) } }, response, index);
      },
    };
    const trusted = fault.name.includes('unknown authority') ? {} : { REQUESTS_CA_BUNDLE: authorities };
    // Without following doctor's advice: the programs are asked before.
    const { make } = fault;
    await diagnoseWithFaults(folder, materials, [secure, { make }], async (running) => {
      const said = {
        temporal: await askTemporal(plane, running),
        python: await askPython(running, trusted),
        ...(plane === FORMS && { typescript: await askTypescript(running), java: await askJava(running) }),
      };
      // Only the doctor can be given a wrong clock.
      if (/\bclock\b/.test(fault.name))
        for (const [name, text] of Object.entries(said)) if (text === 'connects') said[name] = RIGHT_CLOCK;
      (seen[plane] ??= {})[fault.name] = said;
      console.log(`${plane}: ${fault.name}`);
      for (const [name, text] of Object.entries(said)) console.log(`  ${name}: ${text}`);
    });
  }
}

/** Temporal's CLI does not know KuFlow's REST API or a worker project. */
async function askTemporal(plane, { folder, settings, target, proxy, env }) {
  const tls = ['cert', 'key', 'ca'].flatMap((part) => {
    const path = settings[`temporal.mutual-tls.${part}`];
    return path === undefined ? [] : [`--tls-${part}-path`, join(folder, path)];
  });
  const namespace = settings['temporal.namespace'];
  const connection = ['--address', target, ...(namespace === undefined ? [] : ['--namespace', namespace]), ...tls];
  const args =
    plane === POLLERS
      ? ['task-queue', 'describe', '--legacy-mode', '--task-queue', settings['temporal.kuflow-queue']]
      : ['operator', 'namespace', 'describe'];
  const text = await run(temporal, [...args, ...connection, '--api-key', TOKEN, '--command-timeout', '8s'], folder, {
    ...env,
    ...(proxy && { HTTPS_PROXY: proxy }),
  });
  if (plane === POLLERS && text.status === 0) return plainly(text.output, folder);
  // The test engine answers with less than this command prints.
  const connected = text.status === 0 || text.output.includes('panic: ');
  return plainly(connected ? 'connects' : text.output, folder);
}

/** The SDK does not read application files: their values are passed to it. */
async function askPython({ folder, settings, endpoint, target, env }, trusted) {
  const given = {
    KUFLOW_API_CLIENTID: settings['kuflow.api.client-id'],
    KUFLOW_API_CLIENTSECRET: settings['kuflow.api.client-secret'],
    TEMPORAL_NAMESPACE: settings['temporal.namespace'],
    ...Object.fromEntries(
      ['cert', 'key', 'ca'].map((part) => [`TLS_${part}`, settings[`temporal.mutual-tls.${part}`]]),
    ),
  };
  const { output } = await run(python, [join(root, 'bench', 'doctor-peer.py')], folder, {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ...env,
    KUFLOW_API_ENDPOINT: endpoint,
    TEMPORAL_TARGET: target,
    ...trusted,
  });
  return plainly(output, folder);
}

async function askTypescript({ folder, target }) {
  if (typescript === undefined) throw new Error('KUFLOW_TYPESCRIPT_SDK');
  const peer = join(root, 'bench', 'doctor-peer-typescript.mjs');
  const { output } = await run(process.execPath, [peer, typescript], folder, { TEMPORAL_TARGET: target });
  return plainly(output, folder);
}

async function askJava({ folder, target }) {
  if (java === undefined) throw new Error('KUFLOW_JAVA_CLASSPATH');
  const { output } = await run('java', ['-cp', java, 'DoctorPeer'], folder, { TEMPORAL_TARGET: target });
  return plainly(output.replaceAll('SLF4J', 'time=SLF4J').replaceAll('\nSLF4J', '\ntime='), folder);
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

/** One line without anything specific to this machine; ports are written as `PORT`. */
function plainly(text, folder) {
  const line = text
    .replaceAll(folder, '.')
    .replace(/\S*\/site-packages\//g, '')
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

await Promise.all([one(), one()]);
rmSync(base, { recursive: true, force: true });
const file = join(root, 'docs', 'internals', 'doctor-peers.json');
const before = JSON.parse(readFileSync(file, 'utf8'));
const inOrder = (plane, all) => {
  const answers = { ...before[plane], ...seen[plane] };
  return [plane, Object.fromEntries(all.flatMap(({ name }) => (answers[name] ? [[name, answers[name]]] : [])))];
};
const ordered = Object.fromEntries([
  ...matrix.map(({ plane, faults }) => inOrder(plane, faults)),
  inOrder(FORMS, materialForms),
]);
writeFileSync(file, `${JSON.stringify(ordered, undefined, 2)}\n`);
