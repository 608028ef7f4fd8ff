// A worker on an old core. It connects like the KuFlow SDK of its time: certificate first, then the token.
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';

const { KUFLOW_API_ENDPOINT, KUFLOW_API_CLIENTID, KUFLOW_API_CLIENTSECRET, TEMPORAL_TARGET, TEMPORAL_KUFLOWQUEUE } =
  process.env;

async function call(method, path, type, body) {
  const credentials = Buffer.from(`${KUFLOW_API_CLIENTID}:${KUFLOW_API_CLIENTSECRET}`).toString('base64');
  const response = await fetch(`${KUFLOW_API_ENDPOINT}/v2024-06-14${path}`, {
    method,
    headers: { authorization: `Basic ${credentials}`, 'content-type': type },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}

const authenticate = (type) => call('POST', '/authentications', 'application/json', { type });

async function setFirstName(processId) {
  const patch = [{ op: 'add', path: '/firstName', value: 'Ada' }];
  await call('PATCH', `/processes/${processId}/metadata`, 'application/json-patch+json', patch);
}

const { engineCertificate } = await authenticate('ENGINE_CERTIFICATE');
const { namespace, tls } = engineCertificate;
const connection = await NativeConnection.connect({
  address: TEMPORAL_TARGET,
  tls: {
    serverRootCACertificate: Buffer.from(tls.serverRootCaCertificate),
    clientCertPair: { crt: Buffer.from(tls.clientCertificate), key: Buffer.from(tls.clientPrivateKey) },
  },
});
const { engineToken } = await authenticate('ENGINE_TOKEN');
await connection.setMetadata({ authorization: `Bearer ${engineToken.token}` });
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue: TEMPORAL_KUFLOWQUEUE,
  workflowsPath: fileURLToPath(new URL('./workflows.mjs', import.meta.url)),
  activities: { setFirstName },
});
await worker.run();
