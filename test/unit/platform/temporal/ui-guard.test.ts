import http from 'node:http';
import { defaultPayloadConverter } from '@temporalio/common';
import { payloadToJSON } from '@temporalio/common/lib/proto-utils.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { holdPort } from '../../../../src/platform/shared/ports.ts';
import { encryptPayload } from '../../../../src/platform/temporal/encryption.ts';
import { startUiGuard, type UiGuard } from '../../../../src/platform/temporal/ui-guard.ts';
import { closedPort, startAnsweringServer, type AnsweringServer } from '../../../support/answering-server.ts';

const KEY = Buffer.alloc(32, 'key');

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Like `fetch`, but with any Host and `sec-fetch` headers. */
function send(port: number, options: http.RequestOptions = {}, body = ''): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe("the guard of Temporal's UI", () => {
  let upstream: AnsweringServer;
  let guard: UiGuard;
  let port: number;
  const target = { port: 0 };

  beforeAll(async () => {
    upstream = await startAnsweringServer(({ method, url, body }, response) => {
      response.writeHead(201);
      response.end(`${method} ${url} ${body.toString()}`);
    });
    target.port = upstream.port;
    guard = await startUiGuard({
      port: await holdPort(undefined, 0),
      hostNames: ['kuflow.local'],
      upstream: () => `127.0.0.1:${target.port}`,
      readKey: (keyId) => {
        if (keyId === 'known') return KEY;
        throw new Error(`Key ${keyId} does not exist`);
      },
    });
    ({ port } = guard);
  });
  afterAll(async () => {
    await guard.close();
    await upstream.close();
  });

  it('forwards method, path, query, body and status', async () => {
    expect(await send(port, { method: 'POST', path: '/api/x?y=1' }, 'body')).toEqual({
      status: 201,
      text: 'POST /api/x?y=1 body',
    });
  });

  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
  it.each<[string, http.RequestOptions, number]>([
    ['a configured host name', { headers: { host: 'kuflow.local' } }, 201],
    ['a Host that a page has rebound', { headers: { host: 'evil.example' } }, 421],
    ['such a Host by a link', { headers: { host: 'evil.example', ...link } }, 421],
    ['a request of a page from another origin', { headers: { origin: 'http://evil.example' } }, 403],
    ['an image on a page of another site', { headers: { 'sec-fetch-site': 'cross-site' } }, 403],
    ['a frame on a page of another site', { headers: { ...link, 'sec-fetch-dest': 'iframe' } }, 403],
    ['a link on a page of another site', { headers: link }, 201],
    ['a form that another site posts', { method: 'POST', headers: link }, 403],
  ])('answers %s', async (_name, options, status) => {
    expect((await send(port, options)).status).toBe(status);
  });

  describe('its codec', () => {
    const plain = defaultPayloadConverter.toPayload({ firstName: 'Ada' });
    const codec = (
      path: string,
      payloads: readonly unknown[],
      headers: http.OutgoingHttpHeaders = {},
    ): Promise<Answer> => send(port, { method: 'POST', path: `/codec/${path}`, headers }, JSON.stringify({ payloads }));
    const encrypted = (keyId: string): unknown => payloadToJSON(encryptPayload(plain, keyId, KEY));
    const answered = { status: 200, text: JSON.stringify({ payloads: [payloadToJSON(plain)] }) };

    it('decrypts the payloads of confidential processes', async () => {
      expect(await codec('decode?preserveStorageRefs=true', [encrypted('known')])).toEqual(answered);
      expect(await codec('decode', [payloadToJSON(plain)])).toEqual(answered);
    });

    it('leaves what a person enters in the UI as it is', async () => {
      expect(await codec('encode', [payloadToJSON(plain)])).toEqual(answered);
    });

    it('says why it cannot decrypt a payload', async () => {
      const unknown = await codec('decode', [encrypted('unknown')]);
      expect(unknown).toEqual({ status: 400, text: 'Key unknown does not exist\n' });
      expect((await send(port, { method: 'POST', path: '/codec/decode' }, 'no JSON')).status).toBe(400);
    });

    it('refuses pages from other origins', async () => {
      expect((await codec('decode', [encrypted('known')], { origin: 'http://evil.example' })).status).toBe(403);
      expect((await codec('decode', [encrypted('known')], { host: 'evil.example' })).status).toBe(421);
    });
  });

  it('says that the UI does not answer', async () => {
    const { port: previous } = target;
    target.port = await closedPort();
    expect(await send(port)).toEqual({ status: 502, text: "Temporal's UI did not answer (ECONNREFUSED)\n" });
    target.port = previous;
  });
});
