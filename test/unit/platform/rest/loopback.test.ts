import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, describe, expect, it } from 'vitest';

import { codeOf } from '../../../../src/base/errors.ts';
import { uuid7 } from '../../../../src/base/uuid.ts';
import { uploadProcessDocument } from '../../../../src/platform/domain/documents.ts';
import { openAuthority } from '../../../../src/platform/pki/authority.ts';
import { BODY_LIMIT } from '../../../../src/platform/shared/body-limit.ts';
import { createRest, startLoan, type Rest } from './server.ts';

let rest: Rest;
afterEach(() => rest.stop());

async function listen(): Promise<number> {
  await rest.app.listen({ host: '127.0.0.1', port: 0 });
  return (rest.app.server.address() as AddressInfo).port;
}

interface Sent {
  readonly status: number;
  readonly body: string;
}

function send(options: https.RequestOptions, body?: string | Buffer): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const request = (options.ca === undefined ? http : https).request({ host: '127.0.0.1', ...options }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      answer.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

const failure = (work: Promise<unknown>): Promise<string | undefined> => work.then(() => 'answered', codeOf);

describe('faults on a real connection', () => {
  it('drop-answer closes the connection after the commit, and a repeated create returns the first result', async () => {
    rest = createRest();
    const port = await listen();
    rest.faults.add({ operationId: 'createProcess', times: 1, action: { kind: 'drop-answer' } });
    const id = uuid7();
    const payload = JSON.stringify({ id, tenantId: rest.world.identity.tenantId, processDefinitionCode: 'LOAN' });
    const headers = { authorization: rest.asWorker, 'content-type': 'application/json' };
    const create = (): Promise<Sent> =>
      send({ port, path: '/v2024-06-14/processes', method: 'POST', headers }, payload);
    expect(await failure(create())).toBe('ECONNRESET');
    const again = await create();
    expect(again.status).toBe(200);
    expect(JSON.parse(again.body)).toMatchObject({ id });
    await rest.world.outbox.whenIdle();
    expect(rest.world.calls.map(({ call }) => call)).toEqual(['start']);
    expect(rest.world.events).toContainEqual(
      expect.objectContaining({
        kind: 'request',
        operationId: 'createProcess',
        problem: expect.stringContaining('dropped') as string,
      }),
    );
  });

  it('drop-request closes the connection before the call is executed, and delay executes it later', async () => {
    rest = createRest();
    const port = await listen();
    const headers = { authorization: rest.asWorker, 'content-type': 'application/json' };
    const payload = JSON.stringify({ identity: 'me', taskQueue: 'Q', hostname: 'h', ip: '127.0.0.1' });
    const register = (): Promise<Sent> => send({ port, path: '/workers', method: 'POST', headers }, payload);
    rest.faults.add({ operationId: 'createWorker', times: 1, action: { kind: 'drop-request' } });
    rest.faults.add({ operationId: '*', times: 1, action: { kind: 'delay', ms: 150 } });
    expect(await failure(register())).toBe('ECONNRESET');
    const before = performance.now();
    expect((await register()).status).toBe(201);
    expect(performance.now() - before).toBeGreaterThan(140);
    expect((await register()).status).toBe(200);
  });
});

describe('cut-answer', () => {
  it('sends half of a download or of JSON and closes the connection', async () => {
    rest = createRest();
    const port = await listen();
    const processId = await startLoan(rest);
    const bytes = Buffer.alloc(1_000_001, 'x');
    const { documentUri } = uploadProcessDocument(rest.world.worker, processId, {
      ...{ fileName: 'a.txt', fileContentType: 'text/plain', bytes },
    });
    const path = `/processes/${processId}/~actions/download-document?documentUri=${encodeURIComponent(documentUri)}`;
    for (const [operationId, url] of [
      ['downloadProcessDocument', path],
      ['retrieveProcess', `/processes/${processId}`],
    ] as const) {
      const whole = await download(port, url);
      expect(whole).toMatchObject({ complete: true, bytes: whole.length });
      rest.faults.add({ operationId, times: 1, action: { kind: 'cut-answer' } });
      expect(await download(port, url)).toEqual({ ...whole, complete: false, bytes: Math.floor(whole.length / 2) });
      expect(await download(port, url)).toEqual(whole);
    }
    expect((await download(port, path)).length).toBe(bytes.length);
    expect(rest.world.events).toContainEqual(
      expect.objectContaining({ kind: 'request', problem: 'Injected fault: the answer was cut' }),
    );
  });

  interface Received {
    readonly status: number;
    /** According to the head of the answer. */
    readonly length: number;
    readonly bytes: number;
    readonly complete: boolean;
  }

  const download = (port: number, path: string): Promise<Received> =>
    new Promise((resolve, reject) => {
      const headers = { authorization: rest.asWorker };
      const request = http.get({ host: '127.0.0.1', port, path, headers }, (answer) => {
        const { statusCode: status = 0 } = answer;
        const length = Number(answer.headers['content-length']);
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
        answer.on('error', () => undefined);
        answer.on('close', () => resolve({ status, length, bytes, complete: answer.complete }));
      });
      request.on('error', reject);
    });
});

describe('the server', () => {
  it('answers 413 to a body over the limit, and closes idle connections at once', async () => {
    rest = createRest();
    const port = await listen();
    const agent = new http.Agent({ keepAlive: true });
    const headers = { authorization: rest.asWorker, 'content-type': 'application/octet-stream' };
    expect((await send({ port, path: '/health', agent })).status).toBe(200);
    const path = `/processes/${uuid7()}/~actions/upload-document?fileName=a&fileContentType=b`;
    const tooLong = await send(
      { port, path, method: 'POST', headers: { ...headers, 'content-length': BODY_LIMIT + 1 } },
      Buffer.alloc(BODY_LIMIT + 1),
    ).catch((error: unknown) => error);
    expect(tooLong).toMatchObject({
      status: 413,
      body: expect.stringContaining(
        'The body is larger than 100 MiB (104857600 bytes), the limit of the local KuFlow',
      ) as string,
    });
    await rest.app.close();
    agent.destroy();
  });

  it('serves HTTPS with a certificate from the local authority', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kuflow-tls-'));
    try {
      const authority = await openAuthority({ folder });
      const { certificate, privateKey } = await authority.issueServerCertificate(['kuflow.test']);
      rest = createRest({ tls: { cert: certificate, key: privateKey.reveal() }, hostNames: ['kuflow.test'] });
      const port = await listen();
      const headers = { authorization: rest.asWorker, host: 'kuflow.test', origin: 'https://kuflow.test' };
      const answer = await send({
        port,
        path: '//v2024-06-14/tenants',
        headers,
        ca: authority.certificate,
        servername: 'kuflow.test',
      });
      expect(answer.status, answer.body).toBe(200);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
