import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sampleDefinition } from '../../../../src/process/sample.ts';
import { sendJson, startAnsweringServer, type AnsweringServer } from '../../../support/answering-server.ts';
import { makeTestAuthority } from '../../../support/certificates.ts';
import type { Ran } from '../../../support/create-worker.ts';
import { CLIENT_ID } from '../../../support/credential-project.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { leaveRunningState } from '../../../support/running-state.ts';
import { temporaryFolders } from '../../../support/temporary-folder.ts';

const newFolder = temporaryFolders();
const WARNING = `A local KuFlow runs here (process ${process.pid}). Restart its worker`;
const STATE = join('.kuflow', 'dev');

let server: AnsweringServer;
let project: string;
let running: { close(): void } | undefined;

beforeEach(async () => {
  const authority = await makeTestAuthority();
  const pair = await authority.issue({ commonName: 'app' });
  server = await startAnsweringServer(({ method }, response) => {
    const tls = { serverRootCaCertificate: authority.cert, clientCertificate: pair.cert, clientPrivateKey: pair.key };
    if (method === 'GET') sendJson(response, 200, { id: CLIENT_ID, type: 'APPLICATION' });
    else sendJson(response, 200, { type: 'ENGINE_CERTIFICATE', engineCertificate: { namespace: 'loans', tls } });
  });
  project = newFolder();
  writeFileSync(join(project, 'application.yaml'), 'temporal:\n  kuflow-queue: Q\n');
});
afterEach(async () => {
  running?.close();
  running = undefined;
  await server.close();
});

const pull = (target: string): Promise<Ran> =>
  runKuflow(project, ['credentials', 'pull', '--offline', '--force', '--endpoint', server.url, '--target', target], {
    KUFLOW_API_CLIENTID: CLIENT_ID,
    KUFLOW_API_CLIENTSECRET: 'secret',
  });

it('warns about a running local KuFlow if the credentials are for another one', async () => {
  mkdirSync(join(project, STATE), { recursive: true });
  const without = await pull('engine.kuflow.example:443');
  expect(without, without.stderr).toMatchObject({ status: 0 });
  expect(without.stderr).not.toContain('local KuFlow');
  running = await leaveRunningState(join(project, STATE), sampleDefinition());
  expect((await pull('engine.kuflow.example:443')).stderr).toContain(WARNING);
  // The engine of the local KuFlow.
  expect((await pull('127.0.0.1:7483')).stderr).not.toContain('A local KuFlow runs here');
  writeFileSync(join(project, STATE, 'platform.json'), 'nonsense');
  expect(await pull('engine.kuflow.example:443')).toMatchObject({ status: 0 });
});

/** A local KuFlow that runs for the project and whose REST API is the server of this file. */
async function startLocalKuFlow(): Promise<void> {
  mkdirSync(join(project, STATE), { recursive: true });
  writeFileSync(join(project, 'ca.pem'), (await makeTestAuthority()).cert);
  running = await leaveRunningState(join(project, STATE), sampleDefinition(), { http: server.url });
}
const localSettings = (): string => join(project, 'application-local.yaml');

it('refuses to use the local KuFlow without --local', async () => {
  await startLocalKuFlow();
  for (const command of ['pull', 'rotate']) {
    const { status, stderr } = await runKuflow(project, ['credentials', command]);
    expect(status).toBe(2);
    expect(stderr).toContain('No connection to KuFlow is configured');
    expect(stderr).toContain('add --local');
  }
  expect(existsSync(localSettings())).toBe(false);
  expect(server.requests.filter(({ method }) => method === 'POST')).toEqual([]);
});

it('writes the whole connection to the local KuFlow with --local, so that all commands use it', async () => {
  await startLocalKuFlow();
  const local = ['credentials', 'pull', '--local', '--offline'];
  const pulled = await runKuflow(project, [...local, '--json']);
  expect(pulled, pulled.stderr).toMatchObject({ status: 0 });
  expect((JSON.parse(pulled.stdout) as { settings: { keys: string[] } }).settings.keys).toEqual([
    'kuflow.api.endpoint',
    'kuflow.api.client-id',
    'kuflow.api.client-secret',
    'kuflow.api.tenant-id',
    'kuflow.api.ca',
    'temporal.target',
    'temporal.mutual-tls.cert',
    'temporal.mutual-tls.key',
    'temporal.mutual-tls.ca',
    'temporal.namespace',
  ]);
  expect(statSync(localSettings()).mode & 0o777).toBe(0o600);
  expect((await runKuflow(project, local)).stdout).toContain('nothing was requested or changed');

  // Without --local, from the file.
  const { stdout } = await runKuflow(project, ['credentials', 'status', '--json']);
  const { settings } = JSON.parse(stdout) as { settings: { key: string; value: string; source: string }[] };
  const used = Object.fromEntries(settings.map(({ key, value, source }) => [key, [value, source.split(':')[0]]]));
  expect(used).toMatchObject({
    'kuflow.api.endpoint': [`${server.url}/v2024-06-14`, 'application-local.yaml'],
    'kuflow.api.client-secret': ['[redacted]', 'application-local.yaml'],
    'temporal.target': ['127.0.0.1:7483', 'application-local.yaml'],
    'temporal.namespace': ['loans', 'application-local.yaml'],
  });
  const before = server.requests.length;
  const doctor = await runKuflow(project, ['doctor', '--only', 'KF-REST-001,KF-TLS-001', '--json']);
  expect(doctor, doctor.stdout).toMatchObject({ status: 0 });
  expect(server.requests.length).toBeGreaterThan(before);
});

it('writes the connection to the local KuFlow again if it has changed', async () => {
  await startLocalKuFlow();
  const local = ['credentials', 'pull', '--local', '--offline'];
  expect(await runKuflow(project, local)).toMatchObject({ status: 0 });
  writeFileSync(localSettings(), readFileSync(localSettings(), 'utf8').replace('127.0.0.1:7483', '127.0.0.1:7484'));
  const planned = await runKuflow(project, [...local, '--dry-run']);
  expect(planned.stdout).toContain('has other settings for the connection');
  expect(await runKuflow(project, local)).toMatchObject({ status: 0 });
  expect(readFileSync(localSettings(), 'utf8')).toContain('127.0.0.1:7483');
});
