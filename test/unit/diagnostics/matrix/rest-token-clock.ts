import { readFileSync, writeFileSync } from 'node:fs';
import http2 from 'node:http2';
import { join } from 'node:path';
import { equal } from 'node:assert/strict';
import { type Answerer, closedPort, sendJson, startAnsweringServer } from '../../../support/answering-server.ts';
import { startConnectProxy } from '../../../support/connect-proxy.ts';
import { listen, startEngineStub, startTcpServer } from '../../../support/engine-server.ts';
import { kuflow } from './setup.ts';
import { fault, following, type Fault, type TestSetup } from './fault.ts';

const NAME = 'api.kuflow.test';
const SECRET = 'canary-client-secret';
const rest = (outcome: string): string => `KF-REST-001 ${outcome}`;
const error =
  (status: number, headers: Readonly<Record<string, string>> = {}): Fault['make'] =>
  (setup) => {
    setup.rest = (_request, response) =>
      sendJson(
        response,
        status,
        { timestamp: new Date().toISOString(), status, message: 'No \u001b[31m', errors: [] },
        headers,
      );
  };
const raw =
  (answer: Answerer): Fault['make'] =>
  (setup) =>
    void (setup.rest = answer);
const instead =
  (start: (setup: TestSetup) => Promise<string>): Fault['make'] =>
  async (setup) => {
    const url = await start(setup);
    setup.endpoint = () => url;
  };
const secure =
  (leaf: { hosts: string[]; fromDays?: number; toDays?: number }, trusted = true): Fault['make'] =>
  async (setup) => {
    setup.restTls = await setup.authority.issue({ commonName: 'api', usage: 'server', ...leaf });
    if (!trusted) return;
    setup.settings['kuflow.api.ca'] = 'rest-ca.pem';
    setup.files['rest-ca.pem'] = setup.authority.cert;
  };
const proxied =
  (start: (setup: TestSetup) => Promise<string>): Fault['make'] =>
  async (setup) => {
    await secure({ hosts: [NAME] })(setup);
    setup.endpoint = (port) => `https://${NAME}:${port}`;
    setup.env['HTTPS_PROXY'] = await start(setup);
  };

/** A server with KuFlow's API below a path; it does not know any other path. */
const below =
  (path: string): Fault['make'] =>
  (setup) => {
    const healthy = setup.rest;
    setup.rest = (request, response, index) => {
      if (request.url.startsWith(`${path}/v`)) healthy(request, response, index);
      else sendJson(response, 404, { timestamp: new Date().toISOString(), status: 404, message: 'No', errors: [] });
    };
  };
/** A gateway that answers 200 and reports errors in the body. */
const answerWithStatus200 = (setup: TestSetup): void => {
  const healthy = setup.rest;
  setup.rest = (request, response, index) => {
    const writeHead = response.writeHead.bind(response);
    response.writeHead = ((_status: number, headers: object) => writeHead(200, headers as never)) as never;
    healthy(request, response, index);
  };
};

/** Answers 403 to requests that contain `text` in address or body. */
const forbid = (setup: TestSetup, text: string): void => {
  const healthy = setup.rest;
  setup.rest = (request, response, index) => {
    if (!`${request.url} ${request.body.toString()}`.includes(text)) healthy(request, response, index);
    else sendJson(response, 403, { timestamp: new Date().toISOString(), status: 403, message: 'No', errors: [] });
  };
};
const DIGITS = '01234567890123456789';
const FOREIGN_TENANT = '00000000-0000-4000-8000-000000000000';
/** KuFlow issues the certificate. */
const withoutCertificate = ({ settings, files }: TestSetup): void => {
  for (const part of ['cert', 'key', 'ca']) settings[`temporal.mutual-tls.${part}`] = undefined;
  settings['temporal.namespace'] = undefined;
  for (const name of Object.keys(files)) Reflect.deleteProperty(files, name);
};

export const restFaults: readonly Fault[] = [
  fault('wrong secret (401)', rest('fail rest-unauthorized'), error(401)),
  fault('application without permissions (403)', rest('fail rest-forbidden'), error(403)),
  fault(
    'typo in the path of the endpoint',
    rest('fail rest-wrong-path'),
    async (setup) => {
      await below('/kuflow')(setup);
      setup.endpoint = (port) => `http://127.0.0.1:${port}/kufow`;
    },
    following(
      /Correct or remove the path (\S+) in the endpoint \(application\.yaml:\d+\)/,
      ({ settings }, path = '') => {
        settings['kuflow.api.endpoint'] = settings['kuflow.api.endpoint']?.replace(path, '/kuflow');
      },
    ),
  ),
  fault(
    'endpoint without the path of the API',
    rest('fail rest-wrong-path'),
    below('/kuflow'),
    following(/whether the endpoint needs a path \(application\.yaml:\d+\)/, ({ settings }) => {
      settings['kuflow.api.endpoint'] = `${settings['kuflow.api.endpoint'] ?? ''}/kuflow`;
    }),
  ),
  fault(
    'server in front of KuFlow that does not forward /authentications',
    'KF-TOKEN-001 fail rest-wrong-path',
    (setup) => {
      const healthy = setup.rest;
      setup.rest = (request, response, index) => {
        if (!request.url.endsWith('/authentications')) healthy(request, response, index);
        else sendJson(response, 404, { timestamp: new Date().toISOString(), status: 404, message: 'No', errors: [] });
      };
    },
    following(/every server in front of it forwards POST \/v[\d-]+\/authentications/, (setup) => {
      setup.rest = kuflow(setup);
    }),
  ),
  fault(
    'unsolicited 100 Continue',
    rest('fail rest-continue'),
    raw((_request, response) => {
      response.writeContinue();
      sendJson(response, 200, {});
    }),
    following(/100 Continue/, (setup) => {
      setup.rest = kuflow(setup);
    }),
  ),
  fault(
    'secret of digits without quotes, which another program has written as a number',
    rest('fail rest-unauthorized'),
    (setup) => {
      setup.rest = kuflow(setup, DIGITS);
      setup.afterwards.push(() => {
        const path = join(setup.folder, 'application-local.yaml');
        writeFileSync(
          path,
          readFileSync(path, 'utf8').replace(/client-secret: .*/, `client-secret: ${Number(DIGITS)}`),
        );
      });
    },
    following(/Copy the client secret from the KuFlow app into (application-local\.yaml):4, in quotes/, (setup) => {
      setup.local['kuflow.api.client-secret'] = DIGITS;
    }),
  ),
  fault(
    'wrong CA that NODE_TLS_REJECT_UNAUTHORIZED=0 hides',
    rest('fail rest-tls-unknown-authority'),
    async (setup) => {
      await secure({ hosts: ['127.0.0.1'] })(setup);
      setup.files['rest-ca.pem'] = setup.other.cert;
      setup.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    },
    following(/Remove (NODE_TLS_REJECT_UNAUTHORIZED)/, (setup, variable = '') => {
      Reflect.deleteProperty(setup.env, variable);
      setup.files['rest-ca.pem'] = setup.authority.cert;
    }),
  ),
  fault('KuFlow server error (500)', rest('unknown rest-server'), error(500)),
  fault('too many requests (429)', rest('unknown rest-rate-limited'), error(429)),
  fault('redirect to a login page', rest('fail rest-redirect'), error(302, { location: 'https://login.kuflow.test/' })),
  fault(
    'redirect to itself',
    rest('fail rest-redirect'),
    raw((request, response) => response.writeHead(307, { location: request.url }).end()),
  ),
  fault(
    'HTML response',
    rest('fail rest-html'),
    raw((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html><title>Sign in\u001b[2J</title>'),
    ),
  ),
  fault(
    'response that is not JSON',
    rest('fail rest-not-json'),
    raw((_request, response) => response.writeHead(200).end('hello')),
  ),
  fault(
    'truncated response',
    rest('fail rest-truncated'),
    raw((_request, response) => response.writeHead(200).end('{"id": "3f')),
  ),
  fault(
    'response of another API',
    rest('fail rest-contract'),
    raw((_request, response) => sendJson(response, 200, { type: 7 })),
  ),
  fault(
    'server that never responds',
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
    'connection reset',
    rest('fail rest-reset'),
    instead(
      async ({ keep }) =>
        `http://${keep(await startTcpServer((socket) => socket.once('data', () => socket.destroy()))).address}`,
    ),
  ),
  fault(
    'connection refused',
    rest('fail rest-refused'),
    instead(async () => `http://127.0.0.1:${await closedPort()}`),
  ),
  fault(
    'host name that does not exist',
    rest('fail rest-dns'),
    instead(() => Promise.resolve('https://kuflow.invalid')),
  ),
  fault('http:// to a TLS port', rest('fail rest-speaks-tls'), async (setup) => {
    await secure({ hosts: ['127.0.0.1'] })(setup);
    setup.endpoint = (port) => `http://127.0.0.1:${port}`;
  }),
  fault('https:// to a plain HTTP port', rest('fail rest-plain-http'), (setup) => {
    setup.restTls = undefined;
    setup.endpoint = (port) => `https://127.0.0.1:${port}`;
  }),
  fault(
    'https:// to the port of the engine',
    rest('fail rest-grpc-port'),
    instead(
      async ({ keep, authority }) =>
        `https://${keep(await startEngineStub({ server: await authority.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] }), clientCa: authority.cert })).address}`,
    ),
  ),
  fault(
    'http:// to the port of an engine without TLS',
    rest('fail rest-grpc-port'),
    instead(async ({ keep }) => `http://${keep(await listen(http2.createServer())).address}`),
  ),
  fault(
    'certificate of an unknown authority',
    rest('fail rest-tls-unknown-authority'),
    secure({ hosts: ['127.0.0.1'] }, false),
  ),
  fault('certificate of another host', rest('fail rest-tls-host-name'), secure({ hosts: ['other.kuflow.test'] })),
  fault(
    'expired certificate',
    rest('fail rest-tls-expired'),
    secure({ hosts: ['127.0.0.1'], fromDays: -9, toDays: -1 }),
  ),
  fault(
    'wrong credentials reported in the body of a 200 response',
    rest('fail rest-unauthorized'),
    (setup) => {
      answerWithStatus200(setup);
      setup.local['kuflow.api.client-secret'] = 'canary-other-secret';
    },
    following(/Compare the client ID and client secret/, ({ local }) => {
      local['kuflow.api.client-secret'] = SECRET;
    }),
  ),
  fault(
    'server that requires another protocol (426)',
    rest('fail rest-upgrade'),
    instead(async ({ keep }) => {
      const server = await startAnsweringServer((_request, response) =>
        response.writeHead(426, { upgrade: 'websocket', connection: 'upgrade' }).end('Upgrade Required'),
      );
      return keep(server).url;
    }),
    following(/Check the host and port of the endpoint; .*websocket/, (setup) => {
      setup.endpoint = undefined;
      setup.settings['kuflow.api.endpoint'] = undefined;
    }),
  ),
  fault(
    'kuflow.api.ca with another CA',
    rest('fail rest-tls-unknown-authority'),
    async (setup) => {
      await secure({ hosts: ['127.0.0.1'] })(setup);
      setup.files['rest-ca.pem'] = setup.other.cert;
    },
    following(
      /Replace the certificates in (\S+) \(kuflow\.api\.ca.*"CN=Other CA".*"CN=Test CA"/,
      (setup, path = '') => {
        equal(path, join(setup.folder, 'rest-ca.pem'));
        setup.files['rest-ca.pem'] = setup.authority.cert;
      },
    ),
  ),
  fault(
    'NODE_EXTRA_CA_CERTS with a file that does not exist',
    rest('fail rest-tls-unknown-authority'),
    async (setup) => {
      await secure({ hosts: ['127.0.0.1'] }, false)(setup);
      setup.env['NODE_EXTRA_CA_CERTS'] = '/nowhere/ca.pem';
    },
    // Node reads the variable only when it starts.
    following(/NODE_EXTRA_CA_CERTS.*\/nowhere\/ca\.pem.*ENOENT.*set kuflow\.api\.ca/, (setup) => {
      setup.settings['kuflow.api.ca'] = 'rest-ca.pem';
      setup.files['rest-ca.pem'] = setup.authority.cert;
    }),
  ),
  fault(
    'proxy that requires a password',
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
    'proxy that refuses connections',
    rest('fail rest-proxy'),
    proxied(async () => `http://127.0.0.1:${await closedPort()}`),
  ),
  fault(
    'tenant of another customer',
    'KF-REST-002 fail tenant-not-visible',
    ({ settings }) => void (settings['kuflow.api.tenant-id'] = FOREIGN_TENANT),
  ),
  fault(
    'tenant of another customer, without a configured certificate',
    'KF-REST-002 fail tenant-not-visible',
    (setup) => {
      setup.settings['kuflow.api.tenant-id'] = FOREIGN_TENANT;
      withoutCertificate(setup);
      forbid(setup, FOREIGN_TENANT);
    },
  ),
  fault(
    'namespace of another tenant, with a certificate from KuFlow',
    'KF-TLS-002 fail certificate-other-namespace',
    (setup) => {
      withoutCertificate(setup);
      setup.env['TEMPORAL_NAMESPACE'] = 'default';
    },
  ),
  fault('several tenants, none configured', 'KF-REST-002 warn tenant-not-named', (setup) => {
    const healthy = setup.rest;
    setup.rest = (request, response, index) => {
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
  (setup) => {
    const healthy = setup.rest;
    setup.rest = (request, response, index) => {
      if (!request.body.includes('ENGINE_TOKEN')) {
        healthy(request, response, index);
        return;
      }
      sendJson(response, 200, { type: 'ENGINE_TOKEN', engineToken: make() });
    };
  };
const after = (ms: number): string => new Date(Date.now() + ms).toISOString();
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const jwt = (claims: object): string =>
  [{ alg: 'RS256' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.') +
  '.c2lnbmF0dXJl';

/** KuFlow's clock, and with it the right time, apart from that of this machine, by which Node judges certificates. */
const kuflowDaysAhead =
  (days: number, life: { fromDays: number; toDays: number }): Fault['make'] =>
  async (setup) => {
    const ahead = days * 86_400_000;
    await token(() => ({ token: 'canary', expiredAt: after(ahead + HOUR) }))(setup);
    const healthy = setup.rest;
    setup.rest = (request, response, index) => {
      response.setHeader('date', new Date(Date.now() + ahead).toUTCString());
      healthy(request, response, index);
    };
    const server = await setup.authority.issue({
      ...{ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] },
      ...life,
    });
    setup.engine = { ...setup.engine, server };
    const client = await setup.authority.issue({ commonName: 'worker', fromDays: -29, toDays: 60 });
    [setup.files['tls/client.pem'], setup.files['tls/client.key']] = [client.cert, client.key];
  };

/** The engine, whose clock is right, rejects the tokens. */
const kuflowDayBehind = (setup: TestSetup): void => {
  const healthy = setup.rest;
  const right = (): boolean => setup.rest === healthy;
  const expiredAt = after(HOUR - DAY);
  setup.rest = (request, response, index) => {
    response.setHeader('date', new Date(Date.now() - DAY).toUTCString());
    if (!request.body.includes('ENGINE_TOKEN')) healthy(request, response, index);
    else sendJson(response, 200, { type: 'ENGINE_TOKEN', engineToken: { token: 'canary', expiredAt } });
  };
  const status = {
    get GetSystemInfo() {
      return right() ? { code: 0 } : { code: 16 };
    },
  };
  setup.engine = { ...setup.engine, status };
};

export const tokenAndClockFaults: readonly Fault[] = [
  fault(
    'response without a token',
    'KF-TOKEN-001 fail token-missing',
    token(() => ({ token: '', expiredAt: after(HOUR) })),
  ),
  fault(
    'expired token',
    'KF-TOKEN-001 warn token-expired-by-clock',
    token(() => ({ token: 'canary', expiredAt: after(-HOUR) })),
  ),
  fault(
    'token with different exp and expiredAt',
    'KF-TOKEN-001 warn token-claims-differ',
    token(() => ({ token: jwt({ exp: Math.floor(Date.now() / 1000) + 60 }), expiredAt: after(HOUR) })),
  ),
  fault(
    'token that is not valid yet (nbf)',
    'KF-TOKEN-001 warn token-not-yet-valid',
    token(() => ({ token: jwt({ nbf: Math.floor(Date.now() / 1000) + 600 }), expiredAt: after(HOUR) })),
  ),
  fault(
    'token with 1 MB of claims',
    'KF-TOKEN-001 fail token-too-long',
    token(() => ({ token: jwt({ data: 'x'.repeat(1_000_000) }), expiredAt: after(HOUR) })),
  ),
  fault('clock two minutes ahead', 'KF-CLOCK-001 warn clock-off', (setup) => void (setup.skew = 120_000)),
  fault(
    'clock a year ahead: certificate and token look expired',
    'KF-CLOCK-001 fail clock-wrong',
    (setup) => void (setup.skew = 365 * 86_400_000),
  ),
  fault(
    'clock ten days behind: certificate looks not valid yet',
    'KF-CLOCK-001 fail clock-wrong',
    (setup) => void (setup.skew = -10 * 86_400_000),
  ),
  fault(
    "KuFlow's clock a day behind",
    'KF-CLOCK-001 fail clock-wrong',
    async (setup) => {
      const healthy = setup.rest;
      kuflowDayBehind(setup);
      const client = await setup.authority.issue({ commonName: 'worker', fromDays: -0.5, toDays: 60 });
      [setup.files['tls/client.pem'], setup.files['tls/client.key']] = [client.cert, client.key];
      setup.repair = () => {
        setup.rest = healthy;
      };
    },
    following(/If this machine's clock is right.*report .* to KuFlow/, (setup) => setup.repair?.()),
  ),
  fault(
    'clock ten days ahead: engine certificate looks expired',
    'KF-CLOCK-001 fail clock-wrong',
    kuflowDaysAhead(-10, { fromDays: -15, toDays: -5 }),
  ),
  fault(
    'clock ten days behind: engine certificate looks not valid yet',
    'KF-CLOCK-001 fail clock-wrong',
    kuflowDaysAhead(10, { fromDays: 5, toDays: 15 }),
  ),
];
