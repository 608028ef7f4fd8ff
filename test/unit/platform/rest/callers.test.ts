import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { uuid7 } from '../../../../src/base/uuid.ts';
import { operationIds, operations } from '../../../../src/kuflow/contract/operations.ts';
import { HANDLERS } from '../../../../src/platform/rest/handlers.ts';
import { ENGINE_TOKEN, createRest, refusal, type Rest } from './server.ts';

let rest: Rest;
beforeEach(() => {
  rest = createRest({ hostNames: ['kuflow.test'] });
});
afterEach(() => rest.stop());

describe('authentication', () => {
  const tenants = (authorization: string | undefined): ReturnType<Rest['call']> =>
    rest.app.inject({
      method: 'GET',
      url: '/tenants',
      headers: { host: 'localhost', ...(authorization === undefined ? {} : { authorization }) },
    });

  it('accepts Basic, Bearer with id and secret, a user token and an engine token', async () => {
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

  it('answers 401 to everything else, without a challenge', async () => {
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
      expect(message).toContain(
        header === undefined ? 'Authorization header is missing' : 'npx -p create-kuflow-worker kuflow dev env',
      );
      expect(answer.headers).not.toHaveProperty('www-authenticate');
    }
  });
});

describe('routing', () => {
  it('accepts paths with and without version and prefix, and with repeated slashes', async () => {
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

  it('answers 404 with the path, and 501 with the operation', async () => {
    expect(refusal(await rest.call('GET', '/no-such-thing?secret=1'), 404)).toMatch(
      / GET \/v2024-06-14\/no-such-thing$/,
    );
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

  it('accepts only its own host names', async () => {
    const from = (headers: Record<string, string>): ReturnType<Rest['call']> =>
      rest.call('GET', '/tenants', { headers });
    for (const host of ['127.0.0.1:8080', 'localhost', '[::1]:1', 'KuFlow.test:443'])
      expect((await from({ host })).statusCode, host).toBe(200);
    for (const host of ['evil.example', 'localhost.evil.example', '10.0.0.1', '127.0.0.1@evil.example', ' '])
      refusal(await from({ host }), 421);
    expect((await rest.app.inject({ url: '/health', headers: { host: 'evil.example' } })).statusCode).toBe(421);
  });

  it('rejects web pages from another origin', async () => {
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
