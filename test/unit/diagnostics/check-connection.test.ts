import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../src/base/secret.ts';
import { checkConnection, type CheckConnectionOptions } from '../../../src/diagnostics/check-connection.ts';
import { inspectConnection } from '../../../src/connection/inspect.ts';
import type { CheckEvent } from '../../../src/diagnostics/check.ts';
import type { ConnectionReport } from '../../../src/diagnostics/report-and-exit-status.ts';
import { variableOf, type SettingName } from '../../../src/settings/keys.ts';
import { resolveSettings } from '../../../src/settings/precedence.ts';
import { type Answerer, type AnsweringServer, sendJson, startAnsweringServer } from '../../support/answering-server.ts';
import { makeTestAuthority, type TestAuthority, type TestPair } from '../../support/certificates.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import { startEngineStub, startTcpServer, type TestServer, unusedPort } from '../../support/engine-server.ts';

const CLIENT_ID = '3f1c5c2e-8a55-4f0c-9a44-3f2f3f0f9b10';
const SECRET = 'canary-client-secret';
const TOKEN = 'canary-engine-token';

let authority: TestAuthority;
let server: TestPair;
let client: TestPair;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  authority = await makeTestAuthority();
  server = await authority.issue({
    commonName: 'server',
    usage: 'server',
    hosts: ['127.0.0.1', 'localhost', 'api.kuflow.test', 'engine.kuflow.test'],
  });
  client = await authority.issue({ commonName: 'worker' });
});

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

function keep<T extends { close(): Promise<unknown> }>(opened: T): T {
  open.push(() => opened.close());
  return opened;
}

const errorBody = (status: number): object => ({
  timestamp: new Date().toISOString(),
  status,
  message: 'No',
  errors: [],
});

/** The parts of KuFlow's REST API that the checks call: principals, tokens and certificates. */
const kuflow: Answerer = (request, response) => {
  const kind = request.method === 'POST' ? (JSON.parse(request.body.toString()) as { type: string }).type : request.url;
  if (request.headers.authorization !== `Basic ${Buffer.from(`${CLIENT_ID}:${SECRET}`).toString('base64')}`) {
    sendJson(response, 401, errorBody(401));
    return;
  }
  if (kind === 'ENGINE_TOKEN') {
    sendJson(response, 200, {
      type: kind,
      engineToken: { token: TOKEN, expiredAt: new Date(Date.now() + 3_600_000).toISOString() },
    });
    return;
  }
  if (kind === 'ENGINE_CERTIFICATE') {
    const tls = {
      serverRootCaCertificate: authority.cert,
      clientCertificate: client.cert,
      clientPrivateKey: client.key,
    };
    sendJson(response, 200, { type: kind, engineCertificate: { namespace: 'tenant-1', tls } });
    return;
  }
  sendJson(response, 200, { id: CLIENT_ID, type: 'APPLICATION', name: 'Loan worker' });
};

const rest = async (answer: Answerer, secure = false): Promise<AnsweringServer> =>
  keep(await startAnsweringServer(answer, secure ? server : undefined));
const engine = async (): Promise<TestServer> => keep(await startEngineStub({ server, clientCa: authority.cert }));

type Settings = Parameters<typeof inspectConnection>[0];
type Values = Partial<Record<SettingName, string | Secret>>;

/** Settings from variables. Their values are not checked. */
function settingsOf(values: Values): Settings {
  const settings = Object.entries(values).map(([key, value]) => {
    const name = variableOf(key as SettingName);
    return [key, { value, source: { kind: 'environment', name }, shadows: [] }];
  });
  return { settings: Object.fromEntries(settings) as Settings['settings'], problems: [] };
}

const settings = (endpoint: string, target: string, more: Values = {}): Settings =>
  settingsOf({
    'kuflow.api.endpoint': endpoint,
    'kuflow.api.client-id': CLIENT_ID,
    'kuflow.api.client-secret': new Secret(SECRET),
    'temporal.target': target,
    ...more,
  });

const certificate = (key: string): Values => ({
  'temporal.mutual-tls.cert-data': client.cert,
  'temporal.mutual-tls.key-data': new Secret(key),
  'temporal.mutual-tls.ca-data': authority.cert,
});

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'doctor-settings-'));
  open.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function check(given: Settings, options: CheckConnectionOptions = {}): Promise<ConnectionReport> {
  const report = await checkConnection(await inspectConnection(given, options.env ?? {}), {
    env: {},
    retry: 'npm run check',
    restMs: 2_000,
    stepMs: 2_000,
    ...options,
  });
  for (const canary of [SECRET, TOKEN, 'PRIVATE KEY']) expect(JSON.stringify(report)).not.toContain(canary);
  return report;
}

const root = (report: ConnectionReport): string => {
  const own = report.results.filter(
    ({ state, skipped }) => state !== 'pass' && skipped !== 'blocked' && skipped !== 'not-applicable',
  );
  return own.map(({ id, state, cause }) => `${id} ${state} ${cause?.code ?? '?'}`).join(', ');
};

describe('checkConnection', () => {
  it('passes every check on a healthy setup, reports each one, and lists what it created', async () => {
    const finished: string[] = [];
    const report = (event: CheckEvent): void => {
      if (event.kind === 'check-finished') finished.push(`${event.result.id} ${event.result.state}`);
    };
    const api = await rest(kuflow);
    const result = await check(settings(api.url, (await engine()).address), { report });
    expect(root(result)).toBe('');
    expect(result).toMatchObject({ status: 0, next: [], created: ['engine token', 'engine certificate'] });
    expect(finished).toEqual(result.results.map(({ id, state }) => `${id} ${state}`));
    expect(finished.filter((line) => line.endsWith('skip'))).toEqual(['KF-TLS-001 skip']);
    expect(result.results.find(({ id }) => id === 'KF-REST-001')?.summary).toContain('Loan worker');
    expect(api.requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST']);
  });

  it('requests no certificate if one is configured, and requires its namespace', async () => {
    const api = await rest(kuflow);
    const target = (await engine()).address;
    const configured = certificate(client.key);
    const result = await check(settings(api.url, target, { ...configured, 'temporal.namespace': 'mine' }));
    expect(root(result)).toBe('');
    expect(result.created).toEqual(['engine token']);
    expect(api.requests.some(({ body }) => body.includes('ENGINE_CERTIFICATE'))).toBe(false);
    const without = await check(settings(api.url, target, configured));
    expect(root(without)).toBe('KF-SET-006 fail settings-incomplete');
    expect(without.firstFailure?.summary).toContain('temporal.namespace');
  });

  it('finds two independent root causes: rejected credentials and a key mismatch', async () => {
    const api = await rest((_request, response) => sendJson(response, 401, errorBody(401)));
    const other = await authority.issue({ commonName: 'other' });
    const configured = { ...certificate(other.key), 'temporal.namespace': 'n' };
    const result = await check(settings(api.url, '127.0.0.1:1', configured));
    expect(root(result)).toBe('KF-REST-001 fail rest-unauthorized, KF-TLS-001 fail certificate-key-mismatch');
    expect(result.results.find(({ id }) => id === 'KF-TLS-003')?.blockedBy).toBe('KF-TLS-001');
  });

  it('lists the tenants if the principal is hidden', async () => {
    const api = await rest((request, response, index) => {
      if (request.url.includes('/principals/')) {
        sendJson(response, 403, errorBody(403));
        return;
      }
      if (request.url.includes('/tenants')) {
        sendJson(response, 200, {
          metadata: { size: 1, page: 0, totalElements: 0, totalPages: 0 },
          content: [],
        });
        return;
      }
      kuflow(request, response, index);
    });
    const result = await check(settings(api.url, (await engine()).address));
    expect(root(result)).toBe('');
    const refusing = await rest((_request, response) => sendJson(response, 403, errorBody(403)));
    expect(root(await check(settings(refusing.url, '127.0.0.1:1')))).toBe('KF-REST-001 fail rest-forbidden');
  });

  it('uses the proxy for the REST API and the engine, with names that only it resolves', async () => {
    const api = await rest(kuflow, true);
    const target = await engine();
    const hosts = { 'api.kuflow.test': '127.0.0.1', 'engine.kuflow.test': '127.0.0.1' };
    const proxy = keep(await startConnectProxy({ hosts, credentials: 'user:pass' }));
    const url = proxy.url.replace('http://', 'http://user:pass@');
    const ca = join(await temporaryFolder(), 'ca.pem');
    await writeFile(ca, authority.cert);
    const result = await check(
      settings(`https://api.kuflow.test:${api.port}`, `engine.kuflow.test:${target.port}`, { 'kuflow.api.ca': ca }),
      { env: { HTTPS_PROXY: url } },
    );
    expect(root(result)).toBe('');
    expect(new Set(proxy.connects)).toEqual(
      new Set([`api.kuflow.test:${api.port}`, `engine.kuflow.test:${target.port}`]),
    );
    expect(result.results[1]?.facts['engineRoute']).toContain('HTTPS_PROXY');
    expect(JSON.stringify(result)).not.toContain('user:pass');
  });
});

describe('settings', () => {
  it('lists everything that is missing or invalid at once, without a request', async () => {
    const api = await rest(kuflow);
    const target = 'https://engine.kuflow.com';
    const result = await check(settingsOf({ 'kuflow.api.endpoint': api.url, 'temporal.target': target }));
    expect(root(result)).toBe('KF-SET-001 fail settings-incomplete, KF-SET-006 fail settings-incomplete');
    const seen = result.results.map(({ summary }) => summary).join();
    for (const key of ['kuflow.api.client-id', 'kuflow.api.client-secret', 'temporal.target'])
      expect(seen).toContain(key);
    expect(result.status).toBe(2);
    expect(result.next.at(-1)).toContain('npm run check');
    expect(api.requests).toEqual([]);
  });

  it('reports an invalid endpoint and an invalid proxy with their sources', async () => {
    const bad = await check(settings('ftp://kuflow', '127.0.0.1:1'));
    expect(bad.firstFailure?.summary).toContain('KUFLOW_API_ENDPOINT');
    const proxy = { 'temporal.proxy': new Secret('socks://proxy:1080') };
    const socks = await check(settings('https://api.kuflow.test', 'engine.kuflow.test:443', proxy));
    expect(socks.firstFailure?.summary).toContain('TEMPORAL_PROXY');
  });
});

describe('resolved settings', () => {
  const folderWith = async (files: Readonly<Record<string, string>>): Promise<string> => {
    const folder = await temporaryFolder();
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
    return folder;
  };
  const resolved = (dir: string, env: Readonly<Record<string, string>>): Promise<Settings> =>
    resolveSettings({ env, files: { dir }, cwd: dir, required: [] });

  it('connect with a REST CA and mutual TLS from files, and appear with their sources', async () => {
    const api = await rest(kuflow, true);
    const dir = await folderWith({
      'ca.pem': authority.cert,
      'client.pem': client.cert,
      'client.key': client.key,
      'application.yaml': `kuflow:\n  api:\n    endpoint: ${api.url}\n    ca: ca.pem\ntemporal:\n  target: ${(await engine()).address}\n  namespace: mine\n  mutual-tls: { cert: client.pem, key: client.key, ca: ca.pem }\n`,
      'application-local.yaml': `kuflow:\n  api:\n    client-id: ${CLIENT_ID}\n    client-secret: ${SECRET}\n`,
    });
    const result = await check(await resolved(dir, {}));
    expect(root(result)).toBe('');
    expect(result.created).toEqual(['engine token']);
    expect(result.results[0]?.facts).toMatchObject({ clientIdSource: 'application-local.yaml:3' });
    expect(result.results[1]?.facts).toMatchObject({ certificate: 'application.yaml:8' });
    await rm(join(dir, 'client.key'));
    const gone = await check(await resolved(dir, {}));
    expect(root(gone)).toBe('KF-SET-006 fail settings-incomplete');
    expect(gone.firstFailure?.summary).toContain('client.key');
  });

  it('connect with inline data that has literal line breaks', async () => {
    const api = await rest(kuflow);
    const inline = (pem: string): string => pem.replaceAll('\n', '\\n');
    const result = await check(
      await resolved(await folderWith({}), {
        KUFLOW_API_ENDPOINT: api.url,
        KUFLOW_API_CLIENTID: CLIENT_ID,
        KUFLOW_API_CLIENTSECRET: SECRET,
        TEMPORAL_TARGET: (await engine()).address,
        TEMPORAL_NAMESPACE: 'mine',
        TEMPORAL_MUTUALTLS_CERTDATA: inline(client.cert),
        TEMPORAL_MUTUALTLS_KEYDATA: inline(client.key),
        TEMPORAL_MUTUALTLS_CADATA: inline(authority.cert),
      }),
    );
    expect(root(result)).toBe('');
  });

  it('report a CA file of which only some certificates can be read', async () => {
    const unreadable = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const dir = await folderWith({ 'ca.pem': authority.cert + unreadable });
    const { problems } = await inspectConnection(await resolved(dir, { KUFLOW_API_CA: 'ca.pem' }), {});
    expect(problems.map(({ key }) => key)).toContain('kuflow.api.ca');
  });

  it('report every placeholder', async () => {
    const dir = await folderWith({
      'application-local.yaml': 'kuflow:\n  api:\n    client-id: FILL_ME\n    client-secret: FILL_ME\n',
    });
    const result = await check(await resolved(dir, {}));
    expect(root(result)).toBe('KF-SET-001 fail settings-incomplete');
    expect(result.firstFailure?.facts['problems']).toHaveLength(2);
  });
});

describe('the REST plane', () => {
  it.each([
    [401, 'fail rest-unauthorized', 1],
    [500, 'unknown rest-server', 4],
    [429, 'unknown rest-rate-limited', 4],
    [302, 'fail rest-redirect', 1],
  ])('status %i: %s', async (status, outcome, exit) => {
    const api = await rest((_request, response) =>
      sendJson(response, status, errorBody(status), { location: 'https://login.example.com' }),
    );
    const result = await check(settings(api.url, '127.0.0.1:1'));
    expect(root(result)).toBe(`KF-REST-001 ${outcome}`);
    expect(result.status).toBe(exit);
    expect(result.results.filter(({ blockedBy }) => blockedBy === 'KF-REST-001').map(({ id }) => id)).toEqual([
      'KF-TOKEN-001',
      'KF-TLS-002',
      'KF-TLS-003',
      'KF-ENGINE-001',
      'KF-ENGINE-002',
    ]);
  });

  it('recognizes a login page, a silent server, a refused port, a missing host and another CA', async () => {
    const page = await rest((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Log in</html>'),
    );
    expect(root(await check(settings(page.url, '127.0.0.1:1')))).toBe('KF-REST-001 fail rest-html');
    const silent = keep(await startTcpServer(() => undefined));
    expect(root(await check(settings(`http://${silent.address}`, '127.0.0.1:1'), { restMs: 300 }))).toBe(
      'KF-REST-001 unknown rest-timeout',
    );
    expect(root(await check(settings(`http://127.0.0.1:${await unusedPort()}`, '127.0.0.1:1')))).toBe(
      'KF-REST-001 fail rest-refused',
    );
    expect(root(await check(settings('https://kuflow.invalid', '127.0.0.1:1')))).toBe('KF-REST-001 fail rest-dns');
    const secure = await rest(kuflow, true);
    const plain = `http://127.0.0.1:${secure.port}`;
    expect(root(await check(settings(plain, '127.0.0.1:1')))).toBe('KF-REST-001 fail rest-speaks-tls');
    const cutting = keep(await startTcpServer((socket) => socket.once('data', () => socket.destroy())));
    expect(root(await check(settings(`http://${cutting.address}`, '127.0.0.1:1')))).toBe('KF-REST-001 fail rest-reset');
    const foreign = await rest(kuflow, true);
    expect(root(await check(settings(foreign.url, '127.0.0.1:1')))).toBe('KF-REST-001 fail rest-tls-unknown-authority');
  });

  it('recognizes a proxy that rejects the connection', async () => {
    const proxy = keep(await startConnectProxy({ credentials: 'user:pass' }));
    const result = await check(settings('https://api.kuflow.test', 'engine.kuflow.test:443'), {
      env: { HTTPS_PROXY: proxy.url },
    });
    expect(root(result)).toBe('KF-REST-001 fail rest-proxy');
  });
});

describe('token and certificate from KuFlow', () => {
  const answeringWith = (change: (kind: string) => object | undefined): Answerer => {
    return (request, response, index) => {
      const kind = request.method === 'POST' ? (JSON.parse(request.body.toString()) as { type: string }).type : '';
      const answer = change(kind);
      if (answer === undefined) kuflow(request, response, index);
      else sendJson(response, 200, { type: kind, ...answer });
    };
  };

  it('recognizes a missing token, and warns about an expired one', async () => {
    const none = await rest(answeringWith((kind) => (kind === 'ENGINE_TOKEN' ? {} : undefined)));
    expect(root(await check(settings(none.url, (await engine()).address)))).toBe('KF-TOKEN-001 fail token-missing');
    const expiredAt = new Date(Date.now() - 60_000).toISOString();
    const old = await rest(
      answeringWith((kind) => (kind === 'ENGINE_TOKEN' ? { engineToken: { token: TOKEN, expiredAt } } : undefined)),
    );
    const result = await check(settings(old.url, (await engine()).address));
    expect(root(result)).toBe('KF-TOKEN-001 warn token-expired-by-clock');
    expect(result.status).toBe(0);
  });

  it('recognizes an expired issued certificate', async () => {
    const expired = await authority.issue({ commonName: 'worker', fromDays: -9, toDays: -1 });
    const tls = {
      serverRootCaCertificate: authority.cert,
      clientCertificate: expired.cert,
      clientPrivateKey: expired.key,
    };
    const api = await rest(
      answeringWith((kind) =>
        kind === 'ENGINE_CERTIFICATE' ? { engineCertificate: { namespace: 'n', tls } } : undefined,
      ),
    );
    expect(root(await check(settings(api.url, '127.0.0.1:1')))).toBe('KF-TLS-002 fail certificate-expired');
  });
});

it('rejects with status 130 when the signal aborts', async () => {
  const stop = new AbortController();
  const api = await rest(() => stop.abort());
  await expect(check(settings(api.url, '127.0.0.1:1'), { signal: stop.signal })).rejects.toMatchObject({ status: 130 });
});
