import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import { operationIds, operations } from '../../../../src/kuflow/contract/operations.ts';
import { answerValidator } from '../../../../src/kuflow/contract/validators.ts';
import { HANDLERS } from '../../../../src/platform/rest/handlers.ts';
import { ENGINE_TOKEN, createRest, type Rest } from './server.ts';

let rest: Rest;
beforeEach(() => {
  rest = createRest({ hostNames: ['kuflow.test'] });
});
afterEach(() => rest.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
const start = async (): Promise<string> => {
  const payload = { tenantId: rest.world.identity.tenantId, processDefinitionCode: 'LOAN' };
  const answer = await rest.call('POST', '/processes', { payload });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<{ id: string }>().id;
};
const task = async (processId: string, more: object = {}): Promise<string> => {
  const payload = { type: 'TASK', processId, processItemDefinitionCode: 'APPLICATION', ...more };
  const answer = await rest.call('POST', '/process-items', { payload });
  expect(answer.statusCode, answer.body).toBe(201);
  return answer.json<{ id: string }>().id;
};
/** The message of an answer that is KuFlow's error body and nothing else. */
const refusal = (answer: { statusCode: number; headers: object; json: () => unknown }, status: number): string => {
  const body = answer.json() as { status: number; message: string };
  expect(answer.statusCode, body.message).toBe(status);
  expect(answerValidator('createProcess', status, 'strict')(body)).toEqual([]);
  expect(body.status).toBe(status);
  expect(answer.headers).toMatchObject({ 'content-type': expect.stringContaining('application/json') as string });
  return body.message;
};

describe('who calls', () => {
  const tenants = (authorization: string | undefined): ReturnType<Rest['call']> =>
    rest.app.inject({
      method: 'GET',
      url: '/tenants',
      headers: { host: 'localhost', ...(authorization === undefined ? {} : { authorization }) },
    });

  it('is told by Basic, by Bearer with the pair, by a user token and by an engine token', async () => {
    const pair = rest.asWorker.slice('Bearer '.length);
    for (const header of [rest.asWorker, `Basic ${pair}`, `basic ${pair}`, rest.asUser, `Bearer ${ENGINE_TOKEN}`]) {
      expect((await tenants(header)).statusCode, header.slice(0, 9)).toBe(200);
    }
    const { id } = rest.world.identity.application;
    const upper = Buffer.from(`${id.toUpperCase()}:${rest.world.identity.application.secret.reveal()}`).toString(
      'base64',
    );
    expect((await tenants(`Basic ${upper}`)).statusCode).toBe(200);
  });

  it('is 401 for all else, without a challenge', async () => {
    const wrong = Buffer.from(`${rest.world.identity.application.id}:wrong`).toString('base64');
    const userAsBasic = rest.asUser.replace('Bearer', 'Basic');
    for (const header of [
      undefined,
      '',
      'Bearer',
      `Basic ${wrong}`,
      `Bearer ${wrong}`,
      'Bearer a.b.c',
      'Bearer kfdev_no',
      userAsBasic,
      'Digest x',
    ]) {
      const answer = await tenants(header);
      const message = refusal(answer, 401);
      expect(message).toContain(header === undefined ? 'No Authorization' : '');
      expect(answer.headers).not.toHaveProperty('www-authenticate');
    }
  });
});

describe('where it is called', () => {
  it('with and without version and prefix, and with doubled slashes', async () => {
    const { tenantId } = rest.world.identity;
    for (const prefix of [
      '',
      '/v2024-06-14',
      '/apis/external',
      '/apis/external/v2024-06-14',
      '//v2024-06-14',
      '/v2024-06-14/',
      '//apis//external//v2024-06-14/',
    ]) {
      const answer = await rest.app.inject({
        url: `${prefix}/tenants/${tenantId}`,
        headers: { host: 'localhost:1', authorization: rest.asWorker },
      });
      expect(answer.statusCode, prefix).toBe(200);
      expect(answer.json()).toMatchObject({ id: tenantId });
    }
  });

  it('answers 404 that names the path, and 501 that names the operation', async () => {
    expect(refusal(await rest.call('GET', '/no-such-thing?secret=1'), 404)).toContain(
      'GET /v2024-06-14/no-such-thing in',
    );
    expect(
      refusal(await rest.app.inject({ url: '/v1999-01-01/tenants', headers: { host: 'localhost' } }), 404),
    ).toContain('/v1999-01-01/tenants');
    expect(refusal(await rest.call('DELETE', '/tenants'), 404)).toContain('DELETE /v2024-06-14/tenants');
    expect(refusal(await rest.call('GET', '/%zz'), 400)).toContain('%zz');
    expect(refusal(await rest.call('GET', '/robots'), 501)).toContain('findRobots');
  });

  it('has a route for every operation of the contract', async () => {
    for (const id of operationIds) {
      const { method, path } = operations[id];
      const answer = await rest.call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, uuid7()));
      if (HANDLERS[id] === undefined) expect(refusal(answer, 501), id).toContain(id);
      else expect([200, 400, 404], `${id} ${answer.body}`).toContain(answer.statusCode);
    }
    const seen = new Set(rest.world.events.flatMap((event) => (event.kind === 'request' ? [event.operationId] : [])));
    expect(operationIds.filter((id) => !seen.has(id))).toEqual([]);
  });

  it('only by its own names', async () => {
    const from = (headers: Record<string, string>): ReturnType<Rest['call']> =>
      rest.call('GET', '/tenants', { headers });
    for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:1', 'KuFlow.test:443'])
      expect((await from({ host })).statusCode, host).toBe(200);
    for (const host of ['evil.example', 'localhost.evil.example', '10.0.0.1', '127.0.0.1@evil.example', ' '])
      refusal(await from({ host }), 421);
    expect((await rest.app.inject({ url: '/health', headers: { host: 'evil.example' } })).statusCode).toBe(421);
  });

  it('not by a web page of another origin', async () => {
    const from = (headers: Record<string, string>): ReturnType<Rest['call']> =>
      rest.call('GET', '/tenants', { headers: { host: 'localhost:80', ...headers } });
    expect((await from({ origin: 'http://localhost' })).statusCode).toBe(200);
    expect((await from({ 'sec-fetch-site': 'same-origin' })).statusCode).toBe(200);
    for (const origin of [
      'http://evil.example',
      'null',
      'https://localhost',
      'http://localhost:3000',
      'http://127.0.0.1',
    ])
      refusal(await from({ origin }), 403);
    refusal(await from({ 'sec-fetch-site': 'cross-site' }), 403);
    refusal(
      await rest.app.inject({
        method: 'POST',
        url: '/_dev/faults',
        headers: { host: 'localhost', origin: 'http://evil.example', authorization: rest.asWorker },
      }),
      403,
    );
    expect(rest.faults.list()).toEqual([]);
  });
});

describe('the contract', () => {
  it('refuses a request that breaks it, names each field, and reports it without values', async () => {
    const payload = { type: 'NOVEL', processId: 'not-a-uuid-value', ownerEmail: 7 };
    const answer = await rest.call('POST', '/process-items', { payload });
    const message = refusal(answer, 400);
    for (const field of ['body.type', 'body.processId', 'body.ownerEmail']) expect(message).toContain(field);
    expect(message).not.toContain('not-a-uuid-value');
    expect(answer.json<{ errors: object[] }>().errors).toContainEqual({
      code: 'contract',
      message: expect.stringContaining('TASK') as string,
      location: 'body.type',
      locationType: 'body',
    });
    expect(rest.world.events).toContainEqual(
      expect.objectContaining({ kind: 'contract-violation', side: 'request', operationId: 'createProcessItem' }),
    );
  });

  it('coerces nothing in bodies, reads texts of the query as their types, and ignores what it does not know', async () => {
    const id = await start();
    expect(
      refusal(await rest.call('PUT', `/processes/${id}/metadata`, { payload: { metadata: { value: 'text' } } }), 400),
    ).toContain('body.metadata.value');
    const worker = { identity: 'me', taskQueue: 'Q', hostname: 'h', ip: '127.0.0.1', payloads: {}, robotIds: [] };
    expect((await rest.call('POST', '/workers', { payload: worker })).statusCode).toBe(201);
    expect(refusal(await rest.call('POST', '/workers', { payload: { ...worker, hostname: 1 } }), 400)).toContain(
      'body.hostname',
    );
    const found = await rest.call(
      'GET',
      `/processes?size=1&page=0&state=RUNNING&state=COMPLETED&sort=createdAt%2Cdesc&sort=id&colour=red`,
    );
    expect(found.json()).toMatchObject({ metadata: { size: 1, totalElements: 1 }, content: [{ id }] });
    for (const query of ['size=-1', 'size=1001', 'size=many', 'state=GONE', 'tenantId=x'])
      refusal(await rest.call('GET', `/processes?${query}`), 400);
    expect(refusal(await rest.call('GET', '/processes/not-a-uuid'), 400)).toContain('path.id');
  });

  it('takes a body in its media type only, and JSON that is JSON', async () => {
    const url = '/process-items';
    expect(refusal(await rest.call('POST', url), 400)).toContain('body is required');
    expect(refusal(await rest.call('POST', url, { payload: '{"type":', headers: JSON_TYPE }), 400)).toContain(
      'not JSON',
    );
    expect(
      refusal(await rest.call('POST', url, { payload: '{}', headers: { 'content-type': 'text/plain' } }), 415),
    ).toContain('application/json');
    expect(
      refusal(
        await rest.call('POST', url, { payload: '{}', headers: { ...JSON_TYPE, 'content-encoding': 'gzip' } }),
        415,
      ),
    ).toContain('gzip');
    const id = await start();
    for (const type of ['application/json-patch+json', 'application/json; charset=utf-8']) {
      const patch = JSON.stringify([{ op: 'add', path: '/FIRST_NAME', value: 'Ann' }]);
      expect(
        (
          await rest.call('PATCH', `/processes/${id}/metadata`, { payload: patch, headers: { 'content-type': type } })
        ).json(),
      ).toMatchObject({ metadata: { valid: true } });
    }
    // A body where none is expected, as some clients send with every POST.
    expect(
      (await rest.call('POST', `/processes/${id}/~actions/complete`, { payload: '', headers: JSON_TYPE })).statusCode,
    ).toBe(200);
  });

  it.each([
    [
      'a field too many',
      'retrieveTenant',
      { status: 200, body: { id: uuid7(), name: 'T', plan: 'FREE', colour: 'red' } },
      'colour',
    ],
    ['a field too few', 'retrieveTenant', { status: 200, body: { id: uuid7(), name: 'T' } }, 'plan'],
    ['a wrong type', 'retrieveTenant', { status: 200, body: { id: uuid7(), name: 7, plan: 'FREE' } }, 'name'],
    ['an unlisted status', 'retrieveTenant', { status: 202, body: { id: uuid7(), name: 'T', plan: 'FREE' } }, '202'],
    ['nothing at all', 'retrieveTenant', { status: 200 }, ''],
    ['JSON in place of bytes', 'downloadDocument', { status: 200, body: { a: 1 } }, 'bytes'],
  ] as const)('catches an answer of ours with %s', async (_what, operationId, answer, text) => {
    const broken = createRest({ handlers: { [operationId]: () => answer } });
    try {
      const url =
        operationId === 'retrieveTenant' ? `/tenants/${uuid7()}` : '/documents/~actions/download?documentUri=ku:x';
      const message = refusal(await broken.call('GET', url), 500);
      expect(message).toContain(operationId);
      expect(message).toContain(text);
      expect(broken.world.events).toContainEqual(
        expect.objectContaining({ kind: 'contract-violation', side: 'answer', operationId }),
      );
    } finally {
      await broken.stop();
    }
  });

  it('answers 500 without the reason for what nobody foresaw, and reports the reason', async () => {
    const broken = createRest({
      handlers: {
        retrieveTenant: () => {
          throw new Error('inner workings');
        },
      },
    });
    try {
      expect(refusal(await broken.call('GET', `/tenants/${uuid7()}`), 500)).not.toContain('inner');
      expect(broken.world.events).toContainEqual({ kind: 'warning', message: 'retrieveTenant failed: inner workings' });
    } finally {
      await broken.stop();
    }
  });
});

describe('operations', () => {
  it('hand out engine token and certificate with 200', async () => {
    const { tenantId, application, namespace } = rest.world.identity;
    const ask = (payload: object): ReturnType<Rest['call']> => rest.call('POST', '/authentications', { payload });
    expect((await ask({ type: 'ENGINE_TOKEN', tenantId })).json()).toMatchObject({
      type: 'ENGINE_TOKEN',
      tenantId,
      createdBy: application.id,
      engineToken: { token: `token.of.${application.id}`, expiredAt: '2030-01-01T00:00:00.000Z' },
    });
    expect((await ask({ type: 'ENGINE_CERTIFICATE', someField: 1 })).json()).toMatchObject({
      engineCertificate: { namespace, tls: { clientCertificate: 'CERT' } },
    });
    expect(refusal(await ask({ type: 'ENGINE_TOKEN', tenantId: uuid7() }), 400)).toContain(tenantId);
    expect(rest.world.store.sql.all('SELECT type FROM authentications').map(({ type }) => type)).toEqual([
      'ENGINE_TOKEN',
      'ENGINE_CERTIFICATE',
    ]);
  });

  it('register workers by identity and queue, with the delay window on every answer', async () => {
    const worker = {
      identity: '1@host',
      taskQueue: 'Q',
      workflowTypes: ['W'],
      activityTypes: ['a'],
      hostname: 'host',
      ip: '127.0.0.1',
    };
    const register = (more: object): ReturnType<Rest['call']> =>
      rest.call('POST', '/workers', { payload: { ...worker, ...more } });
    const first = await register({});
    expect([first.statusCode, first.headers['x-kf-delay-window']]).toEqual([201, '300']);
    const second = await register({ workflowTypes: ['W', 'X'] });
    expect([second.statusCode, second.headers['x-kf-delay-window']]).toEqual([200, '300']);
    expect(second.json()).toMatchObject({ id: first.json<{ id: string }>().id, workflowTypes: ['W', 'X'] });
    expect((await register({ taskQueue: 'R' })).statusCode).toBe(201);
    const { workers } = (
      await rest.app.inject({ url: '/_dev/workers', headers: { host: 'localhost', authorization: rest.asUser } })
    ).json<{ workers: object[] }>();
    expect(workers).toHaveLength(2);
  });

  it('find and read principals, tenants, tenant users and no groups', async () => {
    const { user, application, tenantId } = rest.world.identity;
    const names = async (query: string): Promise<string[]> =>
      (await rest.call('GET', `/principals?${query}`))
        .json<{ content: { name: string }[] }>()
        .content.map(({ name }) => name);
    expect(await names('sort=name')).toEqual(['KuFlow', 'Local application', 'Local user', 'Other user']);
    expect(await names('type=APPLICATION')).toEqual(['Local application']);
    expect(await names(`groupId=${uuid7()}`)).toEqual([]);
    expect(await names(`tenantId=${uuid7()}`)).toEqual([]);
    expect((await rest.call('GET', `/principals/${user.principalId}`)).json()).toEqual({
      id: user.principalId,
      type: 'USER',
      name: user.name,
      user: { id: user.userId, email: user.email },
    });
    expect((await rest.call('GET', `/principals/${application.id.toUpperCase()}`)).json()).toMatchObject({
      application: { id: application.id },
    });
    refusal(await rest.call('GET', `/principals/${uuid7()}`), 404);
    expect((await rest.call('GET', '/tenants')).json()).toMatchObject({ content: [{ id: tenantId }] });
    refusal(await rest.call('GET', `/tenants/${uuid7()}`), 404);
    const found = (await rest.call('GET', `/tenant-users?email=${encodeURIComponent(user.email)}`)).json<{
      content: { id: string; principalId: string }[];
    }>().content;
    expect(found).toEqual([expect.objectContaining({ principalId: user.principalId, tenantId })]);
    expect((await rest.call('GET', `/tenant-users/${found[0]?.id ?? ''}`)).json()).toMatchObject({
      principal: { id: user.principalId, user: { email: user.email } },
      metadata: { valid: true, value: {} },
    });
    expect((await rest.call('GET', '/groups')).json()).toEqual({
      metadata: { size: 25, page: 0, totalElements: 0, totalPages: 0 },
      content: [],
    });
  });

  it('carry a task from creation to completion, with 200 for what exists', async () => {
    const id = uuid7();
    const payload = { id, tenantId: rest.world.identity.tenantId, processDefinitionCode: 'LOAN' };
    expect((await rest.call('POST', '/processes', { payload })).statusCode).toBe(201);
    expect((await rest.call('POST', '/processes', { payload })).statusCode).toBe(200);
    expect(
      refusal(
        await rest.call('POST', '/processes', { payload: { ...payload, id: uuid7(), processDefinitionCode: 'NOPE' } }),
        404,
      ),
    ).toContain('LOAN');
    const itemId = uuid7();
    await task(id, { id: itemId });
    expect(
      (await rest.call('POST', '/process-items', { payload: { id: itemId, type: 'TASK', processId: id } })).statusCode,
    ).toBe(200);
    const at = `/process-items/${itemId.toUpperCase()}/task`;
    const asUser = { headers: { authorization: rest.asUser } };
    expect((await rest.call('POST', `${at}/~actions/claim`, asUser)).json()).toMatchObject({
      ownerId: rest.world.identity.user.principalId,
    });
    refusal(await rest.call('POST', `${at}/~actions/claim`, asUser), 409);
    refusal(await rest.call('POST', `${at}/~actions/complete`), 403);
    expect(
      (
        await rest.call('PUT', `${at}/data`, { ...asUser, payload: { data: { value: { AMOUNT: '1' }, valid: false } } })
      ).json(),
    ).toMatchObject({ task: { data: { valid: true } } });
    expect(
      (await rest.call('POST', `${at}/~actions/append-log`, { payload: { message: 'done', level: 'INFO' } })).json(),
    ).toMatchObject({ task: { logs: [{ message: 'done' }] } });
    expect(
      (await rest.call('PUT', `${at}/context-data`, { payload: { data: { value: { a: 1 } } } })).json(),
    ).toMatchObject({ task: { contextData: { value: { a: 1 } } } });
    expect((await rest.call('POST', `${at}/~actions/complete`, asUser)).json()).toMatchObject({
      task: { state: 'COMPLETED' },
    });
    expect((await rest.call('GET', `/process-items?processId=${id}&taskState=COMPLETED`)).json()).toMatchObject({
      content: [{ id: itemId }],
    });
    await rest.world.outbox.whenIdle();
    expect(rest.world.calls.map(({ call }) => call)).toEqual(['start', 'signal']);
    const timeline = await rest.app.inject({
      url: `/_dev/processes/${id}/timeline`,
      headers: { host: 'localhost', authorization: rest.asUser },
    });
    const { entries } = timeline.json<{ entries: { kind: string }[] }>();
    expect(entries.at(-1)).toEqual({
      time: expect.any(String) as string,
      kind: 'item-completed',
      processItemId: itemId,
      code: 'APPLICATION',
      principal: 'Local user',
    });
  });

  it('take raw bytes up and give them back, by both pairs of operations', async () => {
    const id = await start();
    const bytes = Buffer.from([0, 1, 2, 255, 123, 34]);
    const raw = { payload: bytes, headers: { 'content-type': 'application/octet-stream' } };
    const name = 'fileContentType=text%2Fplain&fileName=na%22me%20%C3%BC.txt';
    for (const [up, down] of [
      [`/processes/${id}/~actions/upload-document?${name}`, `/processes/${id}/~actions/download-document`],
      [`/documents/~actions/upload?targetUri=ku:process/${id}&${name}`, '/documents/~actions/download'],
    ] as const) {
      const { documentUri } = (await rest.call('POST', up, raw)).json<{ documentUri: string }>();
      const answer = await rest.call('GET', `${down}?documentUri=${encodeURIComponent(documentUri)}`);
      expect(answer.rawPayload.equals(bytes)).toBe(true);
      expect(answer.headers).toMatchObject({
        'content-type': 'application/octet-stream',
        'content-length': '6',
        'content-disposition': `attachment; filename="na_me _.txt"; filename*=UTF-8''na%22me%20%C3%BC.txt`,
      });
      refusal(await rest.call('POST', up, { ...raw, payload: Buffer.alloc(0) }), 400);
      refusal(await rest.call('POST', up, { payload: '{}', headers: JSON_TYPE }), 415);
      refusal(await rest.call('GET', `${down}?documentUri=ku:process/${id}/document/${uuid7()}`), 404);
    }
  });
});

describe('beside the API', () => {
  it('health says what each part does and needs no credentials; not ready is 503', async () => {
    const ask = (): ReturnType<Rest['call']> => rest.app.inject({ url: '/health', headers: { host: 'localhost' } });
    const ready = await ask();
    expect([ready.statusCode, ready.json()]).toEqual([200, rest.health]);
    rest.health = { ready: false, parts: { temporal: { state: 'starting' } } };
    const starting = await ask();
    expect([starting.statusCode, starting.json()]).toEqual([503, rest.health]);
  });

  it('openapi.json is the contract with this server in it', async () => {
    const { servers, paths } = (
      await rest.app.inject({ url: '/openapi.json', headers: { host: 'localhost:8080' } })
    ).json<{ servers: object[]; paths: object }>();
    expect(servers).toEqual([{ url: 'http://localhost:8080/v2024-06-14' }]);
    expect(Object.keys(paths).length).toBe(new Set(operationIds.map((id) => operations[id].path)).size);
  });

  it('the timeline and the faults need credentials, and say what is wrong with a request', async () => {
    const dev = (method: string, url: string, more: object = {}): ReturnType<Rest['call']> =>
      rest.call(method, '', { ...more }).then(() =>
        rest.app.inject({
          method: method as 'GET',
          url,
          headers: { host: 'localhost', authorization: rest.asUser },
          ...more,
        }),
      );
    refusal(await rest.app.inject({ url: '/_dev/faults', headers: { host: 'localhost' } }), 401);
    refusal(await rest.app.inject({ url: `/_dev/processes/${uuid7()}/timeline`, headers: { host: 'localhost' } }), 401);
    refusal(await dev('GET', `/_dev/processes/${uuid7()}/timeline`), 404);
    refusal(await dev('GET', '/_dev/processes/x/timeline'), 400);
    const added = await dev('POST', '/_dev/faults', {
      payload: { operationId: 'findTenants', action: { kind: 'status', status: 503, retryAfter: 2 } },
    });
    expect([added.statusCode, added.json()]).toEqual([
      201,
      expect.objectContaining({ operationId: 'findTenants', times: 1, left: 1 }),
    ]);
    const hit = await rest.call('GET', '/tenants');
    expect([refusal(hit, 503), hit.headers['retry-after']]).toEqual([expect.stringContaining('Injected'), '2']);
    expect((await rest.call('GET', '/tenants')).statusCode).toBe(200);
    expect((await dev('GET', '/_dev/faults')).json()).toEqual({ faults: [{ ...added.json<object>(), left: 0 }] });
    expect((await dev('DELETE', '/_dev/faults')).statusCode).toBe(204);
    expect(rest.faults.list()).toEqual([]);
    expect(refusal(await dev('POST', '/_dev/faults', { payload: { operationId: 'nope', action: {} } }), 400)).toContain(
      'operationId',
    );
    expect(
      refusal(
        await dev('POST', '/_dev/faults', {
          payload: '{',
          headers: { host: 'localhost', authorization: rest.asUser, ...JSON_TYPE },
        }),
        400,
      ),
    ).toContain('not JSON');
  });
});

describe('the log', () => {
  it('has a line per request with operation, status and reason, without query, body or secrets', async () => {
    const id = await start();
    await rest.call('PUT', `/processes/${id}/metadata?note=QueryCanary`, {
      payload: { metadata: { value: { FIRST_NAME: 'BodyCanary' } } },
    });
    await rest.call('PUT', `/processes/${id}/metadata`, { payload: { metadata: 'BodyCanary' } });
    expect(rest.world.events).toContainEqual({
      kind: 'request',
      method: 'PUT',
      path: `/v2024-06-14/processes/${id}/metadata`,
      operationId: 'updateProcessMetadata',
      status: 200,
      ms: expect.any(Number) as number,
    });
    expect(rest.world.events).toContainEqual(
      expect.objectContaining({
        kind: 'request',
        status: 400,
        problem: expect.stringContaining('body.metadata') as string,
      }),
    );
    const text = JSON.stringify(rest.world.events);
    for (const canary of [
      'QueryCanary',
      'BodyCanary',
      rest.asWorker.slice(7),
      rest.world.identity.application.secret.reveal(),
    ])
      expect(text).not.toContain(canary);
  });

  it('says loudly, but not every time, what a worker is refused', async () => {
    const id = await task(await start());
    const warnings = (): number =>
      rest.world.events.filter((event) => event.kind === 'warning' && event.message.includes('completeProcessItemTask'))
        .length;
    const complete = (authorization: string): ReturnType<Rest['call']> =>
      rest.call('POST', `/process-items/${id}/task/~actions/complete`, { headers: { authorization } });
    await complete(rest.asUser);
    expect(warnings()).toBe(0);
    await complete(rest.asWorker);
    await complete(rest.asWorker);
    expect(warnings()).toBe(1);
    expect(rest.world.events).toContainEqual({
      kind: 'warning',
      message: expect.stringMatching(/refused with 409.*claim it first.*retry/s) as string,
    });
  });
});
