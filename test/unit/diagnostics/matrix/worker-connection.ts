import http from 'node:http';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import {
  requestEngineCertificate,
  requestEngineToken,
} from '../../../../libraries/typescript/src/internal/authentication.ts';
import {
  identityFromSettings,
  type EngineIdentity,
} from '../../../../libraries/typescript/src/internal/engine-certificate.ts';
import { noMetrics } from '../../../../libraries/typescript/src/internal/metrics.ts';
import { proxyFor } from '../../../../libraries/typescript/src/internal/proxy.ts';
import { createRestClient } from '../../../../libraries/typescript/src/internal/rest-client.ts';
import { loadSettings, type Settings } from '../../../../libraries/typescript/src/internal/settings.ts';

/** How far a worker gets. `connects`: to the end. */
export type WorkerOutcome = { readonly connects: true } | { readonly connects: false; readonly why: string };

/**
 * Does what a TypeScript worker does when it starts, with its own code up to the engine token and certificate: only the call of the engine is
 * made without Temporal's SDK, which is not installed here.
 */
export async function connectAsWorker(folder: string, env: Readonly<Record<string, string>>): Promise<WorkerOutcome> {
  const late = new Promise<WorkerOutcome>((resolve) => {
    setTimeout(() => resolve({ connects: false, why: 'no result within 60 s' }), 60_000).unref();
  });
  return await Promise.race([connect(folder, env), late]);
}

async function connect(folder: string, env: Readonly<Record<string, string>>): Promise<WorkerOutcome> {
  let rest: ReturnType<typeof createRestClient> | undefined;
  try {
    const settings = loadSettings(folder, env);
    rest = createRestClient(settings, noMetrics);
    await rest.call({
      ...{ operation: 'findProcesses', method: 'GET', path: '/processes', query: { size: 1 } },
      signal: AbortSignal.timeout(20_000),
    });
    const token = await requestEngineToken(rest, settings);
    const identity = identityFromSettings(settings) ?? (await requestEngineCertificate(rest, settings));
    if (identity.validTo <= Date.now()) throw new Error('the certificate has expired');
    await describeNamespace(settings, identity, token.value.reveal());
    return { connects: true };
  } catch (error) {
    return { connects: false, why: describe(error) };
  } finally {
    await rest?.close();
  }
}

function describe(error: unknown): string {
  const parts: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause) parts.push(at.message);
  return parts.join(': ');
}

/** Rejects unless the engine describes the namespace of the identity. */
async function describeNamespace(settings: Settings, identity: EngineIdentity, token: string): Promise<void> {
  const { target, serverName } = settings.temporal;
  const { hostname, port } = new URL(`https://${target}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  const plain = await openSocket(settings, host, Number(port === '' ? '443' : port), target);
  const name = serverName ?? host;
  const socket = tls.connect({
    ...{ socket: plain, host: name, ...(net.isIP(name) === 0 && { servername: name }) },
    ...{ cert: identity.cert, key: identity.key.reveal(), ca: identity.ca, ALPNProtocols: ['h2'] },
  });
  try {
    await settle(socket, 'secureConnect');
    const session = http2.connect(`https://${target}`, { createConnection: () => socket });
    try {
      for (const method of ['GetSystemInfo', 'DescribeNamespace'])
        await call(session, method, identity.namespace, token);
    } finally {
      session.destroy();
    }
  } finally {
    socket.destroy();
    plain.destroy();
  }
}

async function openSocket(settings: Settings, host: string, port: number, target: string): Promise<net.Socket> {
  const proxy = proxyFor(settings, target);
  if (proxy === undefined) {
    const socket = net.connect({ host, port });
    await settle(socket, 'connect');
    return socket;
  }
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  const request = http.request({
    ...{ host: proxy.hostname, port: Number(proxy.port || '80'), method: 'CONNECT', path: `${host}:${port}` },
    headers:
      proxy.username === '' ? {} : { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` },
    timeout: 20_000,
  });
  return await new Promise((resolve, reject) => {
    request.once('connect', (response, socket: net.Socket) => {
      if (response.statusCode === 200) resolve(socket);
      else reject(new Error(`the proxy answered ${String(response.statusCode)}`));
    });
    request.once('timeout', () => request.destroy(new Error('the proxy does not answer')));
    request.once('error', reject);
    request.end();
  });
}

async function settle(socket: net.Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer')));
    socket.once(event, () => resolve());
    socket.on('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

async function call(
  session: http2.ClientHttp2Session,
  method: string,
  namespace: string,
  token: string,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stream = session.request({
      ':method': 'POST',
      ':path': `/temporal.api.workflowservice.v1.WorkflowService/${method}`,
      ...{ 'content-type': 'application/grpc', te: 'trailers', authorization: `Bearer ${token}` },
      ...(method === 'DescribeNamespace' && { 'temporal-namespace': namespace }),
    });
    const check = (headers: http2.IncomingHttpHeaders): void => {
      const status = headers['grpc-status'];
      if (status !== undefined && status !== '0') reject(new Error(`${method}: status ${String(status)}`));
    };
    session.on('error', reject).on('close', () => reject(new Error('closed')));
    stream.setTimeout(20_000, () => reject(new Error('no answer')));
    stream
      .on('response', check)
      .on('trailers', check)
      .on('error', reject)
      .on('data', () => undefined);
    stream.on('end', () => resolve());
    stream.end(Buffer.alloc(5));
  });
}
