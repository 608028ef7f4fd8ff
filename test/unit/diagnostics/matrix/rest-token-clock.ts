import { type Answerer, closedPort, sendJson } from '../../../support/answering-server.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { startTcpServer } from '../../../support/engine-server.ts';
import { fault, type Fault, type World } from './fault.ts';

const NAME = 'api.kuflow.test';
const rest = (outcome: string): string => `KF-REST-001 ${outcome}`;
const error =
  (status: number, headers: Readonly<Record<string, string>> = {}): Fault['make'] =>
  (world) => {
    world.rest = (_request, response) =>
      sendJson(
        response,
        status,
        { timestamp: new Date().toISOString(), status, message: 'No \u001b[31m', errors: [] },
        headers,
      );
  };
const raw =
  (answer: Answerer): Fault['make'] =>
  (world) =>
    void (world.rest = answer);
const instead =
  (start: (world: World) => Promise<string>): Fault['make'] =>
  async (world) => {
    const url = await start(world);
    world.endpoint = () => url;
  };
const secure =
  (leaf: { hosts: string[]; fromDays?: number; toDays?: number }, trusted = true): Fault['make'] =>
  async (world) => {
    world.restTls = await world.authority.issue({ commonName: 'api', usage: 'server', ...leaf });
    if (!trusted) return;
    world.settings['kuflow.api.ca'] = 'rest-ca.pem';
    world.files['rest-ca.pem'] = world.authority.cert;
  };
const proxied =
  (start: (world: World) => Promise<string>): Fault['make'] =>
  async (world) => {
    await secure({ hosts: [NAME] })(world);
    world.endpoint = (port) => `https://${NAME}:${port}`;
    world.env['HTTPS_PROXY'] = await start(world);
  };

export const restFaults: readonly Fault[] = [
  fault('wrong secret (401)', rest('fail rest-unauthorized'), error(401)),
  fault('no right to anything (403)', rest('fail rest-forbidden'), error(403)),
  fault('KuFlow fails (500)', rest('unknown rest-server'), error(500)),
  fault('too many requests (429)', rest('unknown rest-rate-limited'), error(429)),
  fault('redirect to a login page', rest('fail rest-redirect'), error(302, { location: 'https://login.kuflow.test/' })),
  fault(
    'redirect to itself',
    rest('fail rest-redirect'),
    raw((request, response) => response.writeHead(307, { location: request.url }).end()),
  ),
  fault(
    'HTML page',
    rest('fail rest-html'),
    raw((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><title>Sign in\u001b[2J</title>'),
    ),
  ),
  fault(
    'answer that is no JSON',
    rest('fail rest-not-json'),
    raw((_request, response) => response.writeHead(200).end('hello')),
  ),
  fault(
    'answer that ends in the middle',
    rest('fail rest-truncated'),
    raw((_request, response) => response.writeHead(200).end('{"id": "3f')),
  ),
  fault(
    'answer of another API',
    rest('fail rest-contract'),
    raw((_request, response) => sendJson(response, 200, { type: 7 })),
  ),
  fault(
    'server that never answers',
    rest('unknown rest-timeout'),
    instead(async ({ keep }) => `http://${keep(await startTcpServer(() => undefined)).address}`),
  ),
  fault(
    'server that sends a byte a second',
    rest('unknown rest-timeout'),
    raw((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const timer = setInterval(() => response.write(' '), 300);
      response.on('close', () => clearInterval(timer));
    }),
  ),
  fault(
    'endless headers',
    rest('fail rest-network'),
    instead(async ({ keep }) => {
      const server = await startTcpServer((socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        const timer = setInterval(() => socket.write(`x-${'a'.repeat(4000)}: ${'b'.repeat(4000)}\r\n`), 1);
        socket.on('close', () => clearInterval(timer));
      });
      return `http://${keep(server).address}`;
    }),
  ),
  fault(
    'connection that is cut',
    rest('fail rest-reset'),
    instead(
      async ({ keep }) =>
        `http://${keep(await startTcpServer((socket) => socket.once('data', () => socket.destroy()))).address}`,
    ),
  ),
  fault(
    'nobody listens',
    rest('fail rest-refused'),
    instead(async () => `http://127.0.0.1:${await closedPort()}`),
  ),
  fault(
    'host name that does not exist',
    rest('fail rest-dns'),
    instead(() => Promise.resolve('https://kuflow.invalid')),
  ),
  fault('http:// to a TLS port', rest('fail rest-speaks-tls'), async (world) => {
    await secure({ hosts: ['127.0.0.1'] })(world);
    world.endpoint = (port) => `http://127.0.0.1:${port}`;
  }),
  fault(
    'certificate of an unknown authority',
    rest('fail rest-tls-unknown-authority'),
    secure({ hosts: ['127.0.0.1'] }, false),
  ),
  fault('certificate of another host', rest('fail rest-tls-host-name'), secure({ hosts: ['other.kuflow.test'] })),
  fault(
    'certificate that has expired',
    rest('fail rest-tls-expired'),
    secure({ hosts: ['127.0.0.1'], fromDays: -9, toDays: -1 }),
  ),
  fault(
    'proxy that wants a password',
    rest('fail rest-proxy'),
    proxied(
      async ({ keep }) =>
        keep(await startConnectProxy({ hosts: { [NAME]: '127.0.0.1' }, credentials: 'user:pass' })).url,
    ),
  ),
  fault(
    'proxy that forbids the host',
    rest('fail rest-proxy'),
    proxied(
      async ({ keep }) =>
        `http://${keep(await startTcpServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')))).address}`,
    ),
  ),
  fault(
    'proxy that is not there',
    rest('fail rest-proxy'),
    proxied(async () => `http://127.0.0.1:${await closedPort()}`),
  ),
  fault(
    'tenant of somebody else',
    'KF-REST-002 fail tenant-not-visible',
    ({ settings }) => void (settings['kuflow.api.tenant-id'] = '00000000-0000-4000-8000-000000000000'),
  ),
  fault('several tenants, none named', 'KF-REST-002 warn tenant-not-named', (world) => {
    const healthy = world.rest;
    world.rest = (request, response, index) => {
      if (!request.url.includes('/tenants')) {
        healthy(request, response, index);
        return;
      }
      const content = [1, 2].map((n) => ({ id: `00000000-0000-4000-8000-00000000000${n}`, name: 'T', plan: 'FREE' }));
      sendJson(response, 200, { metadata: { size: 50, page: 0, totalElements: 2, totalPages: 1 }, content });
    };
  }),
];

const token =
  (make: () => { readonly token: string; readonly expiredAt: string }): Fault['make'] =>
  (world) => {
    const healthy = world.rest;
    world.rest = (request, response, index) => {
      if (!request.body.includes('ENGINE_TOKEN')) {
        healthy(request, response, index);
        return;
      }
      sendJson(response, 200, { type: 'ENGINE_TOKEN', engineToken: make() });
    };
  };
const after = (ms: number): string => new Date(Date.now() + ms).toISOString();
const HOUR = 3_600_000;
const jwt = (claims: object): string =>
  [{ alg: 'RS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') +
  '.c2lnbmF0dXJl';

/** KuFlow's clock, and with it the right time, apart from that of this machine, by which Node judges certificates. */
const kuflowDaysAhead =
  (days: number, life: { fromDays: number; toDays: number }): Fault['make'] =>
  async (world) => {
    const ahead = days * 86_400_000;
    await token(() => ({ token: 'canary', expiredAt: after(ahead + HOUR) }))(world);
    const healthy = world.rest;
    world.rest = (request, response, index) => {
      response.setHeader('date', new Date(Date.now() + ahead).toUTCString());
      healthy(request, response, index);
    };
    const server = await world.authority.issue({
      ...{ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] },
      ...life,
    });
    world.engine = { ...world.engine, server };
    const client = await world.authority.issue({ commonName: 'worker', fromDays: -29, toDays: 60 });
    [world.files['tls/client.pem'], world.files['tls/client.key']] = [client.cert, client.key];
  };

export const tokenAndClockFaults: readonly Fault[] = [
  fault(
    'answer without a token',
    'KF-TOKEN-001 fail token-missing',
    token(() => ({ token: '', expiredAt: after(HOUR) })),
  ),
  fault(
    'token that is over',
    'KF-TOKEN-001 warn token-expired-by-clock',
    token(() => ({ token: 'canary', expiredAt: after(-HOUR) })),
  ),
  fault(
    'token whose exp is not its expiredAt',
    'KF-TOKEN-001 warn token-claims-differ',
    token(() => ({ token: jwt({ exp: Math.floor(Date.now() / 1000) + 60 }), expiredAt: after(HOUR) })),
  ),
  fault(
    'token of the future (nbf)',
    'KF-TOKEN-001 warn token-not-yet-valid',
    token(() => ({ token: jwt({ nbf: Math.floor(Date.now() / 1000) + 600 }), expiredAt: after(HOUR) })),
  ),
  fault(
    'token with 1 MB of claims',
    'KF-TOKEN-001 fail token-too-long',
    token(() => ({ token: jwt({ data: 'x'.repeat(1_000_000) }), expiredAt: after(HOUR) })),
  ),
  fault('clock two minutes ahead', 'KF-CLOCK-001 warn clock-off', (world) => void (world.skew = 120_000)),
  fault(
    'clock a year ahead: certificate and token only look expired',
    'KF-CLOCK-001 fail clock-wrong',
    (world) => void (world.skew = 365 * 86_400_000),
  ),
  fault(
    'clock ten days behind: certificate only looks not valid yet',
    'KF-CLOCK-001 fail clock-wrong',
    (world) => void (world.skew = -10 * 86_400_000),
  ),
  fault(
    "clock ten days ahead: the engine's certificate only looks expired",
    'KF-CLOCK-001 fail clock-wrong',
    kuflowDaysAhead(-10, { fromDays: -15, toDays: -5 }),
  ),
  fault(
    "clock ten days behind: the engine's certificate only looks not valid yet",
    'KF-CLOCK-001 fail clock-wrong',
    kuflowDaysAhead(10, { fromDays: 5, toDays: 15 }),
  ),
];
