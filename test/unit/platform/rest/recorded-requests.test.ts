import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import type { RequestDetail, RequestList, RequestRecord } from '../../../../src/platform/shared/dev-contract.ts';
import { uploadProcessDocument } from '../../../../src/platform/domain/documents.ts';
import { PROCESSES } from '../../../../src/platform/store/processes.ts';
import { until } from '../../../support/until.ts';
import { LOAN } from '../domain/world.ts';
import { createRest, refusal, startLoan, type Rest } from './server.ts';

let rest: Rest;
beforeEach(() => {
  rest = createRest();
});
afterEach(() => rest.stop());

const get = (url: string): Promise<LightMyRequestResponse> =>
  rest.app.inject({ url, headers: { host: 'localhost', authorization: rest.asUser } });
const list = async (query = ''): Promise<readonly RequestRecord[]> =>
  (await get(`/_dev/requests${query}`)).json<RequestList>().requests;
const detail = async (id: number | undefined): Promise<RequestDetail> =>
  (await get(`/_dev/requests/${id}`)).json<RequestDetail>();
const latest = async (): Promise<RequestDetail> => await detail((await list())[0]?.id);

describe('GET /_dev/requests', () => {
  it('lists the newest first, with the operation, the caller and what is wrong', async () => {
    const id = await startLoan(rest);
    await rest.call('POST', '/processes', { payload: { tenantId: 'x' } });
    await rest.call('GET', `/processes/${id}?a=b`, { headers: { authorization: 'Bearer wrong' } });
    const records = await list();
    expect(records).toEqual([
      expect.objectContaining({
        id: 3,
        method: 'GET',
        path: `/v2024-06-14/processes/${id}`,
        operationId: 'retrieveProcess',
        status: 401,
        problem: expect.stringContaining('not valid') as string,
        violations: [],
        console: false,
      }),
      expect.objectContaining({
        id: 2,
        operationId: 'createProcess',
        principal: 'Local application',
        status: 400,
        violations: [{ side: 'request', problem: expect.stringContaining('body.tenantId') as string }],
      }),
      expect.objectContaining({ id: 1, operationId: 'createProcess', status: 201, violations: [] }),
    ]);
    expect(records[0]).not.toHaveProperty('principal');
    expect(await list('?limit=1')).toEqual([records[0]]);
    expect((await get('/_dev/requests?limit=all')).statusCode).toBe(400);
    expect((await get('/_dev/requests/99')).statusCode).toBe(404);
    expect((await get('/_dev/requests/x')).statusCode).toBe(400);
  });

  it('does not contain those that read it, the platform itself and sign-in codes', async () => {
    await list();
    await get('/_dev/requests/1');
    const code = await rest.call('POST', '/_dev/open-codes', { headers: { authorization: rest.asUser } });
    expect(code.statusCode).toBe(201);
    expect(await list()).toEqual([]);
  });

  it('marks those of the console, which do not displace others', async () => {
    await rest.call('GET', '/tenants');
    for (let count = 0; count < 150; count++)
      await rest.call('GET', '/tenants', { headers: { 'x-kuflow-console': '1' } });
    await get('/console/');
    const records = await list();
    expect(records).toHaveLength(101);
    expect(records.filter((record) => !record.console).map(({ id }) => id)).toEqual([1]);
    expect(records[0]).toMatchObject({ path: '/console/', console: true });
  });

  it('contains an unanswered request before its client gives up', async () => {
    await rest.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = rest.app.server.address() as AddressInfo;
    rest.faults.add({ operationId: 'findTenants', times: 1, action: { kind: 'no-answer' } });
    const headers = { authorization: rest.asWorker };
    const client = http.get({ host: '127.0.0.1', port, path: '/tenants', headers, agent: false });
    const ended = new Promise<unknown>((resolve) => client.on('error', resolve).on('response', resolve));
    const [record] = await until('the request is recorded', async () => {
      const records = await list();
      return records.length > 0 && records;
    });
    expect(record).toMatchObject({ status: 0, problem: 'Injected fault: the request is not answered' });
    client.destroy(new Error('The client gave up'));
    expect(await ended).toMatchObject({ message: 'The client gave up' });
  });

  it('keeps the latest 400 of others', async () => {
    for (let count = 0; count < 402; count++) await rest.app.inject({ url: '/health', headers: { host: 'localhost' } });
    const records = await list();
    expect([records.length, records[0]?.id, records.at(-1)?.id]).toEqual([400, 402, 3]);
  });

  it('contains a request that was dropped or cut once', async () => {
    await rest.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = rest.app.server.address() as AddressInfo;
    const send = (path: string): Promise<unknown> =>
      new Promise((resolve) => {
        const headers = { authorization: rest.asWorker };
        const request = http.get({ host: '127.0.0.1', port, path, headers, agent: false }, (answer) => {
          answer.on('error', () => undefined).on('close', () => resolve(answer.statusCode));
          answer.resume();
        });
        request.on('error', resolve);
      });
    for (const kind of ['drop-request', 'drop-answer', 'cut-answer'] as const) {
      rest.faults.add({ operationId: 'findTenants', times: 1, action: { kind } });
      await send('/tenants');
    }
    await send('/tenants');
    await until('the last request is recorded', async () =>
      (await list()).some(({ problem }) => problem === undefined),
    );
    const records = await list();
    expect(records.map(({ status, problem }) => [status, problem])).toEqual([
      [200, undefined],
      [200, 'Injected fault: the answer was cut'],
      [0, 'Injected fault: the answer was dropped'],
      [0, 'Injected fault: the request was dropped'],
    ]);
  });
});

describe('GET /_dev/requests/{id}', () => {
  it('does not contain a key that an application reads, but contains the reason for a refusal', async () => {
    rest.world.domain.definitions.replace([{ ...LOAN, process: { code: 'LOAN', confidential: true } }], []);
    const id = await startLoan(rest);
    const keyId = PROCESSES.findById(rest.world.store.sql, id)?.encryptionKeyId ?? '';
    const answer = await rest.call('GET', `/kms/keys/${keyId}`);
    expect(answer.json()).toEqual({ id: keyId, value: expect.any(String) as string });
    expect((await latest()).responseBody).toMatchObject({ bytes: answer.rawPayload.length, text: '[redacted]' });
    refusal(await rest.call('GET', '/kms/keys/unknown'), 404);
    expect((await latest()).responseBody?.text).toContain('No key with ID unknown');
    const asUser = { headers: { authorization: rest.asUser } };
    expect(refusal(await rest.call('GET', `/kms/keys/${keyId}`, asUser), 403)).toContain("can't read keys");
    const { value } = answer.json<{ value: string }>();
    const records = await list();
    const everything = JSON.stringify([records, await Promise.all(records.map((record) => detail(record.id)))]);
    expect(everything).not.toContain(value.slice(4, 16));
  });

  it('does not contain what is entered in a confidential process, but contains what is entered in others', async () => {
    const canary = 'canary-value';
    const payload = { tenantId: rest.world.identity.tenantId, processDefinitionCode: 'LOAN' };
    const withMetadata = { ...payload, metadata: { value: { FIRST_NAME: canary } } };
    const ordinary = (await rest.call('POST', '/processes', { payload: withMetadata })).json<{ id: string }>().id;
    rest.world.domain.definitions.replace([{ ...LOAN, process: { code: 'LOAN', confidential: true } }], []);
    const id = (await rest.call('POST', '/processes', { payload: withMetadata })).json<{ id: string }>().id;
    refusal(await rest.call('POST', '/processes', { payload: { ...withMetadata, relatedProcessId: uuid7() } }), 400);
    const task = { type: 'TASK', processId: id, processItemDefinitionCode: 'SCORE' };
    const item = (await rest.call('POST', '/process-items', { payload: task })).json<{ id: string }>().id;
    await rest.call('POST', `/process-items/${item}/task/~actions/claim`);
    await rest.call('PUT', `/process-items/${item}/task/data`, { payload: { data: { value: { score: canary } } } });
    await rest.call('GET', `/process-items/${item}`);
    const upload = `/processes/${id}/~actions/upload-document?fileContentType=text/plain&fileName=${canary}`;
    const headers = { 'content-type': 'application/octet-stream' };
    const { documentUri } = (await rest.call('POST', upload, { payload: Buffer.from(canary), headers })).json<{
      documentUri: string;
    }>();
    await rest.call('GET', `/documents/~actions/download?documentUri=${encodeURIComponent(documentUri)}`);
    await rest.call('GET', `/processes/${id}`);
    const large = { ...task, contextData: { value: { text: canary.repeat(2_000) } }, processId: id.toUpperCase() };
    await rest.call('POST', '/process-items', { payload: large });

    const details = await Promise.all((await list()).map((record) => detail(record.id)));
    const [first, ...others] = details.toReversed();
    expect(first?.requestBody?.text).toContain(canary);
    expect(others.map(({ status }) => status)).toEqual([201, 400, 201, 200, 200, 200, 200, 200, 200, 201]);
    expect(JSON.stringify(others)).not.toContain(canary);
    expect(others[0]).toMatchObject({ requestBody: { text: '[redacted]' }, responseBody: { text: '[redacted]' } });
    expect(others[6]?.url).toBe(`/v2024-06-14/processes/${id}/~actions/upload-document?[redacted]`);

    await rest.call('GET', `/processes/${ordinary}`);
    expect((await latest()).responseBody?.text).toContain(canary);
  });

  it('has the query, headers and bodies of a request', async () => {
    const { tenantId } = rest.world.identity;
    const payload = { tenantId, processDefinitionCode: 'LOAN', metadata: { value: { FIRST_NAME: 'Ada' } } };
    const answer = await rest.call('POST', '/processes?x=1', { payload, headers: { 'user-agent': 'test' } });
    expect(await latest()).toMatchObject({
      url: '/v2024-06-14/processes?x=1',
      path: '/v2024-06-14/processes',
      requestHeaders: { 'user-agent': 'test', 'content-type': 'application/json' },
      responseHeaders: { 'content-type': 'application/json; charset=utf-8' },
      requestBody: { contentType: 'application/json', text: JSON.stringify(payload), truncated: false },
      responseBody: { text: answer.body, bytes: answer.rawPayload.length, truncated: false },
    });
    await rest.call('GET', '/tenants');
    expect(await latest()).not.toHaveProperty('requestBody');
  });

  it('cuts long bodies, and leaves out those that are not text', async () => {
    const process = await startLoan(rest);
    const upload = async (bytes: Buffer): Promise<RequestDetail> => {
      const path = `/processes/${process}/~actions/upload-document?fileName=a&fileContentType=b/c`;
      const more: InjectOptions = { payload: bytes, headers: { 'content-type': 'application/octet-stream' } };
      expect((await rest.call('POST', path, more)).statusCode).toBe(200);
      return await latest();
    };
    // The limit is in the middle of a character.
    const text = await upload(Buffer.from(`x${'é'.repeat(10_000)}`));
    expect(text.requestBody).toMatchObject({ bytes: 20_001, truncated: true });
    expect(text.requestBody?.text).toBe(`x${'é'.repeat(8191)}`);
    const image = await upload(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0, 1, 2]));
    expect(image.requestBody).toEqual({ bytes: 7, contentType: 'application/octet-stream', truncated: false });

    const bytes = Buffer.alloc(50_000, 'x');
    const { documentUri } = uploadProcessDocument(rest.world.user, process, {
      ...{ fileName: 'a.txt', fileContentType: 'text/plain', bytes },
    });
    const query = `documentUri=${encodeURIComponent(documentUri)}`;
    await rest.call('GET', `/processes/${process}/~actions/download-document?${query}`);
    expect((await latest()).responseBody).toEqual({
      ...{ bytes: 50_000, contentType: 'application/octet-stream', truncated: true },
    });
  });

  it('never contains a secret', async () => {
    const { application, user } = rest.world.identity;
    const key = `-----BEGIN PRIVATE KEY-----\n${'canary/'.repeat(20)}\n-----END PRIVATE KEY-----\n`;
    const jwt = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.${'c'.repeat(40)}`;
    const pair = Buffer.from(`${application.id}:${application.secret.reveal()}`).toString('base64');
    for (const type of ['ENGINE_TOKEN', 'ENGINE_CERTIFICATE'])
      expect((await rest.call('POST', '/authentications', { payload: { type } })).statusCode).toBe(200);
    for (const path of ['/_dev/environment', '/_dev/users']) expect((await get(path)).statusCode).toBe(200);
    const payload = { key, jwt, secret: application.secret.reveal(), ['padding']: 'x'.repeat(40_000) };
    await rest.call('POST', `/processes?code=${user.token.reveal()}&jwt=${jwt}`, { payload });
    await rest.call('GET', `/processes/${user.token.reveal()}`, {
      headers: { cookie: `session=${jwt}`, 'x-key': jwt },
    });
    await rest.call('GET', '/tenants', { headers: { authorization: `Basic ${pair}` } });
    await rest.call('GET', '/tenants', { headers: { authorization: 'canary-without-scheme' } });
    // The limit is in the middle of each of these.
    for (const [secret, before] of [
      [application.secret.reveal(), 40],
      [jwt, 40],
      [key, 100],
    ] as const)
      await rest.call('POST', '/processes', { payload: { padding: 'x'.repeat(16 * 1024 - before), secret } });

    const records = await list();
    expect(records).toHaveLength(11);
    const everything = JSON.stringify([records, await Promise.all(records.map(({ id }) => detail(id)))]);
    const tokenOfWorker = `token.of.${application.id}`;
    for (const secret of [
      application.secret.reveal().slice(6, 14),
      user.token.reveal().slice(6, 14),
      pair.slice(-20),
      tokenOfWorker,
      jwt.slice(3, 12),
      'canary',
      '"KEY"',
      '\\"KEY\\"',
    ])
      expect(everything).not.toContain(secret);
    const [token] = await Promise.all(records.slice(-1).map(({ id }) => detail(id)));
    expect(token?.requestHeaders['authorization']).toBe('Bearer [redacted]');
    expect(token?.responseBody?.text).toContain('"token":"[redacted]"');
    expect(token?.responseBody?.text).toContain('"expiredAt":"2030-01-01T00:00:00.000Z"');
  });
});
