import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/base/clock.ts';
import { decideProxy, type ProxyDecision } from '../../../../src/network/proxy.ts';
import { Secret } from '../../../../src/base/secret.ts';
import type { CheckResult } from '../../../../src/diagnostics/check.ts';
import type { CheckInput } from '../../../../src/diagnostics/input.ts';
import { handshakeCause } from '../../../../src/diagnostics/causes/engine.ts';
import { connectionChecks } from '../../../../src/diagnostics/all-checks.ts';
import { runChecks } from '../../../../src/diagnostics/runner.ts';
import { createReport } from '../../../../src/diagnostics/report-and-exit-status.ts';
import { probeHandshake } from '../../../../src/engine/dial.ts';
import { readTlsMaterial } from '../../../../src/engine/material/tls-material.ts';
import { makeTestAuthority, type TestAuthority, type TestPair } from '../../../support/certificates.ts';
import { type ConnectProxy, startConnectProxy } from '../../../support/connect-proxy.ts';
import {
  listen,
  startEngineStub,
  startTcpServer,
  startTlsServer,
  type TestServer,
  unusedPort,
} from '../../../support/engine-server.ts';

let authority: TestAuthority;
let other: TestAuthority;
let server: TestPair;
let client: TestPair;
const open: (() => Promise<unknown>)[] = [];

const direct: ProxyDecision = { kind: 'direct', reason: 'no proxy is set' };
const CANARY = 'canary-engine-token';

beforeAll(async () => {
  authority = await makeTestAuthority();
  other = await makeTestAuthority('Other CA');
  server = await authority.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1', 'localhost'] });
  client = await authority.issue({ commonName: 'worker' });
});

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

function keep<T extends { close(): Promise<unknown> }>(opened: T): T {
  open.push(() => opened.close());
  return opened;
}

interface Setup {
  readonly client?: TestPair;
  readonly ca?: string;
  readonly proxy?: ProxyDecision;
  readonly serverName?: string;
  readonly namespace?: string;
  readonly stepMs?: number;
  readonly proxyCa?: readonly string[];
}

/** Runs the connection checks against `target`, with functions instead of KuFlow. */
async function check(target: string, setup: Setup = {}): Promise<readonly CheckResult[]> {
  const issued = setup.client ?? client;
  const input: CheckInput = {
    problems: [],
    endpoint: { value: 'https://kuflow.test', source: 'KUFLOW_API_ENDPOINT' },
    clientId: { value: 'app', source: 'KUFLOW_API_CLIENTID' },
    target: { value: target, source: 'TEMPORAL_TARGET' },
    material: { kind: 'requested' },
    tenantId: undefined,
    ca: undefined,
    secretAsNumber: undefined,
    restProxy: direct,
    isVerificationOff: false,
    routeHints: { rest: [], engine: [] },
    trust: { own: undefined, unreadable: undefined },
    engineProxy: setup.proxy ?? direct,
    proxyCa: setup.proxyCa,
    stepMs: setup.stepMs ?? 5_000,
    serverName: setup.serverName ? { value: setup.serverName, source: 'test' } : undefined,
    namespace: setup.namespace ? { value: setup.namespace, source: 'TEMPORAL_NAMESPACE' } : undefined,
    rest: {
      tenants: () => Promise.resolve({ ids: [], total: 0 }),
      recentProcesses: () => Promise.resolve([]),
      runningProcesses: () => Promise.resolve([]),
      readEncryptionKey: () => Promise.resolve(),
      whoAmI: () => Promise.resolve({ id: 'app', type: 'APPLICATION', name: 'Worker' }),
      requestToken: () =>
        Promise.resolve({ token: new Secret(CANARY), expiredAt: new Date(Date.now() + 3_600_000).toISOString() }),
      requestCertificate: () =>
        Promise.resolve({ namespace: 'tenant-1', text: { ...issued, ca: setup.ca ?? authority.cert } }),
    },
    clock: systemClock,
  };
  const results = await runChecks(connectionChecks, input);
  expect(JSON.stringify(results)).not.toContain(CANARY);
  expect(JSON.stringify(results)).not.toContain('PRIVATE KEY');
  return results;
}

/** `<id> <state> <cause>` of every check that did not pass, was applicable and was not blocked. */
function roots(results: readonly CheckResult[]): readonly string[] {
  return results
    .filter(({ state, skipped }) => state !== 'pass' && skipped !== 'not-applicable' && skipped !== 'blocked')
    .map(({ id, state, cause, skipped }) => `${id} ${state} ${cause?.code ?? skipped ?? '?'}`);
}

/** Expects exactly one root cause, which blocks all later checks. */
function expectOneRoot(results: readonly CheckResult[], root: string): void {
  expect(roots(results)).toEqual([root]);
  const [id = ''] = root.split(' ');
  const blocked = results.filter(({ skipped }) => skipped === 'blocked');
  for (const result of blocked) expect(result.blockedBy).toBe(id);
  if (id === 'KF-TLS-003') expect(blocked.map((result) => result.id)).toEqual(['KF-ENGINE-001', 'KF-ENGINE-002']);
  const report = createReport(results, 0, { retry: 'npm run check' });
  expect(report.firstFailure?.id).toBe(id);
  expect(report.next.length).toBeGreaterThan(1);
  expect(report.next.at(-1)).toBe('Then check again: npm run check');
  expect(report.status).toBe(root.includes(' unknown ') ? 4 : 1);
}

const tlsRoot = (cause: string, state = 'fail'): string => `KF-TLS-003 ${state} ${cause}`;

describe('a healthy engine', () => {
  it('passes every check over TLS 1.3 and 1.2, and gets the token and namespace', async () => {
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const calls: string[] = [];
      const engine = keep(
        await startEngineStub({
          server,
          clientCa: authority.cert,
          tls: { maxVersion },
          onCall: (method, headers) =>
            calls.push(`${method} ${headers.authorization ?? ''} ${String(headers['temporal-namespace'] ?? '')}`),
        }),
      );
      const results = await check(engine.address);
      expect(roots(results)).toEqual([]);
      expect(createReport(results, 0).status).toBe(0);
      expect(createReport(results, 0).created).toEqual(['engine token', 'engine certificate']);
      expect(calls).toEqual([`GetSystemInfo Bearer ${CANARY} `, `DescribeNamespace Bearer ${CANARY} tenant-1`]);
      expect(results.find(({ id }) => id === 'KF-TLS-003')?.facts['protocol']).toBe(maxVersion);
      expect(results.map(({ id }) => id)).toEqual(connectionChecks.map(({ id }) => id));
    }
  });

  it('gets the namespace and server name from the settings', async () => {
    const named = await authority.issue({ commonName: 'engine', usage: 'server', hosts: ['engine.kuflow.test'] });
    const namespaces: string[] = [];
    const engine = keep(
      await startEngineStub({
        server: named,
        clientCa: authority.cert,
        onCall: (_method, headers) => namespaces.push(String(headers['temporal-namespace'] ?? '')),
      }),
    );
    expect(roots(await check(engine.address, { serverName: 'engine.kuflow.test', namespace: 'tenant-1' }))).toEqual([]);
    expect(namespaces).toEqual(['', 'tenant-1']);
  });
});

describe('the connection to the engine', () => {
  it('recognizes a host that does not exist', async () => {
    expectOneRoot(await check('engine.invalid:443'), tlsRoot('engine-host-not-found'));
  });

  it('recognizes a port where nothing is listening', async () => {
    expectOneRoot(await check(`127.0.0.1:${await unusedPort()}`), tlsRoot('engine-refused'));
  });

  it('reports unknown for a server that accepts and never responds', async () => {
    const silent = keep(await startTcpServer(() => undefined));
    expectOneRoot(await check(silent.address, { stepMs: 300 }), tlsRoot('engine-silent', 'unknown'));
  });

  it('recognizes a server without TLS', async () => {
    const plain = keep(await startTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    expectOneRoot(await check(plain.address), tlsRoot('engine-plaintext'));
    const ssh = keep(await startTcpServer((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n')));
    expectOneRoot(await check(ssh.address), tlsRoot('engine-plaintext'));
  });

  it('recognizes a connection reset during the handshake', async () => {
    const cutting = keep(await startTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())));
    expectOneRoot(await check(cutting.address), tlsRoot('engine-reset'));
  });
});

describe("the engine's certificate", () => {
  it('recognizes an unknown CA and names the issuer', async () => {
    const foreign = await other.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] });
    const engine = keep(await startEngineStub({ server: foreign, clientCa: authority.cert }));
    const results = await check(engine.address);
    expectOneRoot(results, tlsRoot('engine-certificate-untrusted'));
    expect(results.find(({ id }) => id === 'KF-TLS-003')?.summary).toContain('CN=Other CA');
  });

  it('trusts every certificate of the CA', async () => {
    const foreign = await other.issue({ commonName: 'engine', usage: 'server', hosts: ['127.0.0.1'] });
    const engine = keep(await startEngineStub({ server: foreign, clientCa: authority.cert }));
    expect(roots(await check(engine.address, { ca: authority.cert + other.cert }))).toEqual([]);
  });

  it('recognizes a host name mismatch and lists the valid names', async () => {
    const named = await authority.issue({ commonName: 'engine', usage: 'server', hosts: ['engine.kuflow.test'] });
    const engine = keep(await startEngineStub({ server: named, clientCa: authority.cert }));
    const results = await check(engine.address);
    expectOneRoot(results, tlsRoot('engine-host-name-mismatch'));
    expect(results.find(({ id }) => id === 'KF-TLS-003')?.summary).toContain('engine.kuflow.test');
  });

  it('distinguishes expired from not yet valid', async () => {
    const hosts = ['127.0.0.1'];
    const expired = await authority.issue({ commonName: 'engine', usage: 'server', hosts, fromDays: -9, toDays: -1 });
    const engine = keep(await startEngineStub({ server: expired, clientCa: authority.cert }));
    expectOneRoot(await check(engine.address), tlsRoot('engine-certificate-expired'));
    const early = await authority.issue({ commonName: 'engine', usage: 'server', hosts, fromDays: 1, toDays: 9 });
    const future = keep(await startEngineStub({ server: early, clientCa: authority.cert }));
    expectOneRoot(await check(future.address), tlsRoot('engine-certificate-not-yet-valid'));
  });
});

describe('the client certificate', () => {
  it('is rejected by a server that closes the connection after a successful handshake', async () => {
    const engine = keep(await startEngineStub({ server, clientCa: other.cert }));
    expectOneRoot(await check(engine.address), tlsRoot('engine-closed-after-handshake'));
  });

  it('is rejected during a TLS 1.2 handshake', async () => {
    const engine = keep(await startEngineStub({ server, clientCa: other.cert, tls: { maxVersion: 'TLSv1.2' } }));
    expectOneRoot(await check(engine.address), tlsRoot('engine-reset'));
  });

  const openssl = spawnSync('openssl', ['version']).status === 0;

  it('is reported as rejected if the server sends an alert, in TLS 1.3 and 1.2', async ({ skip }) => {
    skip(!openssl, 'openssl is not installed, which acts as a server that sends alerts');
    const folder = await mkdtemp(join(tmpdir(), 'engine-alerts-'));
    open.push(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'cert.pem'), server.cert);
    await writeFile(join(folder, 'key.pem'), server.key);
    await writeFile(join(folder, 'ca.pem'), other.cert);
    for (const version of ['-tls1_3', '-tls1_2']) {
      const port = await unusedPort();
      const flags = ['-accept', `127.0.0.1:${port}`, '-cert', 'cert.pem', '-key', 'key.pem', '-CAfile', 'ca.pem'];
      const child = spawn(
        'openssl',
        ['s_server', ...flags, '-Verify', '1', '-verify_return_error', '-alpn', 'h2', version],
        {
          cwd: folder,
          stdio: ['pipe', 'pipe', 'ignore'],
        },
      );
      open.push(async () => {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      });
      for (let text = ''; !text.includes('ACCEPT');) text += String((await once(child.stdout, 'data'))[0]);
      expectOneRoot(await check(`127.0.0.1:${port}`), tlsRoot('client-certificate-refused'));
    }
  });

  it('is reported as missing in TLS 1.3, but not from the general alert of TLS 1.2', async () => {
    const reading = readTlsMaterial({ ...client, ca: authority.cert });
    if (!reading.ok) throw new Error('unusable');
    const material = { ...reading.material, cert: '', key: '' };
    const causeWith = async (maxVersion: 'TLSv1.3' | 'TLSv1.2'): Promise<string | undefined> => {
      const engine = keep(await startEngineStub({ server, clientCa: authority.cert, tls: { maxVersion } }));
      const target = { host: '127.0.0.1', port: engine.port };
      return handshakeCause(await probeHandshake({ target, material, timeoutMs: 30_000 }))?.code;
    };
    expect(await causeWith('TLSv1.3')).toBe('client-certificate-missing');
    expect(await causeWith('TLSv1.2')).toBe('engine-handshake-refused');
  });

  it('is checked before connecting: a v1 certificate never reaches the engine', async () => {
    const results = await check('engine.invalid:443', { client: await authority.issueVersion1('old') });
    expectOneRoot(results, 'KF-TLS-002 fail certificate-x509-version');
  });
});

describe('the protocol behind TLS', () => {
  const accept = { requestCert: true } as const;

  it('recognizes a server without ALPN', async () => {
    const plain = keep(await startTlsServer({ ...server, ca: authority.cert, ...accept }, () => undefined));
    expectOneRoot(await check(plain.address), tlsRoot('engine-no-http2'));
  });

  it('recognizes a server that refuses HTTP/2', async () => {
    const old = keep(
      await startTlsServer({ ...server, ca: authority.cert, ...accept, ALPNProtocols: ['http/1.1'] }, () => undefined),
    );
    expectOneRoot(await check(old.address), tlsRoot('engine-no-http2'));
  });

  it('recognizes an HTTP/1.1 server that negotiates h2', async () => {
    const web = https.createServer({ ...server, ca: authority.cert, ...accept, ALPNCallback: () => 'h2' });
    expectOneRoot(await check(keep(await listen(web)).address), tlsRoot('engine-http1'));
  });

  it('recognizes an HTTP/1.1 server without ALPN', async () => {
    const old = keep(
      await startTlsServer({ ...server, ca: authority.cert, ...accept }, (socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      ),
    );
    expectOneRoot(await check(old.address), tlsRoot('engine-http1'));
  });

  it('recognizes another protocol', async () => {
    const odd = keep(
      await startTlsServer({ ...server, ca: authority.cert, ...accept, ALPNProtocols: ['h2'] }, (socket) =>
        socket.write('220 mail.example.com ESMTP\r\n'),
      ),
    );
    expectOneRoot(await check(odd.address), tlsRoot('engine-not-http2'));
  });

  it('waits for a server that sends nothing before the client does', async () => {
    const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const shy = keep(
      await startTlsServer({ ...server, ca: authority.cert, ...accept, ALPNProtocols: ['h2'] }, (socket) =>
        socket.once('data', () => socket.write(settings)),
      ),
    );
    const results = await check(shy.address, { stepMs: 700 });
    expect(results.find(({ id }) => id === 'KF-TLS-003')).toMatchObject({
      state: 'pass',
      facts: { afterHandshake: 'http2' },
    });
    expect(roots(results)).toEqual(['KF-ENGINE-001 unknown engine-call-timeout']);
  });
});

describe('engine responses', () => {
  const engineWith = async (
    status: Readonly<Record<string, { readonly code: number; readonly message?: string }>>,
  ): Promise<TestServer> => keep(await startEngineStub({ server, clientCa: authority.cert, status }));

  it.each([
    [16, 'fail engine-unauthenticated'],
    [7, 'fail engine-permission-denied'],
    [14, 'unknown engine-unavailable'],
    [4, 'unknown engine-call-timeout'],
    [13, 'fail engine-call-failed'],
  ])('GetSystemInfo with status %i: %s', async (code, outcome) => {
    const engine = await engineWith({ GetSystemInfo: { code, message: 'näh\u001b[31m' } });
    expectOneRoot(await check(engine.address), `KF-ENGINE-001 ${outcome}`);
  });

  it('continues if the engine does not support GetSystemInfo', async () => {
    const engine = await engineWith({ GetSystemInfo: { code: 12 } });
    const results = await check(engine.address);
    expect(roots(results)).toEqual(['KF-ENGINE-001 skip restricted']);
    expect(results.at(-1)?.state).toBe('pass');
    expect(createReport(results, 0).status).toBe(0);
    expect(results.find(({ id }) => id === 'KF-ENGINE-001')?.summary).toContain('does not start');
  });

  it('continues if the engine does not support DescribeNamespace', async () => {
    const engine = await engineWith({ DescribeNamespace: { code: 12 } });
    const results = await check(engine.address);
    expect(roots(results)).toEqual(['KF-ENGINE-002 skip restricted']);
    expect(createReport(results, 0)).toMatchObject({ status: 0, next: [] });
  });

  it('recognizes a namespace that the engine denies, with which no worker starts', async () => {
    const engine = await engineWith({ DescribeNamespace: { code: 7 } });
    expectOneRoot(await check(engine.address), 'KF-ENGINE-002 fail engine-namespace-denied');
  });

  it('recognizes a namespace that the engine does not know', async () => {
    const engine = await engineWith({ DescribeNamespace: { code: 5 } });
    expectOneRoot(await check(engine.address), 'KF-ENGINE-002 fail engine-namespace-not-found');
  });

  it('recognizes an HTTP/2 server without gRPC', async () => {
    const http2 = await import('node:http2');
    const web = http2.createSecureServer({ ...server, ca: authority.cert, requestCert: true });
    web.on('stream', (stream) => {
      stream.respond({ ':status': 404, 'content-type': 'text/html' });
      stream.end('<html>');
    });
    const started = keep(await listen(web as unknown as net.Server));
    expectOneRoot(await check(started.address), 'KF-ENGINE-001 fail engine-not-grpc');
  });
});

describe('the proxy', () => {
  const decide = (value: string): ProxyDecision =>
    decideProxy({ url: 'https://engine.kuflow.test', env: {}, explicit: { value, source: 'temporal.proxy' } });
  const answering = async (head: string): Promise<TestServer> =>
    keep(await startTcpServer((socket) => socket.once('data', () => socket.end(head))));

  /** A real proxy that requires `user:p@ss` and is the only one to resolve engine.kuflow.test. */
  async function startProxy(secure: boolean): Promise<ConnectProxy> {
    const pair = await authority.issue({ commonName: 'proxy', usage: 'server', hosts: ['localhost', '127.0.0.1'] });
    const hosts = { 'engine.kuflow.test': '127.0.0.1' };
    return keep(await startConnectProxy({ hosts, credentials: 'user:p@ss', ...(secure && { tls: pair }) }));
  }
  /** Its address with another scheme and credentials. */
  const at = ({ url }: ConnectProxy, scheme: string, credentials = ''): ProxyDecision =>
    decide(`${scheme}://${credentials}${new URL(url).host}`);

  it('is used for every connection, with its password, to a host that only it resolves', async () => {
    const named = await authority.issue({ commonName: 'engine', usage: 'server', hosts: ['engine.kuflow.test'] });
    const engine = keep(await startEngineStub({ server: named, clientCa: authority.cert }));
    for (const scheme of ['http', 'https']) {
      const proxy = await startProxy(scheme === 'https');
      const results = await check(`engine.kuflow.test:${engine.port}`, {
        proxy: at(proxy, scheme, 'user:p%40ss@'),
        proxyCa: [authority.cert],
      });
      expect(roots(results)).toEqual([]);
      expect(proxy.connects).toEqual([`engine.kuflow.test:${engine.port}`, `engine.kuflow.test:${engine.port}`]);
      expect(JSON.stringify(results)).not.toContain('p@ss');
    }
  });

  it('is reported if it requires a password or rejects the given one', async () => {
    const proxy = await startProxy(false);
    for (const credentials of ['', 'user:no@']) {
      const results = await check('engine.kuflow.test:443', { proxy: at(proxy, 'http', credentials) });
      expectOneRoot(results, tlsRoot('proxy-authentication-required'));
    }
  });

  it('is reported if it speaks TLS but has an http address, and the other way around', async () => {
    const secure = at(await startProxy(true), 'http', 'user:p%40ss@');
    expectOneRoot(await check('engine.kuflow.test:443', { proxy: secure }), tlsRoot('proxy-speaks-tls'));
    const plain = at(await startProxy(false), 'https', 'user:p%40ss@');
    expectOneRoot(await check('engine.kuflow.test:443', { proxy: plain }), tlsRoot('proxy-tls-failed'));
  });

  it('is reported if its certificate is not trusted', async () => {
    const proxy = at(await startProxy(true), 'https', 'user:p%40ss@');
    expectOneRoot(await check('engine.kuflow.test:443', { proxy }), tlsRoot('proxy-tls-failed'));
  });

  it('is reported as closed if it closes the connection because it cannot reach the engine', async () => {
    const proxy = at(await startProxy(false), 'http', 'user:p%40ss@');
    expectOneRoot(await check('nobody.kuflow.test:443', { proxy }), tlsRoot('proxy-closed'));
  });

  it.each([
    ['HTTP/1.1 403 Forbidden\r\n\r\n', 'proxy-forbids'],
    ['HTTP/1.1 593 Name Not Found\r\n\r\n', 'proxy-cannot-reach-engine'],
    ['HTTP/1.1 502 Bad Gateway\r\n\r\n', 'proxy-cannot-reach-engine'],
    ['HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>', 'proxy-answered-otherwise'],
    ['220 mail.example.com\r\n', 'proxy-not-http'],
    ['', 'proxy-closed'],
  ])('that responds %j: %s', async (head, cause) => {
    const { address } = await answering(head);
    expectOneRoot(await check('engine.kuflow.test:443', { proxy: decide(`http://${address}`) }), tlsRoot(cause));
  });

  it('is reported if it is down, unknown or silent', async () => {
    expectOneRoot(
      await check('engine.kuflow.test:443', { proxy: decide(`http://127.0.0.1:${await unusedPort()}`) }),
      tlsRoot('proxy-refused'),
    );
    expectOneRoot(
      await check('engine.kuflow.test:443', { proxy: decide('http://proxy.invalid:3128') }),
      tlsRoot('proxy-host-not-found'),
    );
    const silent = keep(await startTcpServer(() => undefined));
    expectOneRoot(
      await check('engine.kuflow.test:443', { proxy: decide(`http://${silent.address}`), stepMs: 300 }),
      tlsRoot('proxy-timeout', 'unknown'),
    );
  });
});
