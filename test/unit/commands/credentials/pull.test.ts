import { mkdirSync, writeFileSync } from 'node:fs';
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
