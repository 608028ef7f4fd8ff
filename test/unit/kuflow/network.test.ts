import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { decideProxy } from '../../../src/network/proxy.ts';
import type { ProxyDecision } from '../../../src/network/proxy.ts';
import { Secret } from '../../../src/base/secret.ts';
import { uuid7 } from '../../../src/base/uuid.ts';
import { createKuFlowClient } from '../../../src/kuflow/client.ts';
import type { KuFlowApiError } from '../../../src/kuflow/errors.ts';
import { sendJson, startAnsweringServer } from '../../support/answering-server.ts';
import type { AnsweringServer } from '../../support/answering-server.ts';
import { makeTestAuthority } from '../../support/certificates.ts';
import type { TestAuthority } from '../../support/certificates.ts';
import { listen } from '../../support/engine-server.ts';
import { startConnectProxy } from '../../support/connect-proxy.ts';
import type { ConnectProxyOptions } from '../../support/connect-proxy.ts';

// Names in .test do not exist. Only the test proxy resolves them.
const NAME = 'api.kuflow.test';
const tenant = { id: uuid7(), name: 'Corp', plan: 'FREE' };

let authority: TestAuthority;
let proxyAuthority: TestAuthority;
let folder: string;
const toClose: (() => Promise<void>)[] = [];

beforeAll(async () => {
  authority = await makeTestAuthority('Server CA');
  proxyAuthority = await makeTestAuthority('Proxy CA');
  folder = await mkdtemp(join(tmpdir(), 'kuflow-network-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function serveTls(
  hosts: readonly string[],
  days: { readonly fromDays?: number; readonly toDays?: number } = {},
): Promise<AnsweringServer> {
  const pair = await authority.issue({ commonName: 'server', usage: 'server', hosts, ...days });
  const server = await startAnsweringServer((_, response) => sendJson(response, 200, tenant), pair);
  toClose.push(server.close);
  return server;
}

async function serveProxy(options: ConnectProxyOptions = {}) {
  const proxy = await startConnectProxy({ hosts: { [NAME]: '127.0.0.1' }, ...options });
  toClose.push(() => proxy.close());
  return proxy;
}

interface Reach {
  readonly ca?: string;
  readonly proxy?: ProxyDecision;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly connectTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly attempts?: number;
}

async function fetchName(endpoint: string, { attempts = 1, ...reach }: Reach = {}): Promise<string> {
  const client = createKuFlowClient({
    endpoint,
    credentials: { clientId: 'my-app', clientSecret: new Secret('s') },
    retry: { attempts },
    timeoutMs: 30_000,
    env: {},
    ...reach,
  });
  try {
    return (await client.retrieveTenant(tenant.id)).name;
  } finally {
    await client.close();
  }
}

function failure(promise: Promise<unknown>): Promise<KuFlowApiError> {
  return promise.then(
    () => {
      throw new Error('it succeeded');
    },
    (error: unknown) => error as KuFlowApiError,
  );
}

describe('TLS', () => {
  it('trusts a private CA only if it is given', async () => {
    const server = await serveTls(['127.0.0.1']);
    expect(await fetchName(server.url, { ca: authority.cert })).toBe('Corp');
    const error = await failure(fetchName(server.url, { ca: proxyAuthority.cert }));
    expect(error).toMatchObject({ kind: 'tls-unknown-authority', sent: false, status: 1 });
    expect(error.next.join(' ')).toContain('--ca');
    expect(await failure(fetchName(server.url))).toMatchObject({ kind: 'tls-unknown-authority' });
    // With it, Node.js programs accept any certificate by default.
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
    expect(await failure(fetchName(server.url))).toMatchObject({ kind: 'tls-unknown-authority' });
    vi.unstubAllEnvs();
    expect(server.requests).toHaveLength(1);
  });

  it('keeps NODE_EXTRA_CA_CERTS if another CA is given', async () => {
    const server = await serveTls(['127.0.0.1']);
    const file = join(folder, 'extra.pem');
    await writeFile(file, authority.cert);
    expect(await fetchName(server.url, { ca: proxyAuthority.cert, env: { NODE_EXTRA_CA_CERTS: file } })).toBe('Corp');
  });

  it('identifies a certificate for another host and an expired certificate', async () => {
    const other = await serveTls(['other.test']);
    expect(await failure(fetchName(other.url, { ca: authority.cert }))).toMatchObject({ kind: 'tls-host-name' });
    const old = await serveTls(['127.0.0.1'], { fromDays: -20, toDays: -10 });
    expect(await failure(fetchName(old.url, { ca: authority.cert }))).toMatchObject({ kind: 'tls-expired' });
  });
});

describe('an endpoint with the wrong protocol or port', () => {
  it('is an http:// address of a TLS port: named after one attempt, with the address to use', async () => {
    const server = await serveTls(['127.0.0.1']);
    const error = await failure(fetchName(`http://127.0.0.1:${server.port}`, { attempts: 4 }));
    expect(error).toMatchObject({
      kind: 'speaks-tls',
      next: [`Change the endpoint to https://127.0.0.1:${server.port}`],
    });
    expect(error.seen).not.toContain('attempts');
  });

  it('is not assumed for a server that closes connections, or behind a proxy', async () => {
    const cutting = await listen(createServer((socket) => socket.once('data', () => socket.destroy())));
    toClose.push(() => cutting.close());
    expect(await failure(fetchName(`http://${cutting.address}`))).toMatchObject({ kind: 'reset' });
    const server = await serveTls(['127.0.0.1']);
    const proxy = decideProxy({ url: 'https://x.test', env: { HTTPS_PROXY: (await serveProxy()).url } });
    const proxied = await failure(fetchName(`http://127.0.0.1:${server.port}`, { proxy }));
    expect(proxied).toMatchObject({ kind: 'reset' });
  });
});

describe('a CONNECT proxy', () => {
  const decide = (url: string, proxyUrl: string): ProxyDecision => decideProxy({ url, env: { HTTPS_PROXY: proxyUrl } });

  it('resolves the host name, which the client sends unchanged', async () => {
    const server = await serveTls([NAME]);
    const proxy = await serveProxy();
    const endpoint = `https://${NAME}:${server.port}`;
    expect(await fetchName(endpoint, { ca: authority.cert, proxy: decide(endpoint, proxy.url) })).toBe('Corp');
    expect(proxy.connects).toEqual([`${NAME}:${server.port}`]);
    expect(server.requests[0]?.headers.host).toBe(`${NAME}:${server.port}`);
    expect(await failure(fetchName(endpoint, { ca: authority.cert }))).toMatchObject({ kind: 'dns' });
  });

  it('is verified with the given CAs on both connections if it uses TLS itself', async () => {
    const server = await serveTls([NAME]);
    const tls = await proxyAuthority.issue({ commonName: 'proxy', usage: 'server', hosts: ['localhost'] });
    const proxy = await serveProxy({ tls });
    const endpoint = `https://${NAME}:${server.port}`;
    const through = decide(endpoint, proxy.url);
    expect(await fetchName(endpoint, { ca: `${authority.cert}${proxyAuthority.cert}`, proxy: through })).toBe('Corp');
    expect(await failure(fetchName(endpoint, { ca: proxyAuthority.cert, proxy: through }))).toMatchObject({
      kind: 'tls-unknown-authority',
    });
    expect(await failure(fetchName(endpoint, { ca: authority.cert, proxy: through }))).toMatchObject({
      kind: 'tls-unknown-authority',
    });
    expect(proxy.connects).toHaveLength(2);
  });

  it('gets the credentials from its address, which are never printed', async () => {
    const server = await serveTls([NAME]);
    const proxy = await serveProxy({ credentials: 'jane:s:cret' });
    const endpoint = `https://${NAME}:${server.port}`;
    const address = (password: string) => proxy.url.replace('://', `://jane:${password}@`);
    expect(await fetchName(endpoint, { ca: authority.cert, proxy: decide(endpoint, address('s%3Acret')) })).toBe(
      'Corp',
    );
    const error = await failure(fetchName(endpoint, { ca: authority.cert, proxy: decide(endpoint, address('wr0ng')) }));
    expect(error).toMatchObject({ kind: 'proxy', sent: false });
    expect(error.seen).toMatch(/^the proxy http:\/\/\[redacted\]@127\.0\.0\.1:\d+ answered CONNECT with 407$/);
    expect(inspect(error, { depth: 9 })).not.toContain('wr0ng');
  });

  it('is named in the error if it closes the connection, without a retry, or if it is down', async () => {
    const proxy = await serveProxy();
    const unknown = 'https://unknown.kuflow.test';
    const unreached = await failure(fetchName(unknown, { proxy: decide(unknown, proxy.url) }));
    expect(unreached).toMatchObject({ kind: 'proxy', sent: false });
    expect(unreached.seen).toMatch(/^no connection to the proxy .*: closed without a response$/);
    expect(proxy.connects).toEqual(['unknown.kuflow.test:443']);
    await proxy.close();
    const gone = await failure(fetchName(unknown, { proxy: decide(unknown, proxy.url) }));
    expect(gone).toMatchObject({ kind: 'proxy', sent: false });
    expect(gone.seen).toBe(`no connection to the proxy ${proxy.url}: ECONNREFUSED`);
  });

  it.each([
    [502, 'unreachable'],
    [403, 'proxy'],
  ])('is named in the error if it answers %i', async (status, kind) => {
    const refusing = createServer((socket) =>
      socket.once('data', () => socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)),
    );
    await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve));
    toClose.push(() => new Promise((resolve) => refusing.close(() => resolve())));
    const proxyUrl = `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`;
    const endpoint = `https://${NAME}`;
    const error = await failure(fetchName(endpoint, { proxy: decide(endpoint, proxyUrl) }));
    expect(error).toMatchObject({ kind, sent: false, seen: `the proxy ${proxyUrl} answered CONNECT with ${status}` });
  });

  it('causes a timeout if it never answers, and its connections close with the client', async () => {
    let open = 0;
    const silent = createServer((socket) => {
      open++;
      socket
        .on('error', () => undefined)
        .on('close', () => open--)
        .resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    toClose.push(() => new Promise((resolve) => silent.close(() => resolve())));
    const endpoint = `https://${NAME}`;
    const proxy = decide(endpoint, `http://127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const byCall = await failure(fetchName(endpoint, { proxy, timeoutMs: 150, connectTimeoutMs: 60_000 }));
    expect(byCall).toMatchObject({ kind: 'timeout', status: 4 });
    const byConnection = await failure(fetchName(endpoint, { proxy, connectTimeoutMs: 150 }));
    expect(byConnection).toMatchObject({ kind: 'timeout', status: 4, sent: false });
    expect(byConnection.seen).toMatch(/UND_ERR_CONNECT_TIMEOUT/);
    await expect.poll(() => open).toBe(0);
    const abort = new AbortController();
    const connecting = fetchName(endpoint, {
      proxy,
      timeoutMs: 60_000,
      connectTimeoutMs: 60_000,
      signal: abort.signal,
    });
    await expect.poll(() => open).toBeGreaterThan(0);
    abort.abort();
    await expect(connecting).rejects.toMatchObject({ status: 130 });
    await expect.poll(() => open).toBe(0);
  });

  it('is not used for loopback', async () => {
    const server = await serveTls(['127.0.0.1']);
    const proxy = await serveProxy();
    expect(await fetchName(server.url, { ca: authority.cert, proxy: decide(server.url, proxy.url) })).toBe('Corp');
    expect(proxy.connects).toEqual([]);
  });
});
