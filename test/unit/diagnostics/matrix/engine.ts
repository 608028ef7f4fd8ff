import http2 from 'node:http2';
import https from 'node:https';
import { closedPort } from '../../../support/answering-server.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { listen, startTcpServer, startTlsServer, type TestServer } from '../../../support/engine-server.ts';
import { fault, type Fault, type World } from './fault.ts';

const NAME = 'engine.kuflow.test';
const tls = (code: string, state = 'fail'): string => `KF-TLS-003 ${state} ${code}`;
const instead =
  (start: (world: World) => Promise<TestServer>): Fault['make'] =>
  async (world) => {
    const { address } = world.keep(await start(world));
    world.target = () => address;
  };
const server =
  (
    leaf: { hosts?: string[]; fromDays?: number; toDays?: number },
    by: 'authority' | 'other' = 'authority',
  ): Fault['make'] =>
  async (world) => {
    world.engine = {
      ...world.engine,
      server: await world[by].issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'], ...leaf }),
    };
  };
const own = (world: World) => world.authority.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] });
const status =
  (method: string, code: number): Fault['make'] =>
  (world) =>
    void (world.engine = { ...world.engine, status: { [method]: { code, message: 'n\u00e4h\u001b[31m' } } });
const proxied =
  (start: (world: World) => Promise<string>): Fault['make'] =>
  async (world) => {
    world.target = (port) => `${NAME}:${port}`;
    world.settings['temporal.proxy'] = await start(world);
  };
const answering =
  (head: string) =>
  async ({ keep }: World): Promise<string> =>
    `http://${keep(await startTcpServer((socket) => socket.once('data', () => socket.end(head)))).address}`;

export const engineFaults: readonly Fault[] = [
  fault(
    'host name that does not exist',
    tls('engine-host-not-found'),
    (world) => void (world.target = () => 'engine.invalid:443'),
  ),
  fault('nobody listens', tls('engine-refused'), async (world) => {
    const port = await closedPort();
    world.target = () => `127.0.0.1:${port}`;
  }),
  fault(
    'server that accepts and says nothing',
    tls('engine-silent', 'unknown'),
    instead(() => startTcpServer(() => undefined)),
  ),
  fault(
    'server without TLS',
    tls('engine-plaintext'),
    instead(() => startTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))),
  ),
  fault(
    'connection cut in the handshake',
    tls('engine-reset'),
    instead(() => startTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()))),
  ),
  fault('interception: certificate of another issuer', tls('engine-certificate-untrusted'), server({}, 'other')),
  fault('certificate for another host', tls('engine-host-name-mismatch'), server({ hosts: ['other.kuflow.test'] })),
  fault('server certificate that has expired', tls('engine-certificate-expired'), server({ fromDays: -9, toDays: -1 })),
  fault(
    'server certificate of the future',
    tls('engine-certificate-not-yet-valid'),
    server({ fromDays: 1, toDays: 9 }),
  ),
  fault(
    'client certificate of another authority, TLS 1.3',
    tls('engine-closed-after-handshake'),
    (world) => void (world.engine = { ...world.engine, clientCa: world.other.cert }),
  ),
  fault(
    'client certificate of another authority, TLS 1.2',
    tls('engine-reset'),
    (world) => void (world.engine = { ...world.engine, clientCa: world.other.cert, tls: { maxVersion: 'TLSv1.2' } }),
  ),
  fault(
    'server that knows no ALPN',
    tls('engine-no-http2'),
    instead(async (world) => startTlsServer(await own(world), () => undefined)),
  ),
  fault(
    'server that refuses HTTP/2',
    tls('engine-no-http2'),
    instead(async (world) => startTlsServer({ ...(await own(world)), ALPNProtocols: ['http/1.1'] }, () => undefined)),
  ),
  fault(
    'HTTP/1.1 behind an ALPN that says h2',
    tls('engine-http1'),
    instead(async (world) => listen(https.createServer({ ...(await own(world)), ALPNCallback: () => 'h2' }))),
  ),
  fault(
    'another protocol behind TLS',
    tls('engine-not-http2'),
    instead(async (world) =>
      startTlsServer({ ...(await own(world)), ALPNProtocols: ['h2'] }, (socket) =>
        socket.write('220 mail.example.com ESMTP\r\n'),
      ),
    ),
  ),
  fault(
    'HTTP/2 server that is no gRPC server',
    'KF-ENGINE-001 fail engine-not-grpc',
    instead(async (world) => {
      const web = http2.createSecureServer(await own(world));
      web.on('stream', (stream) => {
        stream.respond({ ':status': 404, 'content-type': 'text/html' });
        stream.end('<html>');
      });
      return listen(web);
    }),
  ),
  fault(
    'token that the engine does not take',
    'KF-ENGINE-001 fail engine-unauthenticated',
    status('GetSystemInfo', 16),
  ),
  fault(
    'application without the right to the engine',
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
    'proxy that wants a password',
    tls('proxy-authentication-required'),
    proxied(
      async ({ keep }) =>
        keep(await startConnectProxy({ hosts: { [NAME]: '127.0.0.1' }, credentials: 'user:pass' })).url,
    ),
  ),
  fault('proxy that forbids the engine', tls('proxy-forbids'), proxied(answering('HTTP/1.1 403 Forbidden\r\n\r\n'))),
  fault(
    'proxy that can not reach the engine',
    tls('proxy-cannot-reach-engine'),
    proxied(answering('HTTP/1.1 502 Bad Gateway\r\n\r\n')),
  ),
  fault(
    'proxy that is not there',
    tls('proxy-refused'),
    proxied(async () => `http://127.0.0.1:${await closedPort()}`),
  ),
];
