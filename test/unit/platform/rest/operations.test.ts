import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import { operationIds, operations } from '../../../../src/kuflow/contract/operations.ts';
import { createRest, createTask, refusal, startLoan, type Rest } from './server.ts';

let rest: Rest;
beforeEach(() => {
  rest = createRest({ hostNames: ['kuflow.test'] });
});
afterEach(() => rest.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
describe('operations', () => {
  it('issue engine tokens and certificates', async () => {
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

  it('register workers by identity and queue, with the delay window in every answer', async () => {
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

  it('refuse a patch whose copies double the value, with the reason, wherever a patch is accepted', async () => {
    const processId = await startLoan(rest);
    const taskId = await createTask(rest, processId);
    const bomb = Array.from({ length: 26 }, (_, index) => ({ op: 'copy', from: '', path: `/copy${index}` }));
    for (const path of [
      `/processes/${processId}/metadata`,
      `/processes/${processId}/entity`,
      `/process-items/${taskId}/task/data`,
    ]) {
      const answer = await rest.call('PATCH', path, { payload: bomb });
      expect(refusal(answer, 400)).toContain('copies more than 1 MB');
      const ordinary = await rest.call('PATCH', path, { payload: [{ op: 'add', path: '/note', value: 'x' }] });
      expect(ordinary.statusCode).toBe(200);
    }
  });

  it('return the URI of processes and process items, even in lists', async () => {
    const processId = await startLoan(rest);
    const taskId = await createTask(rest, processId);
    for (const [path, id, uri] of [
      ['/processes', processId, `ku:process/${processId}`],
      ['/process-items', taskId, `ku:process-item/${taskId}`],
    ] as const) {
      expect((await rest.call('GET', path)).json()).toMatchObject({ content: [{ id, uri }] });
      expect((await rest.call('GET', `${path}/${id}`)).json()).toMatchObject({ id, uri });
    }
  });

  it('find and retrieve principals, tenants and tenant users, and the group of all users', async () => {
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
    expect((await rest.call('GET', `/tenants?tenantId=${tenantId.toUpperCase()}`)).json()).toMatchObject({
      content: [{ id: tenantId }],
    });
    refusal(await rest.call('GET', `/tenants/${uuid7()}`), 404);
    const found = (await rest.call('GET', `/tenant-users?email=${encodeURIComponent(user.email)}`)).json<{
      content: { id: string; principalId: string }[];
    }>().content;
    expect(found).toEqual([expect.objectContaining({ principalId: user.principalId, tenantId })]);
    expect((await rest.call('GET', `/tenant-users/${found[0]?.id ?? ''}`)).json()).toMatchObject({
      principal: { id: user.principalId, user: { email: user.email } },
      metadata: { valid: true, value: {} },
    });
    const groups = async (query: string) =>
      (await rest.call('GET', `/groups${query}`)).json<{ content: { id: string; code: string }[] }>().content;
    const [group] = await groups('');
    expect(group).toMatchObject({ name: 'Local users', code: 'LOCAL_USERS', tenantId });
    const { id: groupId = '' } = group ?? {};
    expect(await groups(`?groupId=${groupId}&groupCode=LOCAL_USERS&tenantId=${tenantId}`)).toEqual([group]);
    expect(await groups(`?principalId=${user.principalId}`)).toEqual([group]);
    for (const other of ['groupCode=OTHER', 'page=1', `tenantId=${uuid7()}`, `groupId=${uuid7()}`])
      expect(await groups(`?${other}`)).toEqual([]);
    expect(await groups(`?principalId=${application.id}`)).toEqual([]);
    const members = (await rest.call('GET', `/principals?groupId=${groupId}`)).json<{ content: { type: string }[] }>();
    expect(members.content.map(({ type }) => type)).toEqual(['USER', 'USER']);
    expect((await rest.call('GET', '/tenant-users?groupCode=OTHER')).json()).toMatchObject({ content: [] });
  });

  it('take a task from creation to completion, with 200 if it exists already', async () => {
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
    await createTask(rest, id, { id: itemId });
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

  it('upload and download documents, with both pairs of operations', async () => {
    const id = await startLoan(rest);
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

describe('other routes', () => {
  it('/health reports each part without credentials, and answers 503 if it is not ready', async () => {
    const ask = (): ReturnType<Rest['call']> => rest.app.inject({ url: '/health', headers: { host: 'localhost' } });
    const ready = await ask();
    expect([ready.statusCode, ready.json()]).toEqual([200, rest.health]);
    rest.health = { ready: false, parts: { temporal: { state: 'down' } } };
    const starting = await ask();
    expect([starting.statusCode, starting.json()]).toEqual([503, rest.health]);
  });

  it('/openapi.json is the contract with the URL of this server', async () => {
    const { servers, paths } = (
      await rest.app.inject({ url: '/openapi.json', headers: { host: 'localhost:8080' } })
    ).json<{ servers: object[]; paths: object }>();
    expect(servers).toEqual([{ url: 'http://localhost:8080/v2024-06-14' }]);
    expect(Object.keys(paths).length).toBe(new Set(operationIds.map((id) => operations[id].path)).size);
  });

  it('the timeline and the faults need credentials and reject invalid requests', async () => {
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
    const wrong = { operationId: 'nope', action: { kind: 'drop-answer' } };
    expect(refusal(await dev('POST', '/_dev/faults', { payload: wrong }), 400)).toContain('operationId');
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
