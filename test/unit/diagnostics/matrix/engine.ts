import http2 from 'node:http2';
import https from 'node:https';
import { equal } from 'node:assert/strict';
import { makeTestAuthority } from '../../../support/certificates.ts';
import { closedPort, sendJson } from '../../../support/answering-server.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { listen, startTcpServer, startTlsServer, type TestServer } from '../../../support/engine-server.ts';
import { runKuflow } from '../../../support/run-kuflow.ts';
import { fault, following, type Fault, type TestSetup } from './fault.ts';

const NAME = 'engine.kuflow.test';
const tls = (code: string, state = 'fail'): string => `KF-TLS-003 ${state} ${code}`;
const instead =
  (start: (setup: TestSetup) => Promise<TestServer>): Fault['make'] =>
  async (setup) => {
    const { address } = setup.keep(await start(setup));
    setup.target = () => address;
  };
const server =
  (
    leaf: { hosts?: string[]; fromDays?: number; toDays?: number },
    by: 'authority' | 'other' = 'authority',
  ): Fault['make'] =>
  async (setup) => {
    setup.engine = {
      ...setup.engine,
      server: await setup[by].issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'], ...leaf }),
    };
  };
const own = (setup: TestSetup) =>
  setup.authority.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] });
const status =
  (method: string, code: number): Fault['make'] =>
  (setup) =>
    void (setup.engine = { ...setup.engine, status: { [method]: { code, message: 'n\u00e4h\u001b[31m' } } });
const proxied =
  (start: (setup: TestSetup) => Promise<string>): Fault['make'] =>
  async (setup) => {
    setup.target = (port) => `${NAME}:${port}`;
    setup.settings['temporal.proxy'] = await start(setup);
  };
const answering =
  (head: string) =>
  async ({ keep }: TestSetup): Promise<string> =>
    `http://${keep(await startTcpServer((socket) => socket.once('data', () => socket.end(head)))).address}`;

export const engineFaults: readonly Fault[] = [
  fault(
    'host name that does not exist',
    tls('engine-host-not-found'),
    (setup) => void (setup.target = () => 'engine.invalid:443'),
  ),
  fault('connection refused', tls('engine-refused'), async (setup) => {
    const port = await closedPort();
    setup.target = () => `127.0.0.1:${port}`;
  }),
  fault(
    'server that accepts connections and does not respond',
    tls('engine-silent', 'unknown'),
    instead(() => startTcpServer(() => undefined)),
  ),
  fault(
    'server without TLS',
    tls('engine-plaintext'),
    instead(() => startTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
  ),
  fault(
    'connection reset during the handshake',
    tls('engine-reset'),
    instead(() => startTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()))),
  ),
  fault('TLS interception: certificate of another issuer', tls('engine-certificate-untrusted'), server({}, 'other')),
  fault('certificate for another host', tls('engine-host-name-mismatch'), server({ hosts: ['other.kuflow.test'] })),
  fault('expired server certificate', tls('engine-certificate-expired'), server({ fromDays: -9, toDays: -1 })),
  fault(
    'server certificate that is not valid yet',
    tls('engine-certificate-not-yet-valid'),
    server({ fromDays: 1, toDays: 9 }),
  ),
  fault(
    'client certificate of another authority, TLS 1.3',
    tls('engine-closed-after-handshake'),
    (setup) => void (setup.engine = { ...setup.engine, clientCa: setup.other.cert }),
  ),
  fault(
    'client certificate of another authority, TLS 1.2',
    tls('engine-reset'),
    (setup) => void (setup.engine = { ...setup.engine, clientCa: setup.other.cert, tls: { maxVersion: 'TLSv1.2' } }),
  ),
  fault('client certificate from another issuer', tls('engine-closed-after-handshake'), async (setup) => {
    const foreign = await setup.other.issue({ commonName: 'worker', fromDays: -1, toDays: 60 });
    [setup.files['tls/client.pem'], setup.files['tls/client.key']] = [foreign.cert, foreign.key];
  }),
  fault(
    'certificates of an older CA',
    tls('engine-certificate-untrusted'),
    async (setup) => {
      const old = await makeTestAuthority();
      const client = await old.issue({ commonName: 'worker', fromDays: -20, toDays: 60 });
      Object.assign(setup.files, {
        'tls/client.pem': client.cert,
        'tls/client.key': client.key,
        'tls/ca.pem': old.cert,
      });
    },
    async (setup, advice) => {
      await following(/kuflow (credentials pull --force)$/, async ({ folder, env }, command = '') => {
        const pulled = await runKuflow(folder, command.split(' '), env);
        equal(pulled.status, 0, pulled.stderr);
      })(setup, advice, () => undefined);
    },
  ),
  fault(
    'server without ALPN',
    tls('engine-no-http2'),
    instead(async (setup) => startTlsServer(await own(setup), () => undefined)),
  ),
  fault(
    'server that refuses HTTP/2',
    tls('engine-no-http2'),
    instead(async (setup) => startTlsServer({ ...(await own(setup)), ALPNProtocols: ['http/1.1'] }, () => undefined)),
  ),
  fault(
    'HTTP/1.1 after negotiating h2',
    tls('engine-http1'),
    instead(async (setup) => listen(https.createServer({ ...(await own(setup)), ALPNCallback: () => 'h2' }))),
  ),
  fault(
    'another protocol behind TLS',
    tls('engine-not-http2'),
    instead(async (setup) =>
      startTlsServer({ ...(await own(setup)), ALPNProtocols: ['h2'] }, (socket) =>
        socket.write('220 mail.example.com ESMTP\r\n'),
      ),
    ),
  ),
  fault(
    'HTTP/2 server without gRPC',
    'KF-ENGINE-001 fail engine-not-grpc',
    instead(async (setup) => {
      const web = http2.createSecureServer(await own(setup));
      web.on('stream', (stream) => {
        stream.respond({ ':status': 404, 'content-type': 'text/html' });
        stream.end('<html>');
      });
      return listen(web);
    }),
  ),
  fault('token that the engine rejects', 'KF-ENGINE-001 fail engine-unauthenticated', status('GetSystemInfo', 16)),
  fault(
    'application without engine permissions',
    'KF-ENGINE-001 fail engine-permission-denied',
    status('GetSystemInfo', 7),
  ),
  fault('engine that is not ready', 'KF-ENGINE-001 unknown engine-unavailable', status('GetSystemInfo', 14)),
  fault(
    'namespace that does not exist',
    'KF-ENGINE-002 fail engine-namespace-not-found',
    status('DescribeNamespace', 5),
  ),
  fault(
    'typo in the namespace of a certificate that KuFlow issued',
    'KF-ENGINE-002 fail engine-namespace-differs',
    async (setup) => {
      const pair = await setup.authority.issue({ commonName: 'worker, O=tenant-1', toDays: 60 });
      [setup.files['tls/client.pem'], setup.files['tls/client.key']] = [pair.cert, pair.key];
      setup.engine = { ...setup.engine, namespace: 'tenant-1' };
      setup.settings['temporal.namespace'] = 'tennant-1';
    },
    following(/Set temporal\.namespace to (\S+) \(application\.yaml:\d+\)/, ({ settings }, namespace) => {
      settings['temporal.namespace'] = namespace;
    }),
  ),
  fault(
    'typo in the namespace, which only the token shows',
    'KF-ENGINE-002 fail engine-namespace-differs',
    (setup) => {
      const claims = Buffer.from(JSON.stringify({ namespace: 'tenant-1' })).toString('base64url');
      const engineToken = {
        token: `${Buffer.from('{"alg":"RS256"}').toString('base64url')}.${claims}.c2lnbmF0dXJl`,
        expiredAt: new Date(Date.now() + 3_600_000).toISOString(),
      };
      const healthy = setup.rest;
      setup.rest = (request, response, index) => {
        if (request.body.includes('ENGINE_TOKEN')) sendJson(response, 200, { type: 'ENGINE_TOKEN', engineToken });
        else healthy(request, response, index);
      };
      setup.engine = { ...setup.engine, namespace: 'tenant-1' };
      setup.env['TEMPORAL_NAMESPACE'] = 'tenant-2';
    },
    following(/Set temporal\.namespace to (\S+) \(TEMPORAL_NAMESPACE\)/, ({ env }, namespace = '') => {
      env['TEMPORAL_NAMESPACE'] = namespace;
    }),
  ),
  fault(
    'application that may not use its namespace',
    'KF-ENGINE-002 fail engine-namespace-denied',
    status('DescribeNamespace', 7),
  ),
  fault(
    'proxy that requires a password',
    tls('proxy-authentication-required'),
    proxied(
      async ({ keep }) =>
        keep(await startConnectProxy({ hosts: { [NAME]: '127.0.0.1' }, credentials: 'user:pass' })).url,
    ),
  ),
  fault('proxy that forbids the engine', tls('proxy-forbids'), proxied(answering('HTTP/1.1 403 Forbidden\r\n\r\n'))),
  fault(
    'proxy that cannot reach the engine',
    tls('proxy-cannot-reach-engine'),
    proxied(answering('HTTP/1.1 502 Bad Gateway\r\n\r\n')),
  ),
  fault(
    'proxy that refuses connections',
    tls('proxy-refused'),
    proxied(async () => `http://127.0.0.1:${await closedPort()}`),
  ),
];
