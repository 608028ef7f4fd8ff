import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../src/base/clock.ts';
import { KnownError } from '../../../src/base/errors.ts';
import { Secret } from '../../../src/base/secret.ts';
import { isUuid } from '../../../src/base/is-uuid.ts';
import { uuid7 } from '../../../src/base/uuid.ts';
import { createKuFlowClient } from '../../../src/kuflow/client.ts';
import type { KuFlowClient, KuFlowClientOptions } from '../../../src/kuflow/client.ts';
import { KuFlowApiError } from '../../../src/kuflow/errors.ts';
import { sendJson, startAnsweringServer } from '../../support/answering-server.ts';
import type { AnsweringServer, Answerer } from '../../support/answering-server.ts';

const SECRET = 'correct-horse-battery';
const id = uuid7();
const process = { id, state: 'RUNNING', tenantId: id };
const item = { id, type: 'TASK', processId: id, task: { state: 'CLAIMED' } };
const defaultError = (status: number, message: string) => ({ timestamp: '2024-06-14T10:00:00Z', status, message });

/** A clock that advances by each requested wait without waiting, and records the waits. */
function fakeClock(start = Date.UTC(2024, 5, 14)): Clock & { readonly waits: number[] } {
  let passed = 0;
  const waits: number[] = [];
  return {
    waits,
    now: () => start + passed,
    sleep: (ms) => {
      waits.push(ms);
      passed += ms;
      return Promise.resolve();
    },
  };
}

const toClose: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function serve(answer: Answerer): Promise<AnsweringServer> {
  const server = await startAnsweringServer(answer);
  toClose.push(server.close);
  return server;
}

function connect(endpoint: string, options: Partial<KuFlowClientOptions> = {}): KuFlowClient {
  const credentials = { clientId: 'my-app', clientSecret: new Secret(SECRET) };
  const client = createKuFlowClient({ endpoint, credentials, random: () => 0, ...options });
  toClose.push(() => client.close());
  return client;
}

async function failureOf(promise: Promise<unknown>): Promise<KuFlowApiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KuFlowApiError);
  const printed = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)}`;
  expect(printed).not.toContain(SECRET);
  expect(printed).not.toContain(Buffer.from(`my-app:${SECRET}`).toString('base64'));
  return error as KuFlowApiError;
}

describe('a call', () => {
  it('sends Basic credentials, the path below the version and repeated parameters', async () => {
    const server = await serve((_, response) =>
      sendJson(response, 200, { metadata: { size: 1, page: 0, totalElements: 0, totalPages: 0 }, content: [] }),
    );
    const client = connect(`${server.url}/`);
    await client.findProcesses({
      processDefinitionCode: ['A', 'B C'],
      metadata: ['amount ge 10'],
      size: 1000,
      sort: ['createdAt,desc'],
    });
    const [seen] = server.requests;
    expect(seen?.url).toBe(
      '/v2024-06-14/processes?processDefinitionCode=A&processDefinitionCode=B%20C&metadata=amount%20ge%2010&size=1000&sort=createdAt%2Cdesc',
    );
    expect(seen?.headers.authorization).toBe(`Basic ${Buffer.from(`my-app:${SECRET}`).toString('base64')}`);
    expect(seen?.headers.accept).toBe('application/json');
  });

  it('sends a token as Bearer', async () => {
    const server = await serve((_, response) => sendJson(response, 200, { id, name: 'Jane', type: 'USER' }));
    const principal = await connect(server.url, { credentials: { token: new Secret('abc') } }).retrievePrincipal(id);
    expect(principal.name).toBe('Jane');
    expect(server.requests[0]?.headers.authorization).toBe('Bearer abc');
  });

  it('adds an id and the tenant to create calls', async () => {
    const server = await serve((_, response, index) => sendJson(response, index === 0 ? 201 : 200, process));
    const client = connect(server.url, { tenantId: id });
    expect(await client.createProcess({ processDefinitionCode: 'LOAN' })).toEqual(process);
    await client.createProcess({ id, processDefinitionCode: 'LOAN', metadata: { value: { A: 1 } } });
    const bodies = server.requests.map((request) => JSON.parse(request.body.toString()) as Record<string, unknown>);
    expect(isUuid(String(bodies[0]?.['id']))).toBe(true);
    expect(bodies[0]).toMatchObject({ processDefinitionCode: 'LOAN', tenantId: id });
    expect(bodies[1]).toEqual({ id, processDefinitionCode: 'LOAN', tenantId: id, metadata: { value: { A: 1 } } });
  });

  it('wraps data, sends JSON Patch with its media type and escapes path parameters', async () => {
    const server = await serve((request, response) =>
      sendJson(response, 200, request.url.includes('keys') ? { id: 'k', value: 'YQ==' } : item),
    );
    const client = connect(server.url);
    await client.updateProcessItemTaskData(id, { NAME: 'x' });
    await client.call('patchProcessItemTaskData', { path: { id }, body: [{ op: 'remove', path: '/NAME' }] });
    await client.call('retrieveKmsKey', { path: { keyId: 'a/../b' } });
    expect(server.requests[0]?.body.toString()).toBe('{"data":{"value":{"NAME":"x"}}}');
    expect(server.requests[1]?.headers['content-type']).toBe('application/json-patch+json');
    expect(server.requests[2]?.url).toBe('/v2024-06-14/kms/keys/a%2F..%2Fb');
  });

  it('reads null in optional fields as absent, but not in form values', async () => {
    const server = await serve((_, response) =>
      sendJson(response, 200, { ...process, entity: null, metadata: { valid: true, value: { A: null } }, later: 1 }),
    );
    const answer = await connect(server.url).retrieveProcess(id);
    expect(answer).toEqual({ ...process, metadata: { valid: true, value: { A: null } }, later: 1 });
  });

  it('uploads documents with type and name, and downloads them as bytes', async () => {
    const bytes = Buffer.from([0, 255, 13, 10]);
    const server = await serve((request, response) => {
      if (request.method === 'POST') {
        sendJson(response, 200, { documentUri: 'kuflow-file:uri=ku:process/1/document/2' });
        return;
      }
      response.writeHead(200, {
        'content-type': 'application/octet-stream',
        'content-disposition': 'attachment; filename="a b.pdf"',
      });
      response.end(bytes);
    });
    const client = connect(server.url);
    const reference = await client.uploadProcessDocument(id, {
      bytes,
      contentType: 'application/pdf',
      fileName: 'a b.pdf',
    });
    expect(reference.documentUri).toContain('document/2');
    expect(server.requests[0]?.body).toEqual(bytes);
    expect(server.requests[0]?.headers['content-length']).toBe('4');
    expect(await client.downloadProcessDocument(id, reference.documentUri)).toEqual(bytes);
    await expect(
      client.uploadProcessDocument(id, { bytes: new Uint8Array(), contentType: 'a/b', fileName: 'c' }),
    ).rejects.toThrow(/empty/);
  });
});

describe('paging', () => {
  const pageOf = (page: number, totalPages: number, content: unknown[]) => ({
    metadata: { size: 2, page, totalElements: 5, totalPages },
    content,
  });

  it('walks the pages one request at a time and counts each request', async () => {
    const server = await serve((request, response) => {
      const page = Number(new URL(request.url, 'http://x').searchParams.get('page'));
      sendJson(
        response,
        200,
        pageOf(page, 3, [
          { id: uuid7(), name: `${page}a` },
          { id: uuid7(), name: `${page}b` },
        ]),
      );
    });
    const counted: string[] = [];
    const client = connect(server.url, { onRequest: (operation) => counted.push(operation) });
    const names: string[] = [];
    for await (const tenant of client.items('findTenants', { size: 2 })) {
      names.push(tenant.name);
      if (names.length === 3) break;
    }
    expect(names).toEqual(['0a', '0b', '1a']);
    expect(counted).toEqual(['findTenants', 'findTenants']);
    let pages = 0;
    for await (const page of client.pages('findTenants')) pages += page.content.length > 0 ? 1 : 0;
    expect(pages).toBe(3);
    expect(server.requests.at(-1)?.url).toBe('/v2024-06-14/tenants?size=200&page=2');
  });

  it('ends at an empty page whatever the reported total, and when onRequest throws', async () => {
    const server = await serve((_, response, index) =>
      sendJson(response, 200, pageOf(index, 99, index === 0 ? [{ id, name: 'a' }] : [])),
    );
    let left = 2;
    const client = connect(server.url, {
      onRequest: () => {
        if (left-- === 0) throw new Error('budget used up');
      },
    });
    const all: unknown[] = [];
    for await (const tenant of client.items('findTenants')) all.push(tenant);
    expect(all).toHaveLength(1);
    await expect(client.findTenants()).rejects.toThrow('budget used up');
    expect(server.requests).toHaveLength(2);
  });
});

describe('retries', () => {
  it('backs off exponentially on 408, 429 and 5xx', async () => {
    const server = await serve((_, response, index) => {
      if (index < 3) sendJson(response, [500, 408, 429][index] ?? 0, defaultError(500, 'later'));
      else sendJson(response, 200, process);
    });
    const clock = fakeClock();
    expect((await connect(server.url, { clock }).retrieveProcess(id)).state).toBe('RUNNING');
    expect(clock.waits).toEqual([500, 1000, 2000]);
    expect(server.requests).toHaveLength(4);
  });

  it('subtracts jitter, and fails after four attempts with the last answer', async () => {
    const server = await serve((_, response) => sendJson(response, 502, defaultError(502, 'down')));
    const clock = fakeClock();
    const error = await failureOf(connect(server.url, { clock, random: () => 0.5 }).retrieveProcess(id));
    expect(clock.waits).toEqual([375, 750, 1500]);
    expect(error).toMatchObject({ kind: 'server', httpStatus: 502, seen: '502 Bad Gateway: down (after 4 attempts)' });
  });

  it.each([
    ['7', [7000]],
    [new Date(Date.UTC(2024, 5, 14) + 9000).toUTCString(), [9000]],
    ['100000', [60_000]],
    ['-5', [500]],
    ['soon', [500]],
  ])('honors Retry-After: %s', async (header, waits) => {
    const server = await serve((_, response, index) => {
      if (index === 0) sendJson(response, 503, defaultError(503, 'busy'), { 'retry-after': header });
      else sendJson(response, 200, process);
    });
    const clock = fakeClock();
    await connect(server.url, { clock, timeoutMs: 100_000 }).retrieveProcess(id);
    expect(clock.waits).toEqual(waits);
  });

  it('does not wait past the time allowed for the call', async () => {
    const server = await serve((_, response) =>
      sendJson(response, 503, defaultError(503, 'busy'), { 'retry-after': '30' }),
    );
    const clock = fakeClock();
    expect(await failureOf(connect(server.url, { clock, timeoutMs: 20_000 }).retrieveProcess(id))).toMatchObject({
      httpStatus: 503,
    });
    expect(clock.waits).toEqual([]);
  });

  it.each([400, 401, 403, 404, 409, 501, 505])('does not retry after %i', async (status) => {
    const server = await serve((_, response) => sendJson(response, status, defaultError(status, 'no')));
    expect((await failureOf(connect(server.url, { clock: fakeClock() }).retrieveProcess(id))).httpStatus).toBe(status);
    expect(server.requests).toHaveLength(1);
  });

  it('retries a create with the same id if its answer was lost', async () => {
    const server = await serve((_, response, index) => {
      if (index === 0) response.destroy();
      else sendJson(response, 200, item);
    });
    await connect(server.url, { clock: fakeClock() }).createProcessItem({ type: 'TASK', processId: id });
    const ids = server.requests.map((request) => (JSON.parse(request.body.toString()) as { id: string }).id);
    expect(ids).toHaveLength(2);
    expect(ids[0]).toBe(ids[1]);
  });

  it('does not retry claim, complete, patch and log after a lost answer', async () => {
    const server = await serve((_, response) => response.destroy());
    const client = connect(server.url, { clock: fakeClock() });
    for (const call of [
      () => client.claimProcessItemTask(id),
      () => client.completeProcessItemTask(id),
      () => client.call('patchProcessItemTaskData', { path: { id }, body: [{ op: 'remove', path: '/A' }] }),
      () => client.appendProcessItemTaskLog(id, { message: 'x', level: 'INFO' }),
    ]) {
      expect(await failureOf(call())).toMatchObject({ kind: 'reset', sent: true, httpStatus: undefined });
    }
    expect(server.requests).toHaveLength(4);
  });

  it('retries them after 503, which means unprocessed, but not after another 5xx', async () => {
    const busy = await serve((_, response, index) =>
      index === 0 ? sendJson(response, 503, defaultError(503, 'busy')) : sendJson(response, 200, item),
    );
    expect((await connect(busy.url, { clock: fakeClock() }).claimProcessItemTask(id)).id).toBe(id);
    const failing = await serve((_, response) => sendJson(response, 500, defaultError(500, 'broken')));
    await failureOf(connect(failing.url, { clock: fakeClock() }).claimProcessItemTask(id));
    expect(failing.requests).toHaveLength(1);
  });

  it('retries every operation after a refused connection', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));
    const { port } = holder.address() as AddressInfo;
    await new Promise((resolve) => holder.close(resolve));
    const clock = fakeClock();
    const error = await failureOf(connect(`http://127.0.0.1:${port}`, { clock }).claimProcessItemTask(id));
    expect(error).toMatchObject({ kind: 'refused', sent: false, status: 1 });
    expect(error.seen).toBe('ECONNREFUSED (after 4 attempts)');
    expect(clock.waits).toHaveLength(3);
  });
});

describe('an error', () => {
  it('carries operation, address without query, status and body, with everything from the server escaped', async () => {
    const hostile = {
      ...defaultError(400, 'bad \u001b[31mred'),
      errors: [{ code: 'c\n', message: 'm\u202e', location: '/metadata' }],
    };
    const server = await serve((_, response) => sendJson(response, 400, hostile));
    const error = await failureOf(connect(server.url).findProcesses({ initiatorEmail: ['jane@example.com'] }));
    expect(error).toBeInstanceOf(KnownError);
    expect(error).toMatchObject({
      kind: 'rejected',
      operationId: 'findProcesses',
      httpStatus: 400,
      status: 1,
      body: hostile,
    });
    expect(error.tried).toBe(`GET ${server.url}/v2024-06-14/processes (findProcesses)`);
    expect(error.seen).toBe('400 Bad Request: bad \\u{1b}[31mred; c\\u{a} at /metadata: m\\u{202e}');
  });

  it.each([
    [401, 'unauthorized', /client secret/],
    [403, 'forbidden', /role/],
    [404, 'not-found', /Check the ID/],
    [409, 'conflict', /again/],
    [429, 'rate-limited', /Wait/],
    [500, 'server', /later/],
  ] as const)('%i is %s, with a hint', async (status, kind, hint) => {
    const server = await serve((_, response) => sendJson(response, status, defaultError(status, 'no')));
    const error = await failureOf(connect(server.url, { retry: { attempts: 1 } }).retrieveTenant(id));
    expect(error.kind).toBe(kind);
    expect(error.next.join(' ')).toMatch(hint);
  });

  it.each([200, 404])('reports an HTML page instead of JSON (%i)', async (status) => {
    const server = await serve((_, response) => {
      response.writeHead(status, { 'content-type': 'text/html' });
      response.end('<!doctype html><html><head><title>\n Corporate login </title></head></html>');
    });
    const error = await failureOf(connect(server.url).retrieveTenant(id));
    expect(error.kind).toBe('html');
    expect(error.message).toContain('a proxy or a login portal');
    expect(error.seen).toContain('an HTML page titled "Corporate login"');
  });

  it.each([
    ['{"id":"', 'truncated'],
    ['{"id":1', 'truncated'],
    ['', 'truncated'],
    ['hello', 'not-json'],
    ['{id}', 'not-json'],
  ])('classifies the body %j as %s', async (body, kind) => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(body);
    });
    expect((await failureOf(connect(server.url, { retry: { attempts: 1 } }).retrieveTenant(id))).kind).toBe(kind);
  });

  it.each(['content-length', 'chunked'])('classifies a body cut by the network as truncated (%s)', async (framing) => {
    const server = await serve((_, response) => {
      response.writeHead(200, {
        'content-type': 'application/json',
        ...(framing === 'chunked' ? {} : { 'content-length': '500' }),
      });
      response.write('{"id":', () => response.destroy());
    });
    expect(await failureOf(connect(server.url, { retry: { attempts: 1 } }).retrieveTenant(id))).toMatchObject({
      kind: 'truncated',
      sent: true,
    });
  });

  it('does not contain credentials that a server returns', async () => {
    const secret = 'pa"ss\\wörd and more';
    const token = 'eyJ.a-token-of-the-engine.x';
    const basic = Buffer.from(`my-app:${secret}`).toString('base64');
    for (const [own, credentials] of [
      [secret, { clientId: 'my-app', clientSecret: new Secret(secret) }],
      [token, { token: new Secret(token) }],
    ] as const) {
      const forms = [own, JSON.stringify(own).slice(1, -1), encodeURIComponent(own), basic];
      for (const page of ['error', 'gateway', 'title', 'success'] as const) {
        const server = await serve(({ headers }, response) => {
          const said = `${'x'.repeat(80)} ${headers.authorization ?? ''} ${own} ${encodeURIComponent(own)}`;
          const errors = [{ code: 'c', message: said, location: said }];
          if (page === 'error') sendJson(response, 403, { ...defaultError(403, said), errors });
          else if (page === 'gateway') sendJson(response, 400, { message: said });
          else {
            response.writeHead(page === 'title' ? 502 : 200, { 'content-type': 'text/html' });
            response.end(`<title>${said.slice(75)}</title>`);
          }
        });
        const error = await failureOf(
          connect(server.url, { credentials, retry: { attempts: 1 } }).call('retrieveProcess', { path: { id } }),
        );
        const printed = `${inspect(error, { depth: 9 })} ${JSON.stringify(error)} ${error.seen ?? ''}`;
        for (const form of forms) expect(printed.includes(form), `${page}: ${form.slice(0, 3)}`).toBe(false);
        expect(error.seen, page).toContain('[redacted]');
      }
    }
  });

  it('names the fields with a wrong type', async () => {
    const server = await serve((_, response) =>
      sendJson(response, 200, {
        metadata: { size: 1, page: 0, totalElements: 1, totalPages: 1 },
        content: [{ id: 7 }],
      }),
    );
    const error = await failureOf(connect(server.url).findTenants());
    expect(error).toMatchObject({ kind: 'contract' });
    expect(error.seen).toBe('200 OK: content[0].name is required, content[0].id must be string');
  });

  it('reports a redirect, which is not followed, with only its host', async () => {
    const server = await serve((_, response) => {
      response.writeHead(302, { location: 'https://login.corp/auth?state=private' });
      response.end();
    });
    const error = await failureOf(connect(server.url).retrieveTenant(id));
    expect(error).toMatchObject({ kind: 'redirect', seen: '302 Found: to host login.corp' });
    expect(server.requests).toHaveLength(1);
  });

  it.each([
    ['the head', () => undefined],
    [
      'the body',
      (response: Parameters<Answerer>[1]) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{');
      },
    ],
  ])('is "could not tell" after a timeout while waiting for %s', async (_name, answer) => {
    const server = await serve((_, response) => answer(response));
    const error = await failureOf(connect(server.url, { timeoutMs: 150 }).retrieveTenant(id));
    expect(error).toMatchObject({ kind: 'timeout', status: 4, httpStatus: undefined });
    expect(error.message).toContain('the reason is unknown');
  });

  it('distinguishes an unresolved host name from a server without TLS', async () => {
    const dns = await failureOf(connect('https://kuflow.invalid', { retry: { attempts: 1 } }).retrieveTenant(id));
    expect(dns).toMatchObject({ kind: 'dns', sent: false });
    const server = await serve((_, response) => sendJson(response, 200, {}));
    const plain = await failureOf(
      connect(`https://127.0.0.1:${server.port}`, { retry: { attempts: 1 } }).retrieveTenant(id),
    );
    expect(plain.kind).toBe('plain-http');
  });

  it('stops when the caller aborts, also between attempts', async () => {
    const server = await serve((_, response) => sendJson(response, 503, defaultError(503, 'busy')));
    const abort = new AbortController();
    const client = connect(server.url, {
      signal: abort.signal,
      clock: {
        ...systemClock,
        sleep: (ms, signal) => {
          abort.abort();
          return systemClock.sleep(ms, signal);
        },
      },
    });
    await expect(client.retrieveTenant(id)).rejects.toMatchObject({ status: 130 });
    expect(server.requests).toHaveLength(1);
  });
});
