import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import { PROBE_HEADER } from '../../../../src/platform/rest/deps.ts';
import { createRest, createTask, PROBE_TOKEN, refusal, startLoan, type Rest } from './server.ts';

let rest: Rest;
beforeEach(() => {
  rest = createRest({ hostNames: ['kuflow.test'] });
});
afterEach(() => rest.stop());

const JSON_TYPE = { 'content-type': 'application/json' };
describe('validation', () => {
  it('rejects an invalid request, names each field, and reports it without values', async () => {
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

  it('converts types in the query and not in bodies, and ignores unknown fields', async () => {
    const id = await startLoan(rest);
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

  it('accepts a body only in its media type, and only valid JSON', async () => {
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
    const id = await startLoan(rest);
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

  it('accepts a value with a thousand levels, and rejects a deeper one', async () => {
    const id = await startLoan(rest);
    const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const put = (levels: number): ReturnType<Rest['call']> =>
      rest.call('PUT', `/processes/${id}/metadata`, {
        payload: `{"metadata":{"value":${nested(levels)}}}`,
        headers: JSON_TYPE,
      });
    expect((await put(998)).statusCode).toBe(200);
    for (const levels of [999, 100_000]) expect(refusal(await put(levels), 400)).toContain('1000 levels');
    expect((await rest.call('GET', `/processes/${id}`)).json<{ metadata: { value: object } }>().metadata.value).toEqual(
      JSON.parse(nested(998)),
    );
  });

  it.each([
    [
      'an unknown field',
      'retrieveTenant',
      { status: 200, body: { id: uuid7(), name: 'T', plan: 'FREE', colour: 'red' } },
      'colour',
    ],
    ['a missing field', 'retrieveTenant', { status: 200, body: { id: uuid7(), name: 'T' } }, 'plan'],
    ['a wrong type', 'retrieveTenant', { status: 200, body: { id: uuid7(), name: 7, plan: 'FREE' } }, 'name'],
    ['an unlisted status', 'retrieveTenant', { status: 202, body: { id: uuid7(), name: 'T', plan: 'FREE' } }, '202'],
    ['an empty body', 'retrieveTenant', { status: 200 }, ''],
    ['JSON instead of bytes', 'downloadDocument', { status: 200, body: { a: 1 } }, 'bytes'],
  ] as const)('rejects an answer with %s', async (_what, operationId, answer, text) => {
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

  it('answers 500 without the reason on an internal error, and reports the reason', async () => {
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

  it('answers with the committed change although a listener of events fails, and reports that', async () => {
    const failing = createRest({
      report: ({ kind }) => {
        if (kind === 'process') throw new Error('listener failed');
      },
    });
    try {
      await startLoan(failing);
      await failing.world.outbox.whenIdle();
      expect(failing.world.calls.map(({ call }) => call)).toEqual(['start']);
      expect(failing.world.failures).toEqual([new Error('listener failed')]);
    } finally {
      await failing.stop();
    }
  });
});

describe('requests of older API versions', () => {
  it('are rejected with the version that the local KuFlow serves', async () => {
    const answer = await rest.app.inject({ method: 'GET', url: '/apis/external/v2022-10-08/tasks' });
    expect(refusal(answer, 404)).toBe(
      "The local KuFlow serves KuFlow's API v2024-06-14, not v2022-10-08. Update the KuFlow SDK, or the API endpoint in the settings",
    );
  });

  it('are rejected with the operation that replaces a removed one', async () => {
    const path = `/business-artifacts/${uuid7()}/~actions/upload-user-action-document`;
    const query = 'fileContentType=text/plain&fileName=a.txt';
    const answer = await rest.call('POST', `${path}?${query}`, { payload: 'text' });
    expect(refusal(answer, 404)).toBe(
      `KuFlow's API v2024-06-14 does not have an operation POST /v2024-06-14${path}: current KuFlow SDKs upload documents with POST /documents/~actions/upload. Update the KuFlow SDK`,
    );
  });
});

describe('the request log', () => {
  it('has a line for each request with operation, status and reason, without query, body or secrets', async () => {
    const id = await startLoan(rest);
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

  it("leaves out the platform's own probes, but not those of anybody else", async () => {
    const probe = async (value?: string): Promise<void> => {
      const headers = { host: '127.0.0.1:1', ...(value === undefined ? {} : { [PROBE_HEADER]: value }) };
      await rest.app.inject({ url: '/health', headers });
    };
    const logged = (): number => rest.world.events.filter((event) => event.kind === 'request').length;
    await probe(PROBE_TOKEN);
    expect(logged()).toBe(0);
    await probe();
    await probe('value-of-another-run');
    expect(logged()).toBe(2);
  });

  it('warns when a worker gets a 4xx, but not every time', async () => {
    const id = await createTask(rest, await startLoan(rest));
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
      message: expect.stringMatching(/failed with 409.*claim it first.*retry/s) as string,
    });
  });
});
